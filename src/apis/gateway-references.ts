/**
 * @module References of Gateway API objects to other namespaces, and ReferenceGrant, which allows them
 * (Gateway API 1.6, apis/v1 referencegrant_types.go, object_reference_types.go).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { isDnsLabel } from "./kubernetes-names.ts";
import type { ApiReader, CrossingReading, ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["from", "to"]);
const FROM_KEYS: ReadonlySet<string> = new Set(["group", "kind", "namespace"]);
const TO_KEYS: ReadonlySet<string> = new Set(["group", "kind", "name"]);

/**
 * What a reference reaches beyond the object's own namespace; undefined where it stays inside.
 * @param own the object's namespace; `""` where it isn't known, as for a file without one
 * @param defaultKind the kind where the reference names none
 */
export function foreignReference(reference: ObjectNode, own: string, defaultKind: string): CrossingReading | undefined {
  const namespace = reference.text("namespace");
  if (namespace === undefined || namespace === "" || namespace === own) return undefined;
  const kind = reference.text("kind") ?? defaultKind;
  const name = reference.text("name") ?? "";
  return {
    pointer: reference.pointer,
    role: "uses",
    target: `${quote(kind)} ${quote(name)} of the namespace ${quote(namespace)}`,
    everything: false,
  };
}

/** Reader of ReferenceGrants; ReferencePolicy is their older name. */
export const referenceGrantReader: ApiReader = {
  group: "gateway.networking.k8s.io",
  kinds: ["ReferenceGrant", "ReferencePolicy"],
  resources: [
    {
      kind: "ReferenceGrant",
      plural: "referencegrants",
      versions: ["v1", "v1beta1", "v1alpha2"],
      scope: "Namespaced",
      subresources: [],
    },
    {
      kind: "ReferencePolicy",
      plural: "referencepolicies",
      versions: ["v1alpha2"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const labels = root.objectOrEmpty("metadata").textMap("labels");
  const spec = root.requiredObject("spec");
  return { family: "service", labels, crossings: spec === undefined ? [] : readGrant(spec), defects };
}

function readGrant(spec: ObjectNode): readonly CrossingReading[] {
  spec.checkKeys(SPEC_KEYS, "drops");
  const sources = spec.objects("from", "none").map(readSource);
  const targets = spec.objects("to", "none");
  requireSome(spec, "from");
  requireSome(spec, "to");
  return sources.length === 0 ? [] : targets.map((target) => readTarget(target, sources));
}

function requireSome(spec: ObjectNode, key: string): void {
  if (spec.count(key) === 0) spec.report("missing-field", spec.at(key), `${quote(key)} is empty; the API requires one`);
}

/** Who may reach in, in words. A namespace is always named: the API has no wildcard. */
function readSource(source: ObjectNode): string {
  source.checkKeys(FROM_KEYS, "drops");
  const kind = source.requiredText("kind") ?? "";
  const namespace = source.requiredText("namespace") ?? "";
  if (namespace !== "" && !isDnsLabel(namespace)) {
    source.report("invalid-value", source.at("namespace"), `${quote(namespace)} is no name of a namespace`);
  }
  return `${quote(kind)} of ${quote(namespace)}`;
}

/** An empty name is refused by the API and ignored by implementations, which take it for a missing one. */
function readTarget(target: ObjectNode, sources: readonly string[]): CrossingReading {
  target.checkKeys(TO_KEYS, "widens");
  const kind = target.requiredText("kind") ?? "";
  const name = target.text("name") ?? "";
  if (name === "" && target.has("name")) {
    target.report("invalid-value", target.at("name"), 'an empty "name" is none; leave it out or name the object');
  }
  const others = sources.length > 2 ? ` and ${sources.length - 2} more` : "";
  const reached = name === "" ? `every ${quote(kind)}` : `${quote(kind)} ${quote(name)}`;
  return {
    pointer: target.pointer,
    role: "grants",
    target: `${reached} to ${sources.slice(0, 2).join(", ")}${others}`,
    everything: name === "",
  };
}
