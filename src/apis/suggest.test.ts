import { describe, expect, test } from "@jest/globals";
import { nearest } from "./suggest.ts";

const KEYS = ["from", "to", "ports", "podSelector", "namespaceSelector"];

describe("the nearest known word", () => {
  test.each([
    { word: "form", expected: "from", why: "neighbours swapped" },
    { word: "FROM", expected: "from", why: "case alone" },
    { word: "port", expected: "ports", why: "one letter missing" },
    { word: "portss", expected: "ports", why: "one letter too many" },
    { word: "podSelectro", expected: "podSelector", why: "neighbours swapped at the end" },
    { word: "podSelecters", expected: "podSelector", why: "two edits in a long word" },
    { word: "podselectors", expected: "podSelector", why: "one edit and the case of another letter" },
    { word: "frmo", expected: "from", why: "a swap is one edit" },
    { word: "t", expected: undefined, why: "one edit is half of a short word" },
    { word: "fort", expected: undefined, why: "two edits are half of the word" },
    { word: "podSel", expected: undefined, why: "too much is missing" },
    { word: "", expected: undefined, why: "nothing is near nothing" },
    { word: "constructor", expected: undefined, why: "not a known word" },
    { word: "x".repeat(1_000_000), expected: undefined, why: "a long word costs nothing" },
  ])("$why", ({ word, expected }) => {
    expect(nearest(word, KEYS)).toBe(expected);
  });

  test("of two equally near words the first one is preferred", () => {
    expect(nearest("cart", ["card", "cars"])).toBe("card");
  });

  test("a nearer word is preferred to an earlier one", () => {
    expect(nearest("namespaces", ["namespaced2", "namespacess"])).toBe("namespacess");
  });
});
