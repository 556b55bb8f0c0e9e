/**
 * @module Strict YAML: the tables of cases, bombs, and what holds for any text.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { load } from "js-yaml";
import type { IntakeError, Position } from "./document.ts";
import type { IntakeLimits } from "./limits.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { readYaml } from "./strict-yaml.ts";
import { generateManifests } from "../../test/bench/manifests.ts";

interface Failure {
  readonly error: string;
  readonly place: Position;
}

interface Row {
  readonly name?: string;
  readonly input?: string;
  /** The input as hexadecimal bytes, where it is no UTF-8. */
  readonly bytes?: string;
  /** In groups with a template: what the scalar means. */
  readonly value?: unknown;
  readonly documents?: readonly unknown[];
  /** Documents that are read although there is an error. */
  readonly others?: readonly unknown[];
  readonly error?: string;
  readonly place?: Position;
  /** The last error, where there are several. */
  readonly last?: Failure;
  readonly why: string;
}

interface Group {
  readonly about: string;
  readonly template?: string;
  readonly place?: Position;
  readonly limits?: Partial<IntakeLimits>;
  readonly cases: readonly Row[];
}

const GROUPS = ["yaml-scalars", "yaml-documents"].flatMap((name) => (readTable(name) as { groups: Group[] }).groups);
const POSITIONS = readTable("positions") as {
  name: string;
  format: string;
  document?: number;
  text: string;
  places: [string, number, number][];
}[];

function readTable(name: string): unknown {
  return load(readFileSync(new URL(`../../test/tables/intake/${name}.yaml`, import.meta.url), "utf8"));
}

function inputOf(row: Row, group: Group): Uint8Array {
  if (row.bytes !== undefined) return Buffer.from(row.bytes.replaceAll(" ", ""), "hex");
  const input = row.input ?? "";
  return Buffer.from(group.template === undefined ? input : group.template.replace("@", () => input));
}

function describeError(error: IntakeError | undefined): Partial<Failure> | undefined {
  return error && { error: error.code, ...(error.position && { place: error.position }) };
}

describe.each(GROUPS)("$about", (group) => {
  const rows = group.cases.map((row) => ({ ...row, title: row.name ?? JSON.stringify(row.input) }));
  test.each(rows)("$title: $why", (row) => {
    const { documents, errors } = readYaml(inputOf(row, group), "x.yaml", { ...DEFAULT_LIMITS, ...group.limits });
    const values = documents.map(({ value }) => value);
    if (row.error !== undefined) {
      expect(describeError(errors[0])).toEqual({ error: row.error, place: row.place ?? group.place });
      if (row.last !== undefined) expect(describeError(errors.at(-1))).toEqual(row.last);
      expect(values).toEqual(row.others ?? []);
    } else {
      expect(errors).toEqual([]);
      if (group.template === undefined) expect(values).toEqual(row.documents);
      else expect(values.map((value) => value["value"])).toEqual([row.value]);
    }
  });
});

describe("positions", () => {
  test.each(
    POSITIONS.filter(({ format }) => format === "yaml").flatMap(({ name, document = 0, text, places }) =>
      places.map(([pointer, line, column]) => ({ name, document, text, pointer, line, column })),
    ),
  )("$name: $pointer is at $line:$column", ({ document, text, pointer, line, column }) => {
    const { documents } = readYaml(text, "x.yaml");
    expect(documents[document]?.locate(pointer)).toEqual({ line, column });
    if (pointer === "") expect(documents[document]?.start).toEqual({ line, column });
  });
});

test("all problems of a document are reported, with no user text outside of quotes", () => {
  const { errors } = readYaml('a: yes\nb: 0777\n"c\\u001b": 1\n"c\\u001b": 2\n', "x.yaml");
  expect(errors.map(({ code, position }) => [code, position?.line])).toEqual([
    ["ambiguous", 1],
    ["ambiguous", 2],
    ["duplicate-key", 4],
  ]);
  expect(errors[2]?.message).toContain('"c\\u{1b}"');
});

describe("bombs end in an error, not in a crash", () => {
  const bombs: readonly [string, string, string][] = [
    ["20,000 lists in brackets", `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, "too-deep"],
    ["20,000 objects in braces", `a: ${"{a: ".repeat(20_000)}`, "too-deep"],
    ["20,000 lists on one line", "- ".repeat(20_000), "too-deep"],
    ["20,000 explicit keys", "? ".repeat(20_000), "too-deep"],
    [
      "1,000 levels by indentation",
      Array.from({ length: 1000 }, (_, level) => `${" ".repeat(level)}a:\n`).join(""),
      "too-deep",
    ],
    ["2 MB of brackets", "[".repeat(2_000_000), "too-deep"],
    ["2 MB of quotes", '"'.repeat(2_000_000), "syntax"],
    ["2 MB of single quotes", "a: '".padEnd(2_000_000, "'"), "syntax"],
    ["2 MB of dashes", "-".repeat(2_000_000), "syntax"],
    ["2 MB of line ends", `a: b${"\n".repeat(2_000_000)}c: d`, "not-a-kubernetes-object"],
    ["2 MB of anchors", "&a ".repeat(650_000), "syntax"],
    ["2 MB of tags", "!a\n".repeat(650_000), "syntax"],
    [
      "nested anchors",
      Array.from({ length: 90 }, (_, level) => `${" ".repeat(level)}&a${level} k:\n`).join(""),
      "syntax",
    ],
    ["100,000 keys", Array.from({ length: 100_000 }, (_, key) => `k${key}: 1\n`).join(""), "too-many"],
    ["10 MB in one document", `a: ${"x".repeat(10_000_000)}`, "too-large"],
    ["70 MB in one file", `a: ${"x\n---\n".repeat(12_000_000)}`, "too-large"],
    ["100,000 separators", "---\n".repeat(100_000), "empty"],
    ["100,001 bad documents", "a: b\n---\n".repeat(100_001), "too-many"],
  ];
  test.each(bombs)("%s", (_, text, code) => {
    const { documents, errors } = readYaml(Buffer.from(text), "x.yaml");
    expect(documents).toEqual([]);
    expect(errors.at(-1)?.code).toBe(code);
  });
});

test("10,000 documents of one file", () => {
  const { documents, errors } = readYaml(generateManifests(10_000), "x.yaml");
  expect(errors).toEqual([]);
  expect(documents).toHaveLength(10_000);
  expect(documents[9999]?.start.line).toBeGreaterThan(500_000);
});

test("__proto__ is data: nothing is inherited from it", () => {
  const { documents } = readYaml("apiVersion: v1\nkind: A\nmetadata: {name: a}\n__proto__: {admin: true}\n", "x.yaml");
  const value = documents[0]?.value;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.hasOwn(value ?? {}, "__proto__")).toBe(true);
  expect(value?.["admin"]).toBeUndefined();
});

describe("for any text", () => {
  const json = fc.jsonValue().filter((value) => !/e[-+]?\d|\d{16}|-0/.test(JSON.stringify(value)));

  test("JSON is read as JSON, in any layout", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
        const object = { apiVersion: "v1", kind: "Sample", metadata: { name: "sample" }, value };
        const text = JSON.stringify(object, null, indent).replaceAll("\x7f", "\\u007f");
        const { documents, errors } = readYaml(text, "x.yaml");
        if (errors.length === 0) expect(documents[0]?.value).toEqual(JSON.parse(text));
      }),
    );
  });

  test("bytes and pieces of YAML give documents or errors with a place", () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\0-.eE |>#&*!%@?~\n\t\r\u2028'.split(""),
      ": ",
      "- ",
      "\n  ",
      "---\n",
      "a",
      "<<: ",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (input) => {
        const { documents, errors } = readYaml(Buffer.from(input), "x.yaml");
        expect(documents.length + errors.length).toBeGreaterThan(0);
        for (const error of errors) expect(error.position).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });
});
