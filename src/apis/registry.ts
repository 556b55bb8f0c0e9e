/**
 * @module The registry: which reader reads an object, by API group and kind. Never by kind alone: four API groups have
 * a NetworkPolicy and three a ClusterNetworkPolicy, with opposite semantics.
 */
import { networkPolicyReader } from "./kubernetes-network-policy.ts";
import { namespaceReader } from "./namespace.ts";
import { podReaders } from "./pods.ts";
import type { ApiReader } from "./reading.ts";
import { serviceReader } from "./service.ts";

/** Every reader; `ringfence webhook-config` is generated from their `resources`. */
export const READERS: readonly ApiReader[] = [networkPolicyReader, ...podReaders, serviceReader, namespaceReader];

/**
 * API groups in which network policy is written. A kind of one of them without a reader is reported as not judged,
 * unless it is listed in OTHER_KINDS.
 */
const POLICY_GROUPS: ReadonlySet<string> = new Set([
  "networking.k8s.io",
  // NetworkPolicy's home before 1.16; old manifests still name it.
  "extensions",
  "policy.networking.k8s.io",
  "cilium.io",
  "projectcalico.org",
  "crd.projectcalico.org",
  "crd.antrea.io",
  "security.istio.io",
  "networking.istio.io",
  "policy.linkerd.io",
  "spire.spiffe.io",
  "gateway.networking.k8s.io",
  "k8s.ovn.org",
  "network.openshift.io",
  "networking.k8s.aws",
  "vpcresources.k8s.aws",
  "networking.gke.io",
  "k8s.cni.cncf.io",
]);

/** Kinds of policy groups that say nothing about who may talk to whom (`group/kind`). */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  "networking.k8s.io/Ingress",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/IPAddress",
  "networking.k8s.io/ServiceCIDR",
  "extensions/DaemonSet",
  "extensions/Deployment",
  "extensions/Ingress",
  "extensions/PodSecurityPolicy",
  "extensions/ReplicaSet",
]);

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

/** Whether network policy is written in an API group, read or not. */
export function isPolicyGroup(group: string): boolean {
  return POLICY_GROUPS.has(group);
}

/**
 * What Ringfence makes of a kind.
 * - `read`: it is judged.
 * - `unread-policy`: it may allow traffic and no reader exists; say so, never pass it over in silence.
 * - `other`: not ours.
 */
export function classify(group: string, kind: string): "read" | "unread-policy" | "other" {
  if (readerFor(group, kind) !== undefined) return "read";
  return isPolicyGroup(group) && !OTHER_KINDS.has(`${group}/${kind}`) ? "unread-policy" : "other";
}
