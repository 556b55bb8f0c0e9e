/**
 * @module The policies of AWS' VPC CNI (networking.k8s.aws/v1alpha1): ClusterNetworkPolicy, which mixes the two APIs of
 * sig-network, and ApplicationNetworkPolicy, a NetworkPolicy with domain names
 * (amazon-network-policy-controller-k8s, api/v1alpha1).
 */
import { ADMIN_PORTS } from "./admin-network-policy-ports.ts";
import { readDomainNames } from "./cluster-network-policy-names.ts";
import { type PolicyDialect, readClusterPolicy } from "./cluster-network-policy-spec.ts";
import { readNetworkPolicy } from "./kubernetes-network-policy.ts";
import type { AddedPeerKind } from "./network-policy-peers.ts";
import type { ApiReader } from "./reading.ts";

const PODS = ["namespaces", "pods"];

const CLUSTER_POLICY: PolicyDialect = {
  ...ADMIN_PORTS,
  orderKeys: ["tier", "priority"],
  actions: ["Accept", "Deny", "Pass"],
  mostRules: 100,
  peerKeys: { ingress: new Set(PODS), egress: new Set([...PODS, "networks", "domainNames"]) },
  mostPeers: 100,
  requiresNamespaceSelector: true,
  domainNameActions: ["allow", "pass"],
};

const DOMAIN_NAMES: AddedPeerKind = {
  key: "domainNames",
  read: (peer) => readDomainNames(peer, "domainNames", Number.POSITIVE_INFINITY),
};

const clusterPolicyReader: ApiReader = {
  group: "networking.k8s.aws",
  kinds: ["ClusterNetworkPolicy"],
  resources: [
    {
      kind: "ClusterNetworkPolicy",
      plural: "clusternetworkpolicies",
      versions: ["v1alpha1"],
      scope: "Cluster",
      subresources: [],
    },
  ],
  read: (object) => readClusterPolicy(object, CLUSTER_POLICY),
};

const applicationPolicyReader: ApiReader = {
  group: "networking.k8s.aws",
  kinds: ["ApplicationNetworkPolicy"],
  resources: [
    {
      kind: "ApplicationNetworkPolicy",
      plural: "applicationnetworkpolicies",
      versions: ["v1alpha1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) => readNetworkPolicy(object, DOMAIN_NAMES),
};

/** Readers of the policies that AWS' controller enforces; its endpoints are what it makes of them. */
export const awsReaders: readonly ApiReader[] = [clusterPolicyReader, applicationPolicyReader];
