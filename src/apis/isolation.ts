/**
 * @module Whether a policy isolates its subject: by the API's own default deny, or by a rule that denies everything.
 */
import { DEFAULT_WIDTH_CONTEXT, peerWidth } from "../model/peer-set.ts";
import type { Direction, PolicyReading, Reach, TrafficRule } from "../model/traffic.ts";

/**
 * APIs that never isolate by themselves, and in which every rule is for the policy's one subject. Where rules have
 * subjects of their own (Antrea), the reader knows which of them count.
 */
const DENY_BY_RULE: readonly string[] = ["policy.networking.k8s.io", "networking.k8s.aws"];

// Ingress rules of ClusterNetworkPolicy can't name what is outside of the cluster: all Pods are all there is to deny.
const ENOUGH: Readonly<Record<Direction, readonly Reach[]>> = {
  ingress: ["anyone", "cluster", "all-namespaces"],
  egress: ["anyone"],
};

/**
 * Whether what the policy doesn't allow is denied in a direction. What it allows is another question.
 * @param group the policy's API group
 */
export function isolates(group: string, policy: PolicyReading, direction: Direction): boolean {
  if (policy.isolates[direction]) return true;
  if (!DENY_BY_RULE.includes(group)) return false;
  return policy.rules.some((rule) => rule.direction === direction && deniesAll(rule));
}

function deniesAll({ action, peers, ports, direction, staged, operations }: TrafficRule): boolean {
  if (action !== "deny" || staged || operations !== "all" || ports.reach() !== "all") return false;
  return ENOUGH[direction].includes(peerWidth(peers, DEFAULT_WIDTH_CONTEXT).reach);
}
