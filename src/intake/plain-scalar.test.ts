/**
 * @module Unquoted text, tried against the resolvers that others use.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { CORE_SCHEMA, load, YAML11_SCHEMA } from "js-yaml";
import { parse } from "yaml";
import { AMBIGUOUS, resolvePlain } from "./plain-scalar.ts";

const RESOLVERS: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ["js-yaml, YAML 1.2", (text: string) => load(text, { schema: CORE_SCHEMA })],
  ["js-yaml, YAML 1.1", (text: string) => load(text, { schema: YAML11_SCHEMA })],
  ["yaml, YAML 1.2", (text: string) => parse(text, { version: "1.2" })],
  ["yaml, YAML 1.1", (text: string) => parse(text, { version: "1.1" })],
]);

const NUMERIC = fc.string({
  unit: fc.constantFrom(..."0123456789_+-.:xobeEXOBafF".split("")),
  minLength: 1,
  maxLength: 7,
});
const WORDS = fc
  .constantFrom("true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan", "~", "=", "<<")
  .chain((word) => fc.mixedCase(fc.constant(word)));

/** Dates, text for kubectl although YAML 1.1 has a type for them; and "." and "e5", which `yaml` alone takes for NaN. */
function isKnownException(value: unknown): boolean {
  return value instanceof Date || Number.isNaN(value);
}

test("what we read, every resolver reads alike", () => {
  fc.assert(
    fc.property(fc.oneof(NUMERIC, WORDS), (text) => {
      const value = resolvePlain(text);
      // No scalar but a piece of structure: a list's dash, a key's colon, where a document starts or ends.
      fc.pre(!/^(?:-|---|\.\.\.)(?:$|\s)|:$/.test(text));
      if (value === AMBIGUOUS) return;
      for (const [name, resolve] of RESOLVERS) {
        const other = resolve(text);
        if (!isKnownException(other)) expect({ name, text, value: other }).toEqual({ name, text, value });
      }
    }),
    { numRuns: 5_000 },
  );
});

test("ordinary words stay text", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9./-]{5,40}$/), (text) => {
      expect(resolvePlain(text)).toBe(text);
    }),
  );
});
