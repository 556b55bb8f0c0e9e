import { describe, expect, test } from "@jest/globals";
import { OmittedPaths, proveUnambiguous } from "./json-proof.ts";
import { parseStrictJson } from "./strict-json.ts";

const proof = (text: string, depth = 512) => proveUnambiguous(Buffer.from(text), depth);

describe("the proof succeeds for what an API server writes", () => {
  test.each([
    ['{"a":1,"b":{"a":2}}', "the same key in two objects"],
    ['[{"a":1},{"a":2}]', "and in two objects of a list"],
    ['{"a":"a","b":"a"}', "a value like a key"],
    ['{"k:{\\"port\\":80}":{}}', "quotes in a key, as in managedFields"],
    ['{"a":"\\u003c\\u2028"}', "what Go escapes in a value"],
    ['{"a":-12345678901234}', "15 characters of a number"],
    [' { "a" : [ ] }\n', "white space"],
  ])("%s: %s", (text) => {
    expect(proof(text)).toEqual([]);
  });
});

describe("the proof fails, and the scanner decides", () => {
  test.each([
    ['{"a":1,"a":2}', "a key given twice"],
    ['{"a":{"b":1,"c":2,"b":3}}', "deeper"],
    ['{"a":[{"b":1}],"a":[]}', "with other containers between"],
    ['{"\\u0061":1,"a":2}', "a key spelt with an escape"],
    ['{"a\\/b":1,"a/b":2}', "a solidus has two spellings"],
    ['{"a":"\\ud800"}', "half of a pair"],
    ['{"a":"\\uD800"}', "in capitals"],
    ['{"a":1.0}', "a fraction"],
    ['{"a":1e5}', "an exponent"],
    ['{"a":1E5}', "in capitals"],
    ['{"a":9007199254740993}', "beyond 2^53"],
    ['{"a":[1}', "brackets that don't match"],
    ['{"a":1', "no end"],
    ['"abc', "no end of the string"],
    ["]", "an end without a start"],
  ])("%s: %s", (text) => {
    expect(proof(text)).toBeUndefined();
  });

  test("nesting beyond the limit", () => {
    expect(proof("[[[]]]", 3)).toEqual([]);
    expect(proof("[[[[]]]]", 3)).toBeUndefined();
  });

  test("an object with more keys than are compared", () => {
    const keys = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])));
    expect(proof(keys(128))).toEqual([]);
    expect(proof(keys(129))).toBeUndefined();
  });
});

describe("omitted lists", () => {
  const omitted = new OmittedPaths([["request", "object", "metadata", "managedFields"]]);
  const read = (text: string) => parseStrictJson(Buffer.from(text), { omitted }).value;

  test("come out empty", () => {
    expect(
      read('{"request":{"object":{"metadata":{"name":"ä","managedFields":[{"a":[1]},"]"],"labels":{"x":"y"}}}}}'),
    ).toEqual({
      request: { object: { metadata: { name: "ä", managedFields: [], labels: { x: "y" } } } },
    });
  });

  test.each([
    '{"request":{"object":{"spec":{"managedFields":[1]}}}}',
    '{"request":{"object":{"metadata":{"other":{"managedFields":[1]}}}}}',
    '{"request":{"oldObject":{"metadata":{"managedFields":[1]}}}}',
    '{"request":{"object":[{"metadata":{"managedFields":[1]}}]}}',
    '{"request":{"object":{"metadata":{"managedFields":{"a":1}}}}}',
    '{"metadata":{"managedFields":[1]}}',
  ])("only where they are asked for: %s", (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  test("a key given twice is found inside them too", () => {
    expect(() => read('{"request":{"object":{"metadata":{"managedFields":[{"a":1,"a":2}]}}}}')).toThrow(/stands twice/);
  });
});
