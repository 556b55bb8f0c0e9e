/**
 * @module CustomResourceDefinitions of policy APIs: a side door, because a definition decides which kinds, versions and
 * fields exist, for stored objects too (Kubernetes 1.36, k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1).
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect } from "../model/traffic.ts";
import { schemaDoors } from "./definition-schema.ts";
import { ObjectNode } from "./fields.ts";
import { isPolicyKind } from "./policy-groups.ts";
import type { ApiReader, DefinitionReading, ObjectReading, ServedResource } from "./reading.ts";

type Door = DefinitionReading["doors"][number];

/** The custom resources that other readers read, by API group. */
type KnownResources = ReadonlyMap<string, readonly ServedResource[]>;

/**
 * Reader of CustomResourceDefinitions.
 * @param readers whose kinds a definition must not change
 */
export function definitionReader(readers: readonly ApiReader[]): ApiReader {
  const known = new Map<string, ServedResource[]>();
  for (const { group, resources } of readers) known.set(group, [...(known.get(group) ?? []), ...resources]);
  return {
    group: "apiextensions.k8s.io",
    kinds: ["CustomResourceDefinition"],
    resources: [
      {
        kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions",
        versions: ["v1"],
        scope: "Cluster",
        subresources: [],
      },
    ],
    read: (object) => read(object, undefined, known),
    readUpdate: (object, oldObject) => read(object, oldObject, known),
  };
}

function read(object: JsonObject, oldObject: JsonObject | undefined, known: KnownResources): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const labels = root.objectOrEmpty("metadata").textMap("labels");
  const spec = root.objectOrEmpty("spec");
  const group = spec.text("group") ?? "";
  const names = spec.objectOrEmpty("names");
  const kind = names.text("kind") ?? "";
  const plural = names.text("plural") ?? "";
  const ofGroup = known.get(group) ?? [];
  const resource = ofGroup.find((one) => one.kind === kind) ?? ofGroup.find((one) => one.plural === plural);
  const doors =
    resource === undefined
      ? unknownKindDoors(group, kind, names)
      : [
          ...nameDoors(spec, names, resource),
          ...versionDoors(spec, resource),
          ...conversionDoors(spec),
          ...allSchemaDoors(spec, oldObject),
        ];
  return { family: "definition", labels, definition: { group, kind, doors }, defects };
}

function unknownKindDoors(group: string, kind: string, names: ObjectNode): readonly Door[] {
  if (!isPolicyKind(group, kind)) return [];
  const words = `defines ${quote(kind)} in the policy API ${group}, which this release of Ringfence can't read`;
  return [{ aspect: "kind", pointer: names.at("kind"), words }];
}

/** Under another name, kind or scope objects would pass the webhook unseen. */
function nameDoors(spec: ObjectNode, names: ObjectNode, { kind, plural, scope }: ServedResource): readonly Door[] {
  const wanted = [
    { node: names, key: "kind", value: kind },
    { node: names, key: "plural", value: plural },
    { node: spec, key: "scope", value: scope === "Cluster" ? "Cluster" : "Namespaced" },
  ];
  return wanted.flatMap(({ node, key, value }): Door[] => {
    const written = node.text(key) ?? "";
    if (written === value) return [];
    const words = `calls the ${key} ${quote(written)}, where Ringfence knows ${quote(value)}: its objects would not be judged`;
    return [{ aspect: "name", pointer: node.at(key), words }];
  });
}

function versionDoors(spec: ObjectNode, { versions, kind }: ServedResource): readonly Door[] {
  return spec.objects("versions", "none").flatMap((version): Door[] => {
    const name = version.text("name") ?? "";
    if (!version.flag("served") || versions.includes(name)) return [];
    const words = `serves ${kind} in the version ${quote(name)}; Ringfence reads ${versions.join(", ")}`;
    return [{ aspect: "version", pointer: version.at("name"), words }];
  });
}

/** A conversion webhook may make anything of an object between the versions. */
function conversionDoors(spec: ObjectNode): readonly Door[] {
  const conversion = spec.objectOrEmpty("conversion");
  if ((conversion.text("strategy") ?? "None") === "None") return [];
  const words = "converts stored objects by a webhook, which may change what they allow";
  return [{ aspect: "conversion", pointer: conversion.at("strategy"), words }];
}

function allSchemaDoors(spec: ObjectNode, oldObject: JsonObject | undefined): readonly Door[] {
  const doors: Door[] = [];
  if (spec.flag("preserveUnknownFields")) {
    const words = "keeps fields that the schema doesn't know";
    doors.push({ aspect: "schema", pointer: spec.at("preserveUnknownFields"), words });
  }
  const oldSchemas = schemasByVersion(oldObject);
  for (const version of spec.objects("versions", "none")) {
    if (!version.flag("served")) continue;
    const holder = version.objectOrEmpty("schema");
    const schema = holder.object("openAPIV3Schema");
    if (schema === undefined) {
      doors.push({
        aspect: "schema",
        pointer: version.pointer,
        words: "has no schema, so nothing is checked or dropped",
      });
    } else doors.push(...schemaDoors(schema.value, schema.pointer, oldSchemas.get(version.text("name") ?? "")));
  }
  return doors;
}

function schemasByVersion(object: JsonObject | undefined): ReadonlyMap<string, JsonObject> {
  const schemas = new Map<string, JsonObject>();
  const versions = child(child(object, "spec"), "versions");
  if (!Array.isArray(versions)) return schemas;
  for (const version of versions as readonly JsonValue[]) {
    const name = child(version, "name");
    const schema = child(child(version, "schema"), "openAPIV3Schema");
    if (typeof name === "string" && isJsonObject(schema)) schemas.set(name, schema);
  }
  return schemas;
}

function child(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
