/**
 * @module What the fuzz tests of readers share: values that are mostly sensible, and comparisons of how wide two readings
 * are.
 */
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../../src/model/peer-set.ts";
import { compareReach } from "../../src/model/peer-width.ts";
import { summariseRules } from "../../src/model/summarise.ts";
import type { Direction, PolicyReading, Reach } from "../../src/model/traffic.ts";

/** One of the given values, now and then something that doesn't belong there. */
export function mostly(...usual: readonly JsonValue[]): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, 0, "", "x", [], {}, [null], true) },
  );
}

/** A short list, now and then something else. */
export function listOf(item: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.array(item, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, "x", {}, [null]) },
  );
}

/** An object with at most three of the fields. */
export function some(fields: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  const keys = Object.keys(fields);
  return fc
    .subarray(keys, { maxLength: Math.min(keys.length, 3) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((key) => [key, fields[key] ?? fc.constant(null)]))));
}

/** A label selector: of everything, by a label, by an expression, or a broken one. */
export const labelSelector: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant<JsonObject>({}),
  some({
    matchLabels: fc.dictionary(fc.constantFrom("app", "__proto__", "constructor"), mostly("web", ""), { maxKeys: 1 }),
    matchExpressions: listOf(
      some({
        key: mostly("app", "team", "kubernetes.io/metadata.name"),
        operator: mostly("In", "NotIn", "Exists", "DoesNotExist"),
        values: listOf(mostly("web", "shop")),
      }),
    ),
    typo: mostly({}),
  }),
);

/** Spellings of prefixes, wide and narrow ones. */
export const prefix: fc.Arbitrary<JsonValue> = mostly(
  "0.0.0.0/0",
  "0.0.0.0/1",
  "128.0.0.0/1",
  "10.0.0.0/8",
  "::/0",
  "1.2.3.4/0",
  "::ffff:0:0/96",
  "any",
);

function widest(facts: readonly Reach[]): Reach {
  return facts.reduce((a, b) => (compareReach(a, b) >= 0 ? a : b), "nobody");
}

/** How wide the allow rules of a direction are, alone and together: over all ports in use, and on every port. */
function widths(reading: PolicyReading, direction: Direction): readonly [Reach, Reach] {
  const { rules, unions } = summariseRules(reading, DEFAULT_WIDTH_CONTEXT);
  const facts = [...rules.filter(({ action }) => action === "allow"), ...unions];
  const inUse = facts.filter((fact) => fact.direction === direction && fact.ports.reach !== "none");
  const onEvery = inUse.filter((fact) => fact.ports.reach === "all");
  return [widest(inUse.map(({ peers }) => peers.reach)), widest(onEvery.map(({ peers }) => peers.reach))];
}

/** Whether what one reading allows in a direction is at most as wide as what another one does. */
export function isNoWider(narrow: PolicyReading, wide: PolicyReading, direction: Direction): boolean {
  const ofWide = widths(wide, direction);
  return widths(narrow, direction).every((reach, index) => compareReach(reach, ofWide[index] ?? "nobody") <= 0);
}

/** Whether what holds the field at a JSON Pointer exists: an object or a list, or the null that was read as one. */
export function holderExists(object: JsonObject, pointer: string): boolean {
  let value: JsonValue | undefined = object;
  for (const segment of pointer.split("/").slice(1, -1)) {
    const key = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = (value as JsonObject)[key];
  }
  return typeof value === "object";
}

/** Whether nothing in the reading is undefined, every width can be computed, and every place is one of the object. */
export function isComplete(reading: PolicyReading, object: JsonObject): boolean {
  const { rules } = summariseRules(reading, DEFAULT_WIDTH_CONTEXT);
  const isDefined = reading.rules.every(
    (rule) => ![...Object.values(rule), ...Object.values(rule.peers)].includes(undefined),
  );
  const places = [
    ...reading.defects.map(({ pointer }) => pointer),
    ...reading.rules.flatMap(({ pointer, peersPointer, portsPointer }) => [pointer, peersPointer, portsPointer]),
  ];
  return isDefined && places.every((place) => holderExists(object, place)) && rules.length === reading.rules.length;
}
