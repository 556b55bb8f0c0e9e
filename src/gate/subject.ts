/**
 * @module Who a document is: its kind, its name, and the namespace that a cluster would put it into.
 */
import { READERS } from "../apis/registry.ts";
import { splitApiVersion } from "../engine/judge-request.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";

export interface Subject {
  readonly apiVersion: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  /** `metadata.name`, or `generateName` followed by `*`. */
  readonly name: string;
}

/** The scope of every kind that is read (`group/kind`). */
const SCOPES: ReadonlyMap<string, "Namespaced" | "Cluster"> = new Map(
  READERS.flatMap(({ group, resources }) => resources.map(({ kind, scope }) => [`${group}/${kind}`, scope] as const)),
);

/**
 * Reads who an object is.
 * @param object intake has made sure of apiVersion, kind and a name
 * @param defaultNamespace for namespaced objects that name none
 * @returns the subject, or undefined where `metadata.namespace` is no text
 */
export function subjectOf(object: JsonObject, defaultNamespace: string): Subject | undefined {
  const apiVersion = object["apiVersion"] as string;
  const kind = object["kind"] as string;
  const { group, version } = splitApiVersion(apiVersion);
  // Objects that only a local tool reads (kustomization.yaml) have no metadata.
  const metadata = (object["metadata"] ?? {}) as JsonObject;
  const scope = SCOPES.get(`${group}/${kind}`);
  // What a file says about the namespace of a cluster-scoped object, the API server refuses or drops.
  const namespace = scope === "Cluster" ? "" : namespaceOf(metadata, scope === "Namespaced" ? defaultNamespace : "");
  if (namespace === undefined) return undefined;
  return { apiVersion, group, version, kind, namespace, name: nameOf(metadata) };
}

function namespaceOf({ namespace }: JsonObject, otherwise: string): string | undefined {
  if (namespace === undefined || namespace === null || namespace === "") return otherwise;
  return text(namespace);
}

function nameOf({ name, generateName }: JsonObject): string {
  return text(name) ?? `${text(generateName) ?? ""}*`;
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
