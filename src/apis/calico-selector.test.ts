import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseCalicoSelector } from "./calico-selector.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);

interface Row {
  readonly text: string;
  readonly means?: unknown;
  readonly problem?: string;
}

const table = new URL("../../test/tables/apis/calico-selectors.yaml", import.meta.url);
const rows = parse(readFileSync(table, "utf8")) as Row[];

describe("a selector", () => {
  test.each(rows)("$text", ({ text, means, problem }) => {
    const reading = parseCalicoSelector(text);
    if (problem === undefined) expect(reading).toEqual({ formula: means });
    else expect(reading).toEqual({ problem: expect.stringContaining(problem) });
  });

  test("all() can stand for something else", () => {
    const workloads = { key: "x", operator: "Exists", values: [] } as const;
    expect(parseCalicoSelector(" all() ", workloads)).toEqual({ formula: workloads });
    expect(parseCalicoSelector("", workloads)).toEqual({ formula: workloads });
  });

  test("that is nested or long beyond measure is refused", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}all()${")".repeat(depth)}`;
    expect(parseCalicoSelector(nested(50))).toEqual({ formula: { all: [] } });
    expect(parseCalicoSelector(nested(51))).toEqual({ problem: "more than 50 parentheses are nested" });
    expect(parseCalicoSelector("!".repeat(10_001))).toEqual({ problem: "it is longer than 10000 characters" });
  });

  test("of any words is read or refused", () => {
    const words = fc.constantFrom("a", "'b'", "==", "!=", "!", "(", ")", "&&", "||", "has(a)", "all()", "in", "{", "}");
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 12 }), (parts) => {
        expect(Object.keys(parseCalicoSelector(parts.join(" ")))).toHaveLength(1);
      }),
      { numRuns: RUNS },
    );
  });
});
