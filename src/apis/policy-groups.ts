/**
 * @module API groups in which somebody may write who may talk to whom, read by Ringfence or not.
 *
 * The kinds of vendors' groups are those of the CRDs in their repositories (cilium/cilium pkg/k8s/apis/cilium.io,
 * projectcalico/calico libcalico-go/config/crd, antrea-io/antrea build/charts/antrea/crds,
 * kubernetes-sigs/gateway-api config/crd, ovn-org/ovn-kubernetes dist/templates).
 */

/** Groups that hold policy and little else: every kind counts but the listed ones. */
const POLICY_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ["networking.k8s.io", ["Ingress", "IngressClass", "IPAddress", "ServiceCIDR"]],
  ["policy.networking.k8s.io", []],
  ["security.istio.io", []],
  ["policy.linkerd.io", ["HTTPLoadBalancerPolicy", "HTTPLocalConcurrencyLimitPolicy", "HTTPLocalRateLimitPolicy"]],
  ["spire.spiffe.io", []],
  ["networking.k8s.aws", ["PolicyEndpoint", "ClusterPolicyEndpoint"]],
]);

/** The same nine kinds in Calico's two groups: rules, what rules refer to, and the order of rules. */
const CALICO_KINDS = [
  "GlobalNetworkPolicy",
  "GlobalNetworkSet",
  "NetworkPolicy",
  "NetworkSet",
  "Profile",
  "StagedGlobalNetworkPolicy",
  "StagedKubernetesNetworkPolicy",
  "StagedNetworkPolicy",
  "Tier",
];

/** Groups in which policy is the exception: the listed kinds count, and every kind named like a NetworkPolicy. */
const MIXED_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  // NetworkPolicy's home before Kubernetes 1.16; old manifests still name it.
  ["extensions", ["NetworkPolicy"]],
  // CiliumEnvoyConfig and CiliumLocalRedirectPolicy lead traffic around the rules of others.
  [
    "cilium.io",
    [
      "CiliumCIDRGroup",
      "CiliumClusterwideEnvoyConfig",
      "CiliumClusterwideNetworkPolicy",
      "CiliumEnvoyConfig",
      "CiliumLocalRedirectPolicy",
      "CiliumNetworkPolicy",
    ],
  ],
  ["projectcalico.org", CALICO_KINDS],
  ["crd.projectcalico.org", CALICO_KINDS],
  ["crd.antrea.io", ["ClusterGroup", "ClusterNetworkPolicy", "Group", "NetworkPolicy", "Tier"]],
  // VirtualServices lead requests to services whose own policies decide; all other kinds open, protect or rewire.
  [
    "networking.istio.io",
    [
      "DestinationRule",
      "EnvoyFilter",
      "Gateway",
      "ProxyConfig",
      "ServiceEntry",
      "Sidecar",
      "WorkloadEntry",
      "WorkloadGroup",
    ],
  ],
  ["extensions.istio.io", ["WasmPlugin"]],
  ["install.istio.io", ["IstioOperator"]],
  ["sailoperator.io", ["Istio"]],
  ["gateway.networking.k8s.io", ["ReferenceGrant", "ReferencePolicy"]],
  // EgressIP, EgressQoS and EgressService say from which address and how fast traffic leaves, and allow none.
  ["k8s.ovn.org", ["EgressFirewall"]],
  ["network.openshift.io", ["EgressNetworkPolicy", "NetNamespace"]],
  ["vpcresources.k8s.aws", ["SecurityGroupPolicy"]],
  // Network, NetworkInterface and GKENetworkParamSet give Pods further networks, and allow nothing.
  ["networking.gke.io", ["FQDNNetworkPolicy", "GCPFirewall"]],
  ["k8s.cni.cncf.io", ["MultiNetworkPolicy"]],
]);

/** Groups of the first list in which controllers write other things all the time. */
const BUSY_GROUPS: ReadonlySet<string> = new Set(["networking.k8s.io", "networking.k8s.aws"]);

/** Groups of which a webhook can be sent everything, so that a kind that nobody reads doesn't pass unseen. */
export const WHOLE_GROUPS: readonly string[] = Array.from(POLICY_GROUPS.keys()).filter(
  (group) => !BUSY_GROUPS.has(group),
);

/** Whether network policy is written in an API group, read or not. */
export function isPolicyGroup(group: string): boolean {
  return POLICY_GROUPS.has(group) || MIXED_GROUPS.has(group);
}

/** Whether an object of a kind may allow or deny traffic. */
export function isPolicyKind(group: string, kind: string): boolean {
  const exceptions = POLICY_GROUPS.get(group);
  if (exceptions !== undefined) return !exceptions.includes(kind);
  const kinds = MIXED_GROUPS.get(group);
  return kinds !== undefined && (kinds.includes(kind) || kind.endsWith("NetworkPolicy"));
}
