/**
 * @module The managed default deny: what the object is called, where it lives, and whether a stored one is still what it
 * was made as.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { asObject } from "./listed-objects.ts";

/** Name of the object, the same in every namespace. */
export const MANAGED_NAME = "ringfence-default-deny";
/** Owner of its fields, so that GitOps tools can be told to leave them alone. */
export const FIELD_MANAGER = "ringfence-default-deny";

/** A kind of policy with what it has to say. */
export interface ManagedPolicy {
  readonly group: string;
  readonly version: string;
  /** As in a path: `networkpolicies`. */
  readonly resource: string;
  /** The object for a namespace, complete. */
  readonly render: (namespace: string) => JsonObject;
}

/** The collection over all namespaces, for a watch. */
export function collectionPath({ group, version, resource }: ManagedPolicy): string {
  return `/apis/${group}/${version}/${resource}`;
}

/** Where the object of a namespace is. */
export function managedPath({ group, version, resource }: ManagedPolicy, namespace: string): string {
  return `/apis/${group}/${version}/namespaces/${encodeURIComponent(namespace)}/${resource}/${MANAGED_NAME}`;
}

/**
 * Whether a stored object does what the wanted one says: the same spec but for what the API server fills in, all its
 * labels and annotations, and nothing that would take it away.
 */
export function isIntact(stored: JsonObject, wanted: JsonObject): boolean {
  const metadata = asObject(stored["metadata"]) ?? {};
  const wantedMetadata = asObject(wanted["metadata"]) ?? {};
  return (
    metadata["deletionTimestamp"] === undefined &&
    // An owner that doesn't exist makes the garbage collector delete it; a finalizer keeps it from going with its namespace.
    isEmpty(metadata["ownerReferences"]) &&
    isEmpty(metadata["finalizers"]) &&
    holds(metadata["labels"], wantedMetadata["labels"]) &&
    holds(metadata["annotations"], wantedMetadata["annotations"]) &&
    isSame(stored["spec"], wanted["spec"])
  );
}

/** Whether a map has every entry of another. */
function holds(map: JsonValue | undefined, entries: JsonValue | undefined): boolean {
  const present = asObject(map) ?? {};
  return Object.entries(asObject(entries) ?? {}).every(
    ([key, value]) => Object.hasOwn(present, key) && present[key] === value,
  );
}

/** Equal, where a field that is missing or null is the same as an empty list: the API server drops those. */
function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (isEmpty(left) && isEmpty(right)) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((element: JsonValue, index) => isSame(element, right[index]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return left === right;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isSame(field(left, key), field(right, key)));
}

function field(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Everything denied in both directions by the API that every cluster serves. */
export const PLAIN_DEFAULT_DENY: ManagedPolicy = {
  group: "networking.k8s.io",
  version: "v1",
  resource: "networkpolicies",
  render: (namespace) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: MANAGED_NAME,
      namespace,
      labels: {
        "app.kubernetes.io/managed-by": "ringfence",
        "ringfence.dev/default-deny": "true",
        owner: "ringfence",
      },
      annotations: {
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        "argocd.argoproj.io/sync-options": "Prune=false",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
      },
    },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  }),
};
