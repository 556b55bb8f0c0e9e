/**
 * @module The readers of Antrea's kinds (crd.antrea.io). Versions before v1beta1 have the same fields, or fewer.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { readGroup, readTier } from "./antrea-groups.ts";
import { readAntreaPolicy } from "./antrea-policy.ts";
import type { ApiReader, ObjectReading, ServedResource } from "./reading.ts";

interface Kind extends Omit<ServedResource, "subresources"> {
  readonly read: (object: JsonObject) => ObjectReading;
}

const KINDS: readonly Kind[] = [
  {
    kind: "ClusterNetworkPolicy",
    plural: "clusternetworkpolicies",
    versions: ["v1beta1", "v1alpha1"],
    scope: "Cluster",
    read: (object) => readAntreaPolicy(object, { namespaced: false }),
  },
  {
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    versions: ["v1beta1", "v1alpha1"],
    scope: "Namespaced",
    read: (object) => readAntreaPolicy(object, { namespaced: true }),
  },
  { kind: "Tier", plural: "tiers", versions: ["v1beta1", "v1alpha1"], scope: "Cluster", read: readTier },
  {
    kind: "ClusterGroup",
    plural: "clustergroups",
    versions: ["v1beta1", "v1alpha3"],
    scope: "Cluster",
    read: (object) => readGroup(object, "cluster"),
  },
  {
    kind: "Group",
    plural: "groups",
    versions: ["v1beta1", "v1alpha3"],
    scope: "Namespaced",
    read: (object) => readGroup(object, "namespace"),
  },
];

/** Readers of every kind of Antrea that allows or denies traffic. */
export const antreaReaders: readonly ApiReader[] = KINDS.map(({ read, ...resource }) => ({
  group: "crd.antrea.io",
  kinds: [resource.kind],
  resources: [{ ...resource, subresources: [] }],
  read,
}));
