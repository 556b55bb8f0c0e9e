/**
 * @module What happens to a managed default deny, as a fact. Nothing for every other object, at the price of looking at
 * its name and one label.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { JudgeRequest } from "./judge-request.ts";
import { DEFAULT_DENY_LABEL, MANAGED_NAME } from "./managed-object.ts";

export interface ManagedFact {
  /** What an update changes: `/spec`, `/metadata/labels`, ...; empty where nothing is stored yet, or deleted. */
  readonly changes: readonly string[];
  /** Whether the object is being deleted already and waits for its finalizers. */
  readonly terminating: boolean;
  /** For a deletion: whether the namespace is being deleted, or null where that can't be known. */
  readonly namespaceTerminating: boolean | null;
}

// What the API server and controllers write on their own: nobody asked for it, and it changes nothing.
const KEPT_BY_THE_SERVER: ReadonlySet<string> = new Set([
  "managedFields",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "uid",
]);

/** The fact, where the object is a managed default deny or was one. */
export function managedFact(request: JudgeRequest): ManagedFact | undefined {
  const { object, oldObject } = request;
  if (!isManaged(object, request) && (oldObject === null || !isManaged(oldObject, request))) return undefined;
  return {
    changes: oldObject === null ? [] : changesBetween(oldObject, object),
    terminating: typeof metadataOf(object)["deletionTimestamp"] === "string",
    namespaceTerminating: request.namespaceTerminating ?? null,
  };
}

/** Whether an object is a managed default deny: by its name, or by its label under any other name. */
export function isManaged(object: JsonObject, { namespace, name }: Pick<JudgeRequest, "namespace" | "name">): boolean {
  if (name === MANAGED_NAME || (namespace === "" && name.startsWith(`${MANAGED_NAME}-`))) return true;
  const labels = metadataOf(object)["labels"];
  return isJsonObject(labels) && Object.hasOwn(labels, DEFAULT_DENY_LABEL);
}

function changesBetween(old: JsonObject, object: JsonObject): string[] {
  const changes = differingKeys(old, object)
    .filter((key) => key !== "metadata" && key !== "status")
    .map(pointerTo);
  const metadata = differingKeys(metadataOf(old), metadataOf(object)).filter((key) => !KEPT_BY_THE_SERVER.has(key));
  return [...changes, ...metadata.map((key) => `/metadata${pointerTo(key)}`)].toSorted();
}

function differingKeys(old: JsonObject, object: JsonObject): string[] {
  const keys = new Set([...Object.keys(old), ...Object.keys(object)]);
  return [...keys].filter((key) => !isSame(own(old, key), own(object, key)));
}

/** Whether two values are the same to the API server: the order of keys says nothing. */
function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item as JsonValue, b[index] as JsonValue));
  }
  if (isJsonObject(a) && isJsonObject(b)) return differingKeys(a, b).length === 0;
  return a === b;
}

function metadataOf(object: JsonObject): JsonObject {
  const metadata = own(object, "metadata");
  return isJsonObject(metadata) ? metadata : {};
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function pointerTo(key: string): string {
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
