/**
 * @module Strict JSON: the table of cases, and what holds for any text.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { load } from "js-yaml";
import { IntakeError, type Position } from "./document.ts";
import { proveUnambiguous } from "./json-proof.ts";
import { scanJson } from "./json-scanner.ts";
import { locateJson, parseStrictJson } from "./strict-json.ts";

interface Row {
  readonly name: string;
  readonly input?: string;
  /** The input as hexadecimal bytes, where it is no UTF-8. */
  readonly bytes?: string;
  readonly depth?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly place?: Position;
  readonly why: string;
}

const TABLE = readTable("json") as { groups: { about: string; cases: Row[] }[] };
const POSITIONS = readTable("positions") as { format: string; text: string; places: [string, number, number][] }[];

function readTable(name: string): unknown {
  return load(readFileSync(new URL(`../../test/tables/intake/${name}.yaml`, import.meta.url), "utf8"));
}

function bytesOf(row: Row): Uint8Array {
  return row.bytes === undefined ? Buffer.from(row.input ?? "") : Buffer.from(row.bytes.replaceAll(" ", ""), "hex");
}

/** The value, or code and place of the error. */
function outcome(bytes: Uint8Array, depth?: number): { value?: unknown; error?: string; place?: Position | undefined } {
  try {
    return { value: parseStrictJson(bytes, { source: "x.json", ...(depth === undefined ? {} : { depth }) }).value };
  } catch (error) {
    if (!(error instanceof IntakeError)) throw error;
    expect(error.source).toBe("x.json");
    return { error: error.code, place: error.position };
  }
}

describe.each(TABLE.groups)("$about", ({ cases }) => {
  test.each(cases)("$name: $why", (row) => {
    const expected = row.error === undefined ? { value: row.value } : { error: row.error, place: row.place };
    expect(outcome(bytesOf(row), row.depth)).toEqual(expected);
  });
});

describe("positions", () => {
  test.each(
    POSITIONS.filter(({ format }) => format === "json").flatMap(({ text, places }) =>
      places.map(([pointer, line, column]) => ({ text, pointer, line, column })),
    ),
  )("$pointer is at $line:$column", ({ text, pointer, line, column }) => {
    expect(locateJson(text, pointer)).toEqual({ line, column });
  });
});

describe("bombs end in an error, not in a crash", () => {
  const bombs: readonly [string, string, string][] = [
    ["20,000 lists", "[".repeat(20_000) + "]".repeat(20_000), "too-deep"],
    ["20,000 objects", '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000), "too-deep"],
    ["10 MB of brackets", "[".repeat(10_000_000), "too-deep"],
    ["10 MB of text without an end", `"${"a".repeat(10_000_000)}`, "syntax"],
    ["10 MB of digits", "1".repeat(10_000_000), "ambiguous"],
    ["10 MB of white space", " ".repeat(10_000_000), "empty"],
    ["10 MB of backslashes", `"${"\\".repeat(10_000_000)}"x`, "syntax"],
  ];
  test.each(bombs)("%s", (_, text, code) => {
    expect(outcome(Buffer.from(text))).toMatchObject({ error: code });
  });

  test("10 MB of ordinary JSON", () => {
    const value = Array.from({ length: 100_000 }, (_, index) => ({ index, text: "x".repeat(80) }));
    expect(outcome(Buffer.from(JSON.stringify(value, null, 1)))).toEqual({ value });
  });

  test("100,000 keys in one object", () => {
    const value = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key ${index}`, index]));
    expect(outcome(Buffer.from(JSON.stringify(value, null, 1)))).toEqual({ value });
  });
});

test("__proto__ is data: nothing is inherited from it", () => {
  const { value } = parseStrictJson(Buffer.from('{"__proto__": {"admin": true}}'));
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.hasOwn(value as object, "__proto__")).toBe(true);
  expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const SAFE_JSON = fc.jsonValue({ noUnicodeString: false }).filter((value) => isSafe(value));

/** No number beyond ±(2^53-1): those are refused. */
function isSafe(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return typeof value !== "object" || value === null || Object.values(value).every(isSafe);
}

describe("for any text", () => {
  test("what an encoder writes is read, in any layout", () => {
    fc.assert(
      fc.property(SAFE_JSON, fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(outcome(Buffer.from(text))).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  // Cut, doubled and replaced pieces of JSON: most are nearly JSON, which is where mistakes are.
  const damaged = fc
    .tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.nat(5),
      fc.constantFrom("", ...'{}[]:,"\\0-.eE '.split(""), '"a":1', "null", "\\ud800"),
    )
    .map(([text, place, length, piece]) => {
      const start = place % (text.length + 1);
      return text.slice(0, start) + piece + text.slice(start + length);
    });

  test("the grammar is JSON.parse's, and the value too", () => {
    fc.assert(
      fc.property(damaged, (text) => {
        const found = outcome(Buffer.from(text));
        let parsed: { value: unknown } | undefined;
        try {
          parsed = { value: JSON.parse(text) };
        } catch {
          expect(found.error).toBeDefined();
          return;
        }
        if (found.error === undefined) expect(found).toEqual(parsed);
        else expect(["duplicate-key", "ambiguous", "character"]).toContain(found.error);
      }),
      { numRuns: 2_000 },
    );
  });

  test("what the quick proof lets pass is fine for the scanner", () => {
    let proven = 0;
    fc.assert(
      fc.property(damaged, (text) => {
        if (proveUnambiguous(Buffer.from(text), 512) === undefined || !isJson(text)) return;
        proven += 1;
        expect(() => scanJson(text, { source: "", depth: 512 })).not.toThrow();
      }),
      { numRuns: 4_000 },
    );
    expect(proven).toBeGreaterThan(100);
  });

  test("bytes of any kind give a value or an error of ours", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(outcome(bytes)).toBeDefined();
      }),
    );
  });
});
