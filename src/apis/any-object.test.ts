import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { holderExists } from "../../test/tools/reader-fuzz.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { ObjectReading } from "./reading.ts";
import { READERS, readerFor } from "./registry.ts";

const RUNS = 10_000;

function tableAt(path: string): unknown {
  return parse(readFileSync(new URL(`../../test/tables/${path}`, import.meta.url), "utf8"));
}

/** Real objects of the tables, from which broken ones are made. */
function samples(): JsonObject[] {
  const policies = tableAt("verdicts/networking-v1-network-policy.yaml") as { spec?: JsonValue }[];
  const pods = tableAt("apis/pods.yaml") as { object?: JsonObject; spec?: JsonValue }[];
  return [
    ...policies.map(({ spec = {} }) => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec })),
    ...pods.map(({ object, spec = {} }) => object ?? { apiVersion: "v1", kind: "Pod", metadata: {}, spec }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { labels: { a: "b" } },
      spec: { type: "NodePort", externalIPs: ["192.0.2.7"] },
    },
    { apiVersion: "v1", kind: "Namespace", metadata: { labels: { a: "b" } } },
  ];
}

/** The same value with the part replaced to which the numbers lead; a number picks one of the fields on its level. */
function replaceAt(value: JsonValue, path: readonly number[], replacement: JsonValue): JsonValue {
  const [choice, ...rest] = path;
  if (choice === undefined || typeof value !== "object" || value === null) return replacement;
  const keys = Object.keys(value);
  const chosen = keys[choice % Math.max(keys.length, 1)];
  if (chosen === undefined) return replacement;
  const entries = Object.entries(value as JsonObject).map(([key, part]): [string, JsonValue] => [
    key,
    key === chosen ? replaceAt(part ?? null, rest, replacement) : (part ?? null),
  ]);
  return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

const junk = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, 0, -1, 1.5, "", "x", [], {}, [null], [[]], [{}], { x: null }),
  fc.jsonValue().map((value) => value as JsonValue),
);
const brokenSample = fc
  .tuple(fc.constantFrom(...samples()), fc.array(fc.nat(50), { minLength: 1, maxLength: 9 }), junk)
  .map(([sample, path, replacement]): JsonObject => {
    const { apiVersion, kind } = sample;
    const broken = replaceAt(sample, path, replacement) as JsonObject;
    return { ...broken, apiVersion, kind };
  });

function readerOf({ apiVersion, kind }: JsonObject) {
  const [group, version] = (apiVersion as string).split("/");
  return readerFor(version === undefined ? "" : (group ?? ""), kind as string);
}

/** Places of undefined values; sets of addresses and ports have their own tests. */
function undefinedPlaces(value: unknown, at = ""): string[] {
  if (value === undefined) return [at];
  if (typeof value !== "object" || value === null) return [];
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.entries(value).flatMap(([key, part]) => undefinedPlaces(part, `${at}/${key}`)) : [];
}

function check(object: JsonObject, reading: ObjectReading | undefined): void {
  expect(undefinedPlaces(reading ?? {})).toEqual([]);
  const defects = [...(reading?.defects ?? []), ...(reading?.policy?.defects ?? [])];
  const lost = defects.filter(({ pointer }) => !holderExists(object, pointer));
  expect(lost).toEqual([]);
}

describe("an object of any shape is read", () => {
  test("a sample with one broken part", () => {
    fc.assert(
      fc.property(brokenSample, (object) => check(object, readerOf(object)?.read(object))),
      { numRuns: RUNS },
    );
  });

  test.each(READERS.flatMap(({ group, kinds }) => kinds.map((kind) => ({ group, kind }))))(
    "$group/$kind with arbitrary metadata, spec and template",
    ({ group, kind }) => {
      const apiVersion = group === "" ? "v1" : `${group}/v1`;
      const parts = fc.record({ metadata: junk, spec: junk, template: junk });
      fc.assert(
        fc.property(parts, (object) => {
          const whole = { ...object, apiVersion, kind };
          check(whole, readerFor(group, kind)?.read(whole));
        }),
        { numRuns: RUNS / 10 },
      );
    },
  );
});
