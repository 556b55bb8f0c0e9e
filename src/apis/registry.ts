/**
 * @module The registry: which reader reads an object, by API group and kind. Never by kind alone: four API groups have
 * a NetworkPolicy and three a ClusterNetworkPolicy, with opposite semantics.
 */
import { adminNetworkPolicyReader } from "./admin-network-policy.ts";
import { applicationReader, applicationSetReader } from "./argo-application.ts";
import { appProjectReader } from "./argo-project.ts";
import { antreaReaders } from "./antrea.ts";
import { awsReaders } from "./aws-network-policies.ts";
import { bindingReader } from "./binding.ts";
import { calicoReaders } from "./calico.ts";
import { ciliumReaders } from "./cilium.ts";
import { clusterNetworkPolicyReader } from "./cluster-network-policy.ts";
import { definitionReader } from "./definitions.ts";
import { endpointSliceReader, endpointsReader } from "./endpoints.ts";
import { helmReleaseReader, kustomizationReader } from "./flux.ts";
import { gatewayReader, listenerSetReader } from "./gateway-listeners.ts";
import { referenceGrantReader } from "./gateway-references.ts";
import { gatewayRouteReaders } from "./gateway-routes.ts";
import { ingressReader } from "./ingress.ts";
import { fqdnNetworkPolicyReader } from "./gke-fqdn-network-policy.ts";
import { istioReaders } from "./istio.ts";
import { networkPolicyReader } from "./kubernetes-network-policy.ts";
import { linkerdReaders } from "./linkerd.ts";
import { multiNetworkPolicyReader } from "./multi-network-policy.ts";
import { namespaceReader } from "./namespace.ts";
import { egressFirewallReaders } from "./ovn-egress-firewall.ts";
import { podReaders } from "./pods.ts";
import { isPolicyKind } from "./policy-groups.ts";
import type { ApiReader } from "./reading.ts";
import { serviceReader } from "./service.ts";
import { spireReaders } from "./spire.ts";

const OBJECT_READERS: readonly ApiReader[] = [
  networkPolicyReader,
  adminNetworkPolicyReader,
  clusterNetworkPolicyReader,
  ...awsReaders,
  ...ciliumReaders,
  ...istioReaders,
  ...spireReaders,
  ...calicoReaders,
  ...antreaReaders,
  ...linkerdReaders,
  ...egressFirewallReaders,
  fqdnNetworkPolicyReader,
  multiNetworkPolicyReader,
  ...podReaders,
  bindingReader,
  serviceReader,
  endpointsReader,
  endpointSliceReader,
  gatewayReader,
  listenerSetReader,
  ...gatewayRouteReaders,
  referenceGrantReader,
  ingressReader,
  namespaceReader,
  appProjectReader,
  applicationReader,
  applicationSetReader,
  kustomizationReader,
  helmReleaseReader,
];

/** Every reader; `ringfence webhook-config` is generated from their `resources`. */
export const READERS: readonly ApiReader[] = [...OBJECT_READERS, definitionReader(OBJECT_READERS)];

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
