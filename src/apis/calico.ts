/**
 * @module The readers of Calico's kinds in both of its groups: projectcalico.org, which its API server serves, and
 * crd.projectcalico.org, where the same objects are stored.
 */
import { type PolicyKind, readCalicoPolicy } from "./calico-policy.ts";
import type { JsonObject } from "../intake/json-value.ts";
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
