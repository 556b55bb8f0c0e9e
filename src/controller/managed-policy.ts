/**
 * @module The managed default deny: what the object is called, where it lives, and whether a stored one is still what it
 * was made as.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { Query } from "./cluster-client.ts";
import {
  type DefaultDenyTemplate,
  managedObjectPath,
  managedObjectsPath,
  renderDefaultDeny,
} from "./default-deny-template.ts";
import { asObject } from "./listed-objects.ts";
import { MANAGED_NAME } from "./managed-object.ts";

/** Owner of the fields of managed objects, so that GitOps tools can be told to leave them alone. */
export const FIELD_MANAGER = "ringfence-default-deny";

/** The managed default deny as one kind of the cluster's API. */
export interface ManagedPolicy {
  /** The collection that holds those of all namespaces, and the query that picks them out of it. */
  readonly collection: string;
  readonly query: Query;
  /** Where the object of a namespace is. */
  path(namespace: string): string;
  /** The object of a namespace, complete. */
  render(namespace: string): JsonObject;
  /** The namespace that an object of the collection is for; its key is `namespace/name`, or `name`. */
  namespaceOf(key: string): string;
}

/** Makes it of a template that has been checked. */
export function managedPolicy(template: DefaultDenyTemplate): ManagedPolicy {
  const shared = {
    collection: managedObjectsPath(template),
    path: (namespace: string) => managedObjectPath(template, namespace),
    render: (namespace: string) => renderDefaultDeny(template, namespace),
  };
  if (template.resource?.scope === "Cluster") {
    const query = { labelSelector: "ringfence.dev/default-deny=true" };
    return { ...shared, query, namespaceOf: (key) => key.slice(MANAGED_NAME.length + 1) };
  }
  // By name, not by label: who takes the label off doesn't hide it, and a role can be limited to the name.
  const query = { fieldSelector: `metadata.name=${MANAGED_NAME}` };
  return { ...shared, query, namespaceOf: (key) => key.slice(0, key.indexOf("/")) };
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
