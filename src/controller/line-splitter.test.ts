import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { LineSplitter } from "./line-splitter.ts";

function linesOf(chunks: readonly Buffer[], limit = 1_000_000): string[] {
  const splitter = new LineSplitter(limit);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  return [...lines, splitter.rest()];
}

test("however the bytes are cut, the lines are the same", () => {
  const texts = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", " "));
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1 }), fc.array(fc.nat(200)), (lines, cuts) => {
      const bytes = Buffer.from(lines.join("\n"));
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(linesOf(chunks)).toEqual(Buffer.from(lines.join("\n")).toString().split("\n"));
    }),
  );
});

test("the limit is of one line, counted over chunks", () => {
  expect(linesOf([Buffer.from("12345\n12345\n123")], 5)).toEqual(["12345", "12345", "123"]);
  expect(() => linesOf([Buffer.from("123"), Buffer.from("456")], 5)).toThrow(
    "a line of the watch is longer than 5 bytes",
  );
});
