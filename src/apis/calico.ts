/**
 * @module The readers of Calico's kinds in both of its groups: projectcalico.org, which its API server serves, and
 * crd.projectcalico.org, where the same objects are stored.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { readHostEndpoint, readProfile, readTier } from "./calico-defaults.ts";
import { type PolicyKind, readCalicoPolicy } from "./calico-policy.ts";
import { readNetworkSet } from "./calico-sets.ts";
import { readStagedKubernetesPolicy } from "./calico-staged-kubernetes.ts";
import type { ApiReader, ObjectReading, ServedResource } from "./reading.ts";

const GROUPS = [
  { group: "projectcalico.org", version: "v3", defaultsTypes: true },
  { group: "crd.projectcalico.org", version: "v1", defaultsTypes: false },
] as const;

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly scope: ServedResource["scope"];
  readonly read: (object: JsonObject, defaultsTypes: boolean) => ObjectReading;
}

const KINDS: readonly Kind[] = [
  policy("NetworkPolicy", "networkpolicies", { namespaced: true, staged: false }),
  policy("GlobalNetworkPolicy", "globalnetworkpolicies", { namespaced: false, staged: false }),
  policy("StagedNetworkPolicy", "stagednetworkpolicies", { namespaced: true, staged: true }),
  policy("StagedGlobalNetworkPolicy", "stagedglobalnetworkpolicies", { namespaced: false, staged: true }),
  {
    kind: "StagedKubernetesNetworkPolicy",
    plural: "stagedkubernetesnetworkpolicies",
    scope: "Namespaced",
    read: readStagedKubernetesPolicy,
  },
  {
    kind: "GlobalNetworkSet",
    plural: "globalnetworksets",
    scope: "Cluster",
    read: (object) => readNetworkSet(object, "cluster"),
  },
  {
    kind: "NetworkSet",
    plural: "networksets",
    scope: "Namespaced",
    read: (object) => readNetworkSet(object, "namespace"),
  },
  { kind: "Tier", plural: "tiers", scope: "Cluster", read: readTier },
  { kind: "HostEndpoint", plural: "hostendpoints", scope: "Cluster", read: readHostEndpoint },
  { kind: "Profile", plural: "profiles", scope: "Cluster", read: readProfile },
];

function policy(kind: string, plural: string, common: Omit<PolicyKind, "defaultsTypes">): Kind {
  return {
    kind,
    plural,
    scope: common.namespaced ? "Namespaced" : "Cluster",
    read: (object, defaultsTypes) => readCalicoPolicy(object, { ...common, defaultsTypes }),
  };
}

/** Readers of every kind of Calico that allows or denies traffic, one for each kind and group. */
export const calicoReaders: readonly ApiReader[] = GROUPS.flatMap(({ group, version, defaultsTypes }) =>
  KINDS.map(({ kind, plural, scope, read }) => ({
    group,
    kinds: [kind],
    resources: [{ kind, plural, versions: [version], scope, subresources: [] }],
    read: (object) => read(object, defaultsTypes),
  })),
);
