import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseGlob } from "./glob.ts";

const CASES: readonly (readonly [pattern: string, separator: string | undefined, yes: string[], no: string[]])[] = [
  ["", undefined, [""], ["a"]],
  ["*", undefined, ["", "a", "a/b"], []],
  ["*", "/", ["", "a"], ["a/b"]],
  ["**", "/", ["", "a/b/c"], []],
  ["a*c", undefined, ["ac", "abc", "acc"], ["a", "ab", "bc"]],
  ["?*", undefined, ["a", "ab"], [""]],
  ["a/?", "/", ["a/b"], ["a//", "a/bb"]],
  ["[a-c]x", undefined, ["ax", "cx"], ["dx", "x", "-x"]],
  ["[!a-c]x", undefined, ["dx"], ["ax", "x"]],
  ["[a-]", undefined, ["a", "-"], ["b"]],
  ["{a,b*}", undefined, ["a", "b", "bc"], ["ab", "c", "{a,b*}"]],
  ["x{a,{b,c}}y", undefined, ["xay", "xby", "xcy"], ["xy", "xaby"]],
  ["\\*", undefined, ["*"], ["a", "\\*"]],
  ["\\{a,b\\}", undefined, ["{a,b}"], ["a"]],
  ["https://*/x", "/", ["https://a/x"], ["https://a/b/x"]],
];

describe("globs", () => {
  test.each(CASES)("%s", (pattern, separator, yes, no) => {
    const accepts = parseGlob(pattern, separator);
    expect(yes.filter((text) => accepts?.(text) !== true)).toEqual([]);
    expect(no.filter((text) => accepts?.(text) !== false)).toEqual([]);
  });

  test.each(["[a", "{a,b", "a}", "{a,{b}", "x".repeat(1001), "{a,b}".repeat(10)])("%s can't be read", (pattern) => {
    expect(parseGlob(pattern)).toBeUndefined();
  });

  test("a pattern of many stars costs no more than a short one", () => {
    const accepts = parseGlob(`${"*a".repeat(400)}b`);
    const started = performance.now();
    expect(accepts?.("a".repeat(5000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("any text is a pattern or none, and a text without special characters means itself", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, text) => {
        const answer = parseGlob(pattern, "/")?.(text);
        if (!/[*?[\]{}\\]/.test(pattern)) expect(answer).toBe(pattern === text);
      }),
      { numRuns: 2000 },
    );
  });
});
