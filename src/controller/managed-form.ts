/**
 * @module Whether a stored object is still what it was made as: compared with what is wanted, and with what the API server
 * made of that when it stored it whole. APIs fill in defaults (Calico a tier, Antrea names of rules), each in its own way.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { asObject } from "./listed-objects.ts";

// The server's own, or compared in their own way. What is beside them counts: Cilium has rules in `specs` too.
const OTHER_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "status"]);
const MOST_LEARNT = 10_000;

export class ManagedForm {
  /** What was stored for what was sent; both without metadata. */
  readonly #learnt = new Map<string, JsonObject>();

  /**
   * Whether a stored object does what the wanted one says: the same content but for what the API server fills in, all its
   * labels and annotations, and nothing that would take it away.
   */
  isIntact(stored: JsonObject, wanted: JsonObject): boolean {
    return hasMetadata(stored, wanted) && this.#isSame(contentOf(stored), contentOf(wanted));
  }

  /**
   * Learns from the answer to a replacement, which leaves nothing of anybody else in the object: what is in it besides, the
   * API server has filled in.
   * @returns whether the object is intact by that, which nobody knew before
   */
  learn(stored: JsonObject, wanted: JsonObject): boolean {
    const [storedContent, wantedContent] = [contentOf(stored), contentOf(wanted)];
    if (!hasMetadata(stored, wanted) || !holds(storedContent, wantedContent)) return false;
    if (this.#learnt.size >= MOST_LEARNT) this.#learnt.clear();
    this.#learnt.set(JSON.stringify(wantedContent), storedContent);
    return true;
  }

  #isSame(stored: JsonObject, wanted: JsonObject): boolean {
    if (isSame(stored, wanted)) return true;
    if (this.#learnt.size === 0) return false;
    const learnt = this.#learnt.get(JSON.stringify(wanted));
    return learnt !== undefined && isSame(stored, learnt);
  }
}

function contentOf(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !OTHER_FIELDS.has(key)));
}

function hasMetadata(stored: JsonObject, wanted: JsonObject): boolean {
  const metadata = asObject(stored["metadata"]) ?? {};
  const { labels = {}, annotations = {} } = asObject(wanted["metadata"]) ?? {};
  return (
    metadata["deletionTimestamp"] === undefined &&
    // An owner that doesn't exist makes the garbage collector delete it; a finalizer keeps it from going with its namespace.
    isEmpty(metadata["ownerReferences"]) &&
    isEmpty(metadata["finalizers"]) &&
    holds(metadata["labels"], labels) &&
    holds(metadata["annotations"], annotations)
  );
}

/** Whether everything of one value is in another: more fields are fine, other or more elements are not. */
function holds(stored: JsonValue | undefined, wanted: JsonValue | undefined): boolean {
  if (isEmpty(wanted)) return Array.isArray(wanted) ? isEmpty(stored) : true;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(stored) || stored.length !== wanted.length) return false;
    return wanted.every((element: JsonValue, index) => holds(stored[index] as JsonValue, element));
  }
  if (!isJsonObject(wanted)) return stored === wanted;
  if (!isJsonObject(stored)) return Object.keys(wanted).length === 0 && stored === undefined;
  return Object.entries(wanted).every(([key, value]) => holds(field(stored, key), value));
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
