import { describe, expect, test } from "@jest/globals";
import type { JsonObject } from "../intake/json-value.ts";
import { NamespacesInInput } from "./namespaces-in-input.ts";

const namespace = (labels?: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop", ...(labels === undefined ? {} : { labels }) },
});

/** Namespace objects called shop, in the order of the input, and what is known of its labels then. */
const ROWS = [
  { why: "no Namespace", objects: [], known: "missing" },
  { why: "without labels", objects: [namespace()], known: { "kubernetes.io/metadata.name": "shop" } },
  {
    why: "the API server's own label can't be given away",
    objects: [namespace({ a: "b", "kubernetes.io/metadata.name": "kube-system" })],
    known: { a: "b", "kubernetes.io/metadata.name": "shop" },
  },
  {
    why: "the same twice",
    objects: [namespace({ a: "b", c: "d" }), namespace({ c: "d", a: "b" })],
    known: { a: "b", c: "d", "kubernetes.io/metadata.name": "shop" },
  },
  { why: "another value", objects: [namespace({ a: "b" }), namespace({ a: "c" })], known: "contradictory" },
  { why: "another key", objects: [namespace({ a: "b" }), namespace({ c: "b" })], known: "contradictory" },
  { why: "one label more", objects: [namespace({ a: "b" }), namespace({ a: "b", c: "d" })], known: "contradictory" },
  {
    why: "a third one doesn't settle it",
    objects: [namespace({ a: "b" }), namespace({ a: "c" }), namespace({ a: "c" })],
    known: "contradictory",
  },
  {
    why: "values that are no text are left out",
    objects: [namespace({ a: 1, b: null, c: "d" })],
    known: { c: "d", "kubernetes.io/metadata.name": "shop" },
  },
] as const;

describe("labels of a namespace", () => {
  test.each(ROWS)("$why", ({ objects, known }) => {
    const namespaces = new NamespacesInInput();
    for (const object of objects) namespaces.add("shop", object);
    expect(namespaces.get("shop")).toEqual(known);
    expect(namespaces.get("constructor")).toBe("missing");
  });
});
