import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { schemaDoors } from "./definition-schema.ts";
import { readerFor } from "./registry.ts";

const reader = readerFor("apiextensions.k8s.io", "CustomResourceDefinition");

function definition(schema: JsonObject, version = "v2"): JsonObject {
  return {
    spec: {
      group: "cilium.io",
      scope: "Namespaced",
      names: { kind: "CiliumNetworkPolicy", plural: "ciliumnetworkpolicies" },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

const of = (spec: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties: { spec, ...more } });
const list = (properties: JsonObject): JsonObject => ({
  type: "object",
  properties: { ingress: { type: "array", items: { type: "object", properties } } },
});
const peer = { fromCIDR: { type: "array", items: { type: "string" } } };
const STORED = of(list(peer), { status: { type: "object", properties: { a: {} } } });
const AT = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";

/** Updates of the stored schema, and the doors that they open: aspect and place below the schema of spec. */
const UPDATES: readonly { title: string; schema: JsonObject; doors: readonly string[] }[] = [
  { title: "the same", schema: STORED, doors: [] },
  { title: "a field more", schema: of(list({ ...peer, toPorts: {} })), doors: [] },
  { title: "other descriptions", schema: of({ ...list(peer), description: "x" }), doors: [] },
  {
    title: "a peer that is lost",
    schema: of(list({})),
    doors: ["schema /properties/ingress/items/properties/fromCIDR"],
  },
  {
    title: "a peer that is renamed",
    schema: of(list({ fromCidr: peer.fromCIDR })),
    doors: ["schema /properties/ingress/items/properties/fromCIDR"],
  },
  {
    title: "elements without a schema",
    schema: of({ type: "object", properties: { ingress: { type: "array" } } }),
    doors: ["schema /properties/ingress/items"],
  },
  {
    title: "unknown fields kept inside",
    schema: of({
      type: "object",
      properties: {
        ingress: { type: "array", items: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    }),
    doors: ["schema /properties/ingress/items/x-kubernetes-preserve-unknown-fields"],
  },
  {
    title: "a default for a stored field",
    schema: of({ ...list(peer), default: { ingress: [{}] } }),
    doors: ["default /default"],
  },
  {
    title: "a new field with a default",
    schema: of({
      type: "object",
      properties: { ...(list(peer)["properties"] as JsonObject), enableDefaultDeny: { default: { ingress: false } } },
    }),
    doors: ["default /properties/enableDefaultDeny/default"],
  },
  { title: "no spec any more", schema: { type: "object", properties: {} }, doors: ["schema "] },
];

describe("updates of a definition", () => {
  test.each(UPDATES)("$title", ({ schema, doors }) => {
    const reading = reader?.readUpdate?.(definition(schema), definition(STORED));
    const found = reading?.definition?.doors.map(({ aspect, pointer }) => `${aspect} ${pointer.replace(AT, "")}`);
    expect(found).toEqual(doors);
  });

  test("a schema of another version is judged alone", () => {
    const reading = reader?.readUpdate?.(definition(of(list({}))), definition(STORED, "v1"));
    expect(reading?.definition?.doors).toEqual([]);
  });

  test("a large schema is compared in time, and at most twenty doors are named", () => {
    const properties = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`f${index}`, {}]));
    const doors = schemaDoors({ properties: {} }, "/s", { properties });
    expect(doors).toHaveLength(20);
  });

  test("any value in place of the schemas", () => {
    const junk = fc
      .jsonValue()
      .map((value) => ({ a: value as JsonValue, properties: value as JsonValue, items: value as JsonValue }));
    fc.assert(
      fc.property(junk, junk, (schema, old) => {
        for (const { aspect, pointer } of schemaDoors(schema, "/s", old)) {
          expect(["schema", "default"]).toContain(aspect);
          expect(pointer.startsWith("/s")).toBe(true);
        }
        expect(schemaDoors(old, "/s", old)).toEqual([]);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 1000) },
    );
  });
});
