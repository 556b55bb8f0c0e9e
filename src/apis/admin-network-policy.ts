/**
 * @module AdminNetworkPolicy and BaselineAdminNetworkPolicy of policy.networking.k8s.io/v1alpha1: what a cluster's
 * administrators enforce above NetworkPolicy, and what holds where no NetworkPolicy decides.
 */
import { ADMIN_PORTS } from "./admin-network-policy-ports.ts";
import { type PolicyDialect, readClusterPolicy } from "./cluster-network-policy-spec.ts";
import type { ApiReader } from "./reading.ts";

const PODS = ["namespaces", "pods"];

const ADMIN: PolicyDialect = {
  ...ADMIN_PORTS,
  orderKeys: ["priority"],
  fixedTier: "Admin",
  actions: ["Allow", "Deny", "Pass"],
  mostRules: 100,
  peerKeys: { ingress: new Set(PODS), egress: new Set([...PODS, "nodes", "networks", "domainNames"]) },
  mostPeers: 100,
  requiresNamespaceSelector: true,
  domainNameActions: ["allow"],
};

const BASELINE: PolicyDialect = {
  ...ADMIN,
  orderKeys: [],
  fixedTier: "Baseline",
  onlyName: "default",
  actions: ["Allow", "Deny"],
  peerKeys: { ingress: new Set(PODS), egress: new Set([...PODS, "nodes", "networks"]) },
};

/** Reader of both kinds, which differ in their place among policies. */
export const adminNetworkPolicyReader: ApiReader = {
  group: "policy.networking.k8s.io",
  kinds: ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy"],
  resources: [
    {
      kind: "AdminNetworkPolicy",
      plural: "adminnetworkpolicies",
      versions: ["v1alpha1"],
      scope: "Cluster",
      subresources: [],
    },
    {
      kind: "BaselineAdminNetworkPolicy",
      plural: "baselineadminnetworkpolicies",
      versions: ["v1alpha1"],
      scope: "Cluster",
      subresources: [],
    },
  ],
  read: (object) => readClusterPolicy(object, object["kind"] === "BaselineAdminNetworkPolicy" ? BASELINE : ADMIN),
};
