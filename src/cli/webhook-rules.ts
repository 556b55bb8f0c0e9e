/**
 * @module What both webhook configurations say of resources and namespaces.
 * Source of the fields: k8s.io/api/admissionregistration/v1 types.go.
 */
import { WHOLE_GROUPS } from "../apis/policy-groups.ts";
import type { ApiReader, Family, ServedResource } from "../apis/reading.ts";

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

/**
 * One rule per group, versions and scope, in the order of the readers.
 * @param deletable families whose deletions are sent too
 */
export function rulesFor(readers: readonly ApiReader[], deletable: readonly Family[]): readonly Rule[] {
  const rules = new Map<string, { rule: Rule; resources: string[] }>();
  for (const reader of readers) {
    const operations = ["CREATE", "UPDATE", ...(deletable.includes(familyOf(reader)) ? ["DELETE"] : [])];
    for (const { plural, versions, scope, subresources, parent } of reader.resources) {
      const key = [reader.group, scope, ...versions, ...operations].join(" ");
      const found = rules.get(key) ?? newRule(reader.group, versions, scope, operations);
      rules.set(key, found);
      found.resources.push(plural, ...subresources.map((subresource) => `${plural}/${subresource}`));
      if (parent !== undefined) found.resources.push(parent);
    }
  }
  return Array.from(rules.values(), ({ rule }) => rule);
}

/** Kinds and versions that no reader knows are sent too: the engine denies them, and says that it can't read them. */
export function wholeGroups(): Rule {
  return {
    apiGroups: WHOLE_GROUPS,
    apiVersions: ["*"],
    operations: ["CREATE", "UPDATE"],
    resources: ["*"],
    scope: "*",
  };
}

/** A reader reads any object, and all of its kinds are of one family. */
export function familyOf(reader: ApiReader): Family {
  return reader.read({}).family;
}

function newRule(
  group: string,
  versions: readonly string[],
  scope: ServedResource["scope"],
  operations: readonly string[],
) {
  const resources: string[] = [];
  const apiScope = scope === "Cluster" ? "Cluster" : "Namespaced";
  const rule: Rule = { apiGroups: [group], apiVersions: versions, operations, resources, scope: apiScope };
  return { rule, resources };
}

/** The API server itself sets this label on every namespace, so nobody can take it on or off. */
export function namespaceSelector(exempt: readonly string[]): object {
  return exempt.length === 0
    ? {}
    : { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: exempt }] };
}
