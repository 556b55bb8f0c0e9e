/**
 * @module What the mutating webhook completes, as a JSON Patch (RFC 6902).
 *
 * - `policyTypes`: a NetworkPolicy selects both directions. A direction that has rules without being selected is left
 *   alone: to select it would bring its rules to life, and what they allow would be added to what other policies allow.
 * - `labelsFromNamespace`: objects carry their namespace's labels where they have none of their own. An update only gives
 *   back what the stored object had: a label that is new on a live object changes what policies mean by it.
 *
 * The same object always gets the same patch, and a patched object gets none.
 */
import { readerFor } from "../apis/registry.ts";
import type { MutateSettings } from "../engine/default-deny-settings.ts";
import { isManaged } from "../engine/managed-fact.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { Labels } from "./namespaces.ts";

/** The only operation that completing takes: `add` sets what is missing, or a list to a longer one. */
export interface PatchOperation {
  readonly op: "add";
  readonly path: string;
  readonly value: JsonValue;
}

export interface MutationRequest {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: JsonObject;
  /** The stored object of an update. */
  readonly oldObject: JsonObject | null;
  /** Labels of the object's namespace; null where they aren't known. */
  readonly namespaceLabels: Labels | null;
}

const MIRROR_POD = "kubernetes.io/config.mirror";

/** The patch that completes an object; empty where nothing is missing, or where it isn't Ringfence's to complete. */
export function mutationsOf(request: MutationRequest, settings: MutateSettings): readonly PatchOperation[] {
  if (request.namespace === "" || isLeftAlone(request)) return [];
  return [
    ...(settings.policyTypes ? completePolicyTypes(request) : []),
    ...(settings.labelsFromNamespace.length > 0 ? completeLabels(request, settings.labelsFromNamespace) : []),
  ];
}

/** What is on its way out, what a kubelet mirrors, the managed default deny, and what a controller compares with its own. */
function isLeftAlone(request: MutationRequest): boolean {
  const { object, kind } = request;
  const metadata = objectAt(object, "metadata");
  if (typeof metadata?.["deletionTimestamp"] === "string" || isManaged(object, request)) return true;
  if (ownValue(objectAt(metadata, "annotations"), MIRROR_POD) !== undefined) return true;
  // A Deployment that finds another Pod template in its ReplicaSet than its own makes a new one, again and again.
  return kind !== "Pod" && isControlled(metadata);
}

function isControlled(metadata: JsonObject | undefined): boolean {
  const owners = metadata?.["ownerReferences"];
  return (
    Array.isArray(owners) && owners.some((owner: JsonValue) => isJsonObject(owner) && owner["controller"] === true)
  );
}

const DIRECTIONS = [
  { type: "Ingress", section: "ingress" },
  { type: "Egress", section: "egress" },
] as const;

function completePolicyTypes({ group, kind, object }: MutationRequest): PatchOperation[] {
  const spec = objectAt(object, "spec");
  if (group !== "networking.k8s.io" || kind !== "NetworkPolicy" || spec === undefined) return [];
  const types = ownValue(spec, "policyTypes") ?? [];
  // What can't be read is denied by invalid-policy, with its place.
  if (!Array.isArray(types) || types.some((type: JsonValue) => !DIRECTIONS.some((known) => known.type === type)))
    return [];
  // Without types, the API server selects ingress, and egress where it has rules: so nothing comes to life here.
  const missing = types.length === 0 ? [] : DIRECTIONS.filter(({ type }) => !types.includes(type));
  if (types.length > 0 && missing.length === 0) return [];
  if (!missing.every(({ section }) => isEmpty(ownValue(spec, section)))) return [];
  // The whole list: appended to [Ingress, Ingress], the second direction would be one too many for the API server.
  return [{ op: "add", path: "/spec/policyTypes", value: DIRECTIONS.map(({ type }) => type) }];
}

/** Whether a section has no rules. What is no list is something, though nobody knows what. */
function isEmpty(section: JsonValue | undefined): boolean {
  return section === undefined || section === null || (Array.isArray(section) && section.length === 0);
}

function completeLabels(request: MutationRequest, keys: readonly string[]): PatchOperation[] {
  const { object, oldObject, namespaceLabels } = request;
  if (namespaceLabels === null) return [];
  return labelledPlaces(request).flatMap((place) => {
    const labels = valueAt(object, [...place, "labels"]);
    if (labels !== undefined && labels !== null && !isJsonObject(labels)) return [];
    const stored = valueAt(oldObject ?? undefined, [...place, "labels"]);
    const missing = keys.flatMap((key): [string, string][] => {
      const value = ownValue(namespaceLabels, key);
      if (typeof value !== "string" || ownValue(labels ?? undefined, key) !== undefined) return [];
      return oldObject === null || ownValue(stored, key) === value ? [[key, value]] : [];
    });
    return missing.length === 0 ? [] : additions(object, place, labels, missing);
  });
}

/** The places of labels: the object's metadata, and the metadata of its Pods and Jobs. */
function labelledPlaces({ group, kind, object }: MutationRequest): readonly (readonly string[])[] {
  const reading = readerFor(group, kind)?.read(object);
  // A Binding's labels are those of a Pod that is there already.
  if (reading === undefined || reading.labelsRole !== undefined) return [];
  const pointers = new Set(["/metadata", ...(reading.pods ?? []).map(({ metadataPointer }) => metadataPointer)]);
  if (reading.jobTemplate !== undefined) pointers.add(reading.jobTemplate.pointer);
  return Array.from(pointers, (pointer) => pointer.slice(1).split("/"));
}

/** Adds labels with as much around them as is missing; nothing where the place itself has no home. */
function additions(
  object: JsonObject,
  place: readonly string[],
  labels: JsonObject | null | undefined,
  missing: readonly [string, string][],
): PatchOperation[] {
  const path = `/${place.join("/")}`;
  if (isJsonObject(labels ?? undefined)) {
    return missing.map(([key, value]) => ({ op: "add", path: `${path}/labels/${escaped(key)}`, value }));
  }
  const value = Object.fromEntries(missing);
  const metadata = valueAt(object, place);
  if (isJsonObject(metadata)) return [{ op: "add", path: `${path}/labels`, value }];
  if (metadata !== undefined && metadata !== null) return [];
  return isJsonObject(valueAt(object, place.slice(0, -1))) ? [{ op: "add", path, value: { labels: value } }] : [];
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((parent, key) => ownValue(parent, key), value);
}

function objectAt(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const found = ownValue(value, key);
  return isJsonObject(found) ? found : undefined;
}

function ownValue(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
