/**
 * @module What a schema does to the objects of a policy API: without the stored schema only its outside can be judged,
 * beside it every field that disappears, gets another default or is no longer checked.
 *
 * A field that a schema loses is dropped from stored objects when they are read, and a default that it gains is written
 * into them: both change what is enforced, and no admission sees it.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import { pointerInto } from "./fields.ts";
import type { DefinitionReading } from "./reading.ts";

type Door = DefinitionReading["doors"][number];

const PRESERVES = "x-kubernetes-preserve-unknown-fields";
/** Where policies are written; Cilium has both. */
const POLICY_FIELDS = ["spec", "specs"];
/** What controllers write; it allows nothing. */
const STATUS = "status";
const MOST_DOORS = 20;
/** The largest schemas in use have some 30,000 parts. */
const MOST_PARTS = 200_000;

/**
 * Doors in one version's schema.
 * @param pointer where the schema is
 * @param old the stored schema of the same version; undefined where there is none
 */
export function schemaDoors(schema: JsonObject, pointer: string, old: JsonObject | undefined): readonly Door[] {
  const walk: Walk = { doors: [], parts: 0 };
  if (old === undefined) outside(schema, pointer, walk);
  else {
    compare(schema, old, pointer, true, walk);
    if (walk.parts > MOST_PARTS) {
      walk.doors.push({ aspect: "schema", pointer, words: "is too large to be compared with the stored schema" });
    }
  }
  return walk.doors.slice(0, MOST_DOORS);
}

interface Walk {
  readonly doors: Door[];
  parts: number;
}

/** A new definition: is there a schema of the policy at all, and does it drop what it doesn't know? */
function outside(schema: JsonObject, pointer: string, { doors }: Walk): void {
  const properties = objectAt(schema, "properties");
  const places: [JsonObject, string][] = [[schema, pointer]];
  for (const field of POLICY_FIELDS) {
    const part = properties === undefined ? undefined : objectAt(properties, field);
    if (part !== undefined) places.push([part, `${pointer}/properties/${field}`]);
  }
  for (const [part, at] of places) {
    if (part[PRESERVES] === true) doors.push(preserving(at));
  }
}

function compare(schema: JsonObject, old: JsonObject, pointer: string, isRoot: boolean, walk: Walk): void {
  walk.parts += 1;
  if (walk.parts > MOST_PARTS || walk.doors.length >= MOST_DOORS) return;
  if (schema[PRESERVES] === true && old[PRESERVES] !== true) walk.doors.push(preserving(pointer));
  if (!sameDefault(schema["default"], old["default"])) {
    const words = "has another default, which is written into stored objects";
    walk.doors.push({ aspect: "default", pointer: pointerInto(pointer, "default"), words });
  }
  compareProperties(schema, old, pointer, isRoot, walk);
  for (const key of ["items", "additionalProperties"]) {
    const [part, oldPart] = [objectAt(schema, key), objectAt(old, key)];
    if (oldPart === undefined) continue;
    if (part === undefined) walk.doors.push(lost(pointerInto(pointer, key), key));
    else compare(part, oldPart, pointerInto(pointer, key), false, walk);
  }
}

function compareProperties(schema: JsonObject, old: JsonObject, pointer: string, isRoot: boolean, walk: Walk): void {
  const properties = objectAt(schema, "properties") ?? {};
  const oldProperties = objectAt(old, "properties") ?? {};
  const at = pointerInto(pointer, "properties");
  for (const name of Object.keys(oldProperties)) {
    if (isRoot && name === STATUS) continue;
    const [part, oldPart] = [objectAt(properties, name), objectAt(oldProperties, name)];
    // Where everything is kept, nothing is lost.
    if (!Object.hasOwn(properties, name) && schema[PRESERVES] !== true)
      walk.doors.push(lost(pointerInto(at, name), name));
    else if (part !== undefined && oldPart !== undefined) compare(part, oldPart, pointerInto(at, name), false, walk);
  }
  for (const name of Object.keys(properties)) {
    if (Object.hasOwn(oldProperties, name) || (isRoot && name === STATUS)) continue;
    // A new field matters only where it is written into objects that nobody sends again.
    const part = objectAt(properties, name);
    if (part !== undefined && part["default"] !== undefined) compare(part, {}, pointerInto(at, name), false, walk);
  }
}

function preserving(pointer: string): Door {
  const words = "keeps fields that the schema doesn't know";
  return { aspect: "schema", pointer: pointerInto(pointer, PRESERVES), words };
}

/** The place of something that is gone is the place where it was. */
function lost(pointer: string, name: string): Door {
  const words = `loses ${quote(name)}, which disappears from stored objects`;
  return { aspect: "schema", pointer, words };
}

function sameDefault(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function objectAt(object: JsonObject, key: string): JsonObject | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : undefined;
}
