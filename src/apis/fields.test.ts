import { describe, expect, test } from "@jest/globals";
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode, pointerInto } from "./fields.ts";

/** A node in the middle of a document, and what it noted. */
function nodeOf(value: JsonObject): { node: ObjectNode; said: () => string[] } {
  const defects: Defect[] = [];
  const node = new ObjectNode(value, "/spec", defects);
  return { node, said: () => defects.map(({ kind, pointer }) => `${kind} ${pointer}`) };
}

describe("pointers", () => {
  test.each([
    { key: "from", pointer: "/spec/from" },
    { key: "", pointer: "/spec/" },
    { key: "a/b", pointer: "/spec/a~1b" },
    { key: "a~b", pointer: "/spec/a~0b" },
    { key: "~1", pointer: "/spec/~01" },
  ])("of $key", ({ key, pointer }) => expect(pointerInto("/spec", key)).toBe(pointer));
});

// `absent` is what a method answers where the field is not written, `wrong` where it is something else.
const METHODS: { name: string; read: (node: ObjectNode) => unknown; good: JsonObject["x"]; absent: unknown }[] = [
  { name: "object", read: (node) => node.object("x")?.value, good: { a: 1 }, absent: undefined },
  { name: "objectOrEmpty", read: (node) => node.objectOrEmpty("x").value, good: { a: 1 }, absent: {} },
  { name: "list", read: (node) => node.list("x"), good: [1, null], absent: undefined },
  { name: "text", read: (node) => node.text("x"), good: "a", absent: undefined },
  { name: "flag", read: (node) => node.flag("x"), good: true, absent: false },
  { name: "integer", read: (node) => node.integer("x"), good: 7, absent: undefined },
  { name: "textMap", read: (node) => node.textMap("x"), good: { a: "b" }, absent: {} },
  {
    name: "objects",
    read: (node) => node.objects("x", "none").map(({ value }) => value),
    good: [{ a: 1 }],
    absent: [],
  },
  { name: "texts", read: (node) => node.texts("x").map(({ value }) => value), good: ["a"], absent: [] },
];
const OTHERS = [{ a: 1 }, [1], "a", 7, 7.5, true];

describe.each(METHODS)("$name", ({ read, good, absent }) => {
  test("gives the value of the right type", () => {
    const { node, said } = nodeOf({ x: good });
    expect(read(node)).toEqual(good);
    expect(said()).toEqual([]);
  });

  test.each([{}, { x: null }])("takes %j for absent", (value) => {
    const { node, said } = nodeOf(value);
    expect(read(node)).toEqual(absent);
    expect(said()).toEqual([]);
  });

  test.each(
    OTHERS.filter(
      (other) => typeof other !== typeof good || Array.isArray(other) !== Array.isArray(good) || other === 7.5,
    ),
  )("notes %j as a wrong type", (x) => {
    const { node, said } = nodeOf({ x });
    expect(read(node)).toEqual(absent);
    expect(said()).toEqual(["wrong-type /spec/x"]);
  });
});

describe("lists", () => {
  test("objects: null is an empty object with the effect that the caller names", () => {
    const defects: Defect[] = [];
    const nodes = new ObjectNode({ x: [{ a: 1 }, null, "b"] }, "", defects).objects("x", "widens");
    expect(nodes.map(({ pointer, value }) => ({ pointer, value }))).toEqual([
      { pointer: "/x/0", value: { a: 1 } },
      { pointer: "/x/1", value: {} },
    ]);
    expect(defects.map(({ kind, pointer, effect }) => ({ kind, pointer, effect }))).toEqual([
      { kind: "null-element", pointer: "/x/1", effect: "widens" },
      { kind: "wrong-type", pointer: "/x/2", effect: "none" },
    ]);
  });

  test("texts: null is an empty string, and places are those of the list as it is written", () => {
    const { node, said } = nodeOf({ x: [1, null, "b"] });
    expect(node.texts("x")).toEqual([
      { value: "", pointer: "/spec/x/1" },
      { value: "b", pointer: "/spec/x/2" },
    ]);
    expect(said()).toEqual(["wrong-type /spec/x/0", "null-element /spec/x/1"]);
  });
});

describe("required fields", () => {
  test.each([{}, { x: null }])("an object that is not there: %j", (value) => {
    const { node, said } = nodeOf(value);
    expect(node.requiredObject("x")).toBeUndefined();
    expect(said()).toEqual(["missing-field /spec/x"]);
  });

  test.each([{}, { x: null }, { x: "" }])("a string that is not there: %j", (value) => {
    const { node, said } = nodeOf(value);
    expect(node.requiredText("x")).toBeUndefined();
    expect(said()).toEqual(["missing-field /spec/x"]);
  });

  test("a wrong type is noted once", () => {
    const { node, said } = nodeOf({ x: 1 });
    expect(node.requiredObject("x")).toBeUndefined();
    expect(node.requiredText("x")).toBeUndefined();
    expect(said()).toEqual(["wrong-type /spec/x", "wrong-type /spec/x"]);
  });
});

describe("maps of strings", () => {
  test("keep what is a string", () => {
    const { node, said } = nodeOf({ x: { a: "b", "c/d": 1, e: null, f: "" } });
    expect(node.textMap("x")).toEqual({ a: "b", e: "", f: "" });
    expect(said()).toEqual(["wrong-type /spec/x/c~1d", "null-element /spec/x/e"]);
  });

  test("names of JavaScript are keys like any other", () => {
    const value = JSON.parse('{"x":{"__proto__":"a","constructor":"b","bad":1}}') as JsonObject;
    const map = nodeOf(value).node.textMap("x");
    expect(Object.entries(map)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype);
  });
});

describe("unknown keys", () => {
  const known: ReadonlySet<string> = new Set(["from", "ports"]);

  test("are noted with the place of the key", () => {
    const { node, said } = nodeOf(JSON.parse('{"from":1,"form":2,"__proto__":3,"toString":4}') as JsonObject);
    node.checkKeys(known, "widens");
    expect(said()).toEqual([
      "unknown-field /spec/form",
      "unknown-field /spec/__proto__",
      "unknown-field /spec/toString",
    ]);
  });
});

describe("the words for a wrong type", () => {
  test.each([
    { read: (node: ObjectNode) => node.object("x"), x: "a", said: 'must be an object, not the string "a"' },
    { read: (node: ObjectNode) => node.list("x"), x: { a: 1 }, said: "must be a list, not an object" },
    { read: (node: ObjectNode) => node.text("x"), x: [1], said: "must be a string, not a list" },
    { read: (node: ObjectNode) => node.flag("x"), x: "true", said: 'must be true or false, not the string "true"' },
    { read: (node: ObjectNode) => node.integer("x"), x: 7.5, said: "must be a whole number, not the number 7.5" },
    { read: (node: ObjectNode) => node.objects("x", "none"), x: [true], said: "must be an object, not true" },
  ])("$said", ({ read, x, said }) => {
    const { node } = nodeOf({ x });
    read(node);
    expect(node.defects.map(({ detail }) => detail)).toEqual([said]);
  });
});

describe("what the API server refuses", () => {
  test.each([
    { kind: "wrong-type", refused: true },
    { kind: "invalid-value", refused: true },
    { kind: "missing-field", refused: true },
    { kind: "conflicting-fields", refused: true },
    { kind: "unknown-field", refused: false },
    { kind: "null-element", refused: false },
    { kind: "ambiguous-address", refused: false },
    { kind: "inert-section", refused: false },
  ] as const)("$kind: $refused", ({ kind, refused }) => {
    const { node } = nodeOf({});
    node.report("wrong-type", "/before", "before the mark");
    const mark = node.defects.length;
    expect(node.rejectedSince(mark)).toBe(false);
    node.report(kind, "/spec", "");
    expect(node.rejectedSince(mark)).toBe(refused);
  });
});
