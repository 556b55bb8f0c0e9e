/**
 * @module ClusterNetworkPolicy of policy.networking.k8s.io: v1alpha2, and v1beta1, which has the same fields
 * (network-policy-api apis/v1beta1/clusternetworkpolicy_types.go).
 */
import { PROTOCOL_FIELDS } from "./cluster-network-policy-ports.ts";
import { type PolicyDialect, readClusterPolicy } from "./cluster-network-policy-spec.ts";
import type { ApiReader } from "./reading.ts";

const PODS = ["namespaces", "pods"];

const DIALECT: PolicyDialect = {
  orderKeys: ["tier", "priority"],
  actions: ["Accept", "Deny", "Pass"],
  mostRules: 25,
  peerKeys: { ingress: new Set(PODS), egress: new Set([...PODS, "nodes", "networks", "domainNames"]) },
  mostPeers: 25,
  requiresNamespaceSelector: false,
  domainNameActions: ["allow"],
  portsKey: "protocols",
  mostPorts: 25,
  entryFields: PROTOCOL_FIELDS,
};

/** Reader of policy.networking.k8s.io ClusterNetworkPolicy. */
export const clusterNetworkPolicyReader: ApiReader = {
  group: "policy.networking.k8s.io",
  kinds: ["ClusterNetworkPolicy"],
  resources: [
    {
      kind: "ClusterNetworkPolicy",
      plural: "clusternetworkpolicies",
      versions: ["v1alpha2", "v1beta1"],
      scope: "Cluster",
      subresources: [],
    },
  ],
  read: (object) => readClusterPolicy(object, DIALECT),
};
