import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { excerpt } from "./excerpt.ts";

interface Row {
  readonly why: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly shown: readonly [string, string];
}

const LONG = `${"a".repeat(60)}X${"b".repeat(200)}`;

const ROWS: readonly Row[] = [
  { why: "a plain line", text: "  - {}", line: 7, column: 5, shown: ["7 |   - {}", "  |     ^"] },
  { why: "a line number of several digits", text: "a: b", line: 1234, column: 1, shown: ["1234 | a: b", "     | ^"] },
  { why: "an empty line", text: "", line: 1, column: 1, shown: ["1 | ", "  | ^"] },
  { why: "a column behind the end", text: "ab", line: 1, column: 9, shown: ["1 | ab", "  |   ^"] },
  { why: "a tab counts as one column", text: "\ta", line: 1, column: 2, shown: ["1 |  a", "  |  ^"] },
  { why: "a Windows line end", text: "a: b\r", line: 1, column: 4, shown: ["1 | a: b", "  |    ^"] },
  {
    why: "the caret stands below its character, however long the escapes before it are",
    text: "\u001b\u00fc: x",
    line: 1,
    column: 5,
    shown: ["1 | \\u{1b}\\u{fc}: x", "  |               ^"],
  },
  {
    why: "a long line is cut around the caret",
    text: LONG,
    line: 1,
    column: 61,
    shown: [`1 | ...${"a".repeat(40)}X${"b".repeat(59)}...`, `  | ${" ".repeat(43)}^`],
  },
  {
    why: "a long line with the caret at its start",
    text: LONG,
    line: 1,
    column: 1,
    shown: [`1 | ${"a".repeat(60)}X${"b".repeat(39)}...`, "  | ^"],
  },
];

describe("excerpt", () => {
  test.each(ROWS)("$why", ({ text, line, column, shown }) => {
    expect(excerpt(text, line, column)).toEqual(shown);
  });

  test("shows two lines of printable ASCII for any text, and a caret in the second", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.integer({ min: 1, max: 400 }), (text, column) => {
        const [shown, caret] = excerpt(text, 1, column);
        expect(shown + caret).toMatch(/^[\x20-\x7e]*$/);
        expect(caret).toMatch(/^ {2}\| *\^$/);
      }),
    );
  });
});
