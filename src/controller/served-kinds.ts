/**
 * @module Which of the kinds that Ringfence reads a cluster serves, and where their collections are.
 */
import { READERS } from "../apis/registry.ts";
import type { JsonValue } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError } from "./cluster-error.ts";
import { asObject } from "./listed-objects.ts";

/** A collection that can be listed and watched. */
export interface ServedKind {
  readonly group: string;
  /** `networking.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope: "Namespaced" | "Cluster";
  /** Of the whole collection: `/apis/networking.k8s.io/v1/networkpolicies`. */
  readonly path: string;
}

const NOT_FOUND = 404;

/**
 * Asks the cluster's discovery. Of each kind one version: all of them serve the same objects.
 * @throws ClusterError where discovery fails: a kind that is overlooked is an exception that never ends
 */
export async function servedKinds(client: Pick<ClusterClient, "request">): Promise<readonly ServedKind[]> {
  const groups = await Promise.all(
    [...new Set(READERS.map(({ group }) => group))].map(async (group) => {
      const versions = versionsOf(group);
      const listable = await Promise.all(versions.map((version) => listableKinds(client, group, version)));
      return { group, served: new Map(versions.map((version, index) => [version, listable[index] ?? new Set()])) };
    }),
  );
  const served = new Map(groups.map((one) => [one.group, one.served]));
  return READERS.flatMap(({ group, resources }) =>
    resources.flatMap(({ kind, plural, versions, scope }): ServedKind[] => {
      const version = versions.find((one) => served.get(group)?.get(one)?.has(plural));
      if (version === undefined) return [];
      const path = `${pathOf(group, version)}/${plural}`;
      return [{ group, apiVersion: group === "" ? version : `${group}/${version}`, kind, plural, scope, path }];
    }),
  );
}

function versionsOf(group: string): readonly string[] {
  const resources = READERS.filter((reader) => reader.group === group).flatMap((reader) => reader.resources);
  return [...new Set(resources.flatMap(({ versions }) => versions))];
}

function pathOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Plurals of the resources of a version that can be listed and watched; none where it isn't served. */
async function listableKinds(
  client: Pick<ClusterClient, "request">,
  group: string,
  version: string,
): Promise<ReadonlySet<string>> {
  try {
    const { json } = await client.request({ method: "GET", path: pathOf(group, version) });
    const resources = asObject(json)?.["resources"];
    const all = Array.isArray(resources) ? (resources as readonly JsonValue[]) : [];
    return new Set(all.flatMap((resource) => listablePlural(resource)));
  } catch (cause) {
    if (cause instanceof ClusterError && cause.status === NOT_FOUND) return new Set();
    throw cause;
  }
}

function listablePlural(resource: JsonValue): string[] {
  const { name, verbs } = asObject(resource) ?? {};
  if (typeof name !== "string" || !Array.isArray(verbs)) return [];
  return verbs.includes("list") && verbs.includes("watch") ? [name] : [];
}
