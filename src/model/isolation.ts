/**
 * @module Whether a policy isolates its subject: by the API's own default deny, or by a rule that denies everything.
 */
import { DEFAULT_WIDTH_CONTEXT, peerWidth } from "./peer-set.ts";
import type { Direction, PolicyReading, Reach, TrafficRule } from "./traffic.ts";

// Ingress rules of ClusterNetworkPolicy can't name what is outside of the cluster: all Pods are all there is to deny.
const ENOUGH: Readonly<Record<Direction, readonly Reach[]>> = {
  ingress: ["anyone", "cluster", "all-namespaces"],
  egress: ["anyone"],
};

/** Whether what the policy doesn't allow is denied in a direction. What it allows is another question. */
export function isolates(policy: PolicyReading, direction: Direction): boolean {
  return policy.isolates[direction] || policy.rules.some((rule) => rule.direction === direction && deniesAll(rule));
}

function deniesAll({ action, peers, ports, direction, staged, operations }: TrafficRule): boolean {
  if (action !== "deny" || staged || operations !== "all" || ports.reach() !== "all") return false;
  return ENOUGH[direction].includes(peerWidth(peers, DEFAULT_WIDTH_CONTEXT).reach);
}
