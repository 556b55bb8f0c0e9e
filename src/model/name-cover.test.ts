import { describe, expect, test } from "@jest/globals";
import { coversMostNames } from "./name-cover.ts";
import { DEFAULT_WIDTH_CONTEXT, peersOf, peerWidth } from "./peer-set.ts";
import type { TextPattern } from "./traffic.ts";

const LETTERS = Array.from("abcdefghijklmnopqrstuvwxyz");
const listOf = (match: "exact" | "prefix" | "suffix", values: readonly string[]): TextPattern[] =>
  values.map((value) => ({ match, value }));

const CASES = [
  { title: "nothing", patterns: [], covers: false },
  { title: "every first letter", patterns: listOf("prefix", LETTERS), covers: true },
  { title: "every last letter", patterns: listOf("suffix", LETTERS), covers: true },
  { title: "half of the first letters", patterns: listOf("prefix", LETTERS.slice(0, 13)), covers: true },
  { title: "less than half", patterns: listOf("prefix", LETTERS.slice(0, 12)), covers: false },
  {
    title: "two letters each",
    patterns: listOf(
      "prefix",
      LETTERS.flatMap((first) => LETTERS.map((second) => first + second)),
    ),
    covers: true,
  },
  {
    title: "first letters and last letters don't add up",
    patterns: [...listOf("prefix", LETTERS.slice(0, 10)), ...listOf("suffix", LETTERS.slice(0, 10))],
    covers: false,
  },
  {
    title: "the same letter many times",
    patterns: listOf(
      "prefix",
      LETTERS.map((letter) => `a${letter}`),
    ),
    covers: false,
  },
  {
    title: "the order of a suffix",
    patterns: listOf(
      "suffix",
      LETTERS.map((letter) => `${letter}a`),
    ),
    covers: false,
  },
  { title: "exact names", patterns: listOf("exact", LETTERS), covers: false },
  { title: "a very long text", patterns: listOf("prefix", ["a".repeat(100_000)]), covers: false },
];

describe("whether patterns cover most names", () => {
  test.each(CASES)("$title", ({ patterns, covers }) => {
    expect(coversMostNames(patterns)).toBe(covers);
  });

  test.each(CASES)("identities of namespaces: $title", ({ patterns, covers }) => {
    const any = { match: "any" } as const;
    const identities = patterns.map((namespace) => ({ trustDomain: any, namespace, serviceAccount: any }));
    const { reach } = peerWidth(peersOf({ identities }), DEFAULT_WIDTH_CONTEXT);
    expect(reach === "all-namespaces").toBe(covers);
  });

  test("one service account of every namespace is not every Pod", () => {
    const serviceAccount = { match: "exact", value: "api" } as const;
    const identities = listOf("prefix", LETTERS).map((namespace) => ({
      trustDomain: namespace,
      namespace,
      serviceAccount,
    }));
    expect(peerWidth(peersOf({ identities }), DEFAULT_WIDTH_CONTEXT).reach).toBe("selected");
  });
});
