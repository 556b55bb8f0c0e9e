/**
 * @module The registry: which reader reads an object, by API group and kind. Never by kind alone: four API groups have
 * a NetworkPolicy and three a ClusterNetworkPolicy, with opposite semantics.
 */
import { adminNetworkPolicyReader } from "./admin-network-policy.ts";
import { antreaReaders } from "./antrea.ts";
import { awsReaders } from "./aws-network-policies.ts";
import { bindingReader } from "./binding.ts";
import { calicoReaders } from "./calico.ts";
import { ciliumReaders } from "./cilium.ts";
import { clusterNetworkPolicyReader } from "./cluster-network-policy.ts";
import { authorizationPolicyReader } from "./istio-authorization-policy.ts";
import { fqdnNetworkPolicyReader } from "./gke-fqdn-network-policy.ts";
import { networkPolicyReader } from "./kubernetes-network-policy.ts";
import { linkerdReaders } from "./linkerd.ts";
import { multiNetworkPolicyReader } from "./multi-network-policy.ts";
import { namespaceReader } from "./namespace.ts";
import { egressFirewallReaders } from "./ovn-egress-firewall.ts";
import { podReaders } from "./pods.ts";
import { isPolicyKind } from "./policy-groups.ts";
import type { ApiReader } from "./reading.ts";
import { serviceReader } from "./service.ts";

/** Every reader; `ringfence webhook-config` is generated from their `resources`. */
export const READERS: readonly ApiReader[] = [
  networkPolicyReader,
  adminNetworkPolicyReader,
  clusterNetworkPolicyReader,
  ...awsReaders,
  ...ciliumReaders,
  authorizationPolicyReader,
  ...calicoReaders,
  ...antreaReaders,
  ...linkerdReaders,
  ...egressFirewallReaders,
  fqdnNetworkPolicyReader,
  multiNetworkPolicyReader,
  ...podReaders,
  bindingReader,
  serviceReader,
  namespaceReader,
];

const BY_KIND: ReadonlyMap<string, ApiReader> = new Map(
  READERS.flatMap((reader) => reader.kinds.map((kind) => [`${reader.group}/${kind}`, reader] as const)),
);

/**
 * The reader of a kind, or undefined where there is none.
 * @param group API group, `""` for core
 */
export function readerFor(group: string, kind: string): ApiReader | undefined {
  return BY_KIND.get(`${group}/${kind}`);
}

/**
 * What Ringfence makes of a kind.
 * - `read`: it is judged.
 * - `unread-policy`: it may allow traffic and no reader exists; say so, never pass it over in silence.
 * - `other`: not ours.
 */
export function classify(group: string, kind: string): "read" | "unread-policy" | "other" {
  if (readerFor(group, kind) !== undefined) return "read";
  return isPolicyKind(group, kind) ? "unread-policy" : "other";
}
