import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { classOf, HOST_CHARACTERS, METHOD_CHARACTERS, PATH_CHARACTERS } from "./cilium-regex.ts";

interface Row {
  of: "path" | "method" | "host";
  expression: string;
  empty?: boolean;
  any?: boolean;
  dot?: boolean;
  words?: string[];
  why: string;
}

const table = new URL("../../test/tables/apis/cilium-expressions.yaml", import.meta.url);
const rows = parse(readFileSync(table, "utf8")) as Row[];
const ALPHABETS = { path: PATH_CHARACTERS, method: METHOD_CHARACTERS, host: HOST_CHARACTERS };
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 3000);

function compiled(expression: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${expression})$`, "s");
  } catch {
    return undefined;
  }
}

describe("what a regular expression certainly matches", () => {
  test.each(rows)(
    "$of $expression: $why",
    ({ of, expression, empty = false, any = false, dot = false, words = [] }) => {
      const found = classOf(expression, ALPHABETS[of]);
      expect({
        empty: found.empty,
        any: of === "path" ? found.anyPath : found.anyText,
        dot: found.bareDot,
        words: found.words,
      }).toEqual({ empty, any, dot, words });
    },
  );

  // Without `[]`, which is a class of its own in JavaScript and the start of one elsewhere.
  const piece = fc.constantFrom(
    ..."/a.bZ09*+?()|\\-{},".split(""),
    ".*",
    "(.*)",
    ".+",
    "[^a]",
    "[a-z]",
    "[^ ]*",
    "\\w",
    "{1,}",
  );
  const expressions = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

  test("is true of JavaScript's expressions as well", () => {
    fc.assert(
      fc.property(expressions, (expression) => {
        const matcher = compiled(expression);
        if (matcher === undefined) return;
        const { empty, words, anyText, anyPath } = classOf(expression, PATH_CHARACTERS);
        const texts = [...(empty ? [""] : []), ...words];
        if (anyText) texts.push("abc/def.0123-z", "~".repeat(20));
        if (anyPath) texts.push("/abc/def.0123-z", `/${"~".repeat(20)}`);
        expect(texts.filter((text) => !matcher.test(text))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test("is known at once, however the expression is written", () => {
    const long = [".*", "(.+)", "a?", "(a|b)", "/", "[a-z]", "(", "|"].map((part) => part.repeat(1000 / part.length));
    const start = performance.now();
    for (const expression of long) classOf(expression, PATH_CHARACTERS);
    expect(performance.now() - start).toBeLessThan(500);
    expect(classOf(`${"a".repeat(1000)}|.*`, PATH_CHARACTERS).anyText).toBe(false);
  });
});
