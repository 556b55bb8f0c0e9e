/**
 * @module Tests of lists in words.
 */
import { expect, test } from "@jest/globals";
import { joinWords, shorten } from "./words.ts";

test.each<[readonly string[], number, string]>([
  [[], 20, ""],
  [["TCP 80"], 20, "TCP 80"],
  [["TCP 80", "TCP 443"], 20, "TCP 80, TCP 443"],
  [["TCP 80", "TCP 443", "UDP 53"], 20, "TCP 80 and more"],
  [["TCP 80", "TCP 443", "UDP 53"], 24, "TCP 80, TCP 443, UDP 53"],
  [["a long text that does not fit", "b"], 20, "a long text that ..."],
])("%j within %d: %s", (parts, limit, words) => {
  expect(joinWords(parts, limit)).toBe(words);
});

function* endless(): Generator<string> {
  for (;;) yield "word";
}

test("an endless list is read only as far as it fits", () => {
  expect(joinWords(endless(), 30)).toBe("word, word, word and more");
});

test("a text of exactly the limit is not cut", () => {
  expect(shorten("12345", 5)).toBe("12345");
  expect(shorten("123456", 5)).toBe("12...");
});
