import { expect, test } from "@jest/globals";
import { readSettled } from "./tls-material.ts";

test.each<[readings: string, expected: string, why: string]>([
  ["a a", "a", "nothing changes"],
  ["a b b b", "b", "a swap between two readings"],
  ["torn b b b", "b", "a swap within the first"],
  ["a torn b b", "b", "a swap within the second"],
  ["gone b b", "b", "files that were gone for a moment"],
  ["a gone b b", "b", "the same, in the second reading"],
  ["gone gone gone", "gone", "files that are gone"],
  ["a b c d e f", "f", "files that never settle"],
])("readings %j give %j (%s)", async (readings, expected) => {
  const script = readings.split(" ");
  const result = readSettled(async () => {
    const digest = script.shift() ?? "more readings than there should be";
    if (digest === "gone") throw new Error("gone");
    return { certificate: "", key: "", clientAuthority: undefined, digest };
  });
  if (expected === "gone") await expect(result).rejects.toThrow("gone");
  else expect((await result).digest).toBe(expected);
  expect(script).toEqual([]);
});
