/**
 * @module Times: test/tables/exceptions/instants.yaml, in three time zones, because a zone must never matter.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { load } from "js-yaml";
import { ROOT } from "../engine/shipped-files.ts";
import { EARLIEST_INSTANT, formatInstant, isInstant, LATEST_INSTANT, parseInstant } from "./instant.ts";

interface Row {
  readonly text: string;
  readonly seconds: number | null;
  readonly why: string;
}

const ROWS = load(readFileSync(join(ROOT, "test/tables/exceptions/instants.yaml"), "utf8")) as readonly Row[];
const ZONE = process.env["TZ"];

afterEach(() => {
  if (ZONE === undefined) delete process.env["TZ"];
  else process.env["TZ"] = ZONE;
});

describe.each(["UTC", "Pacific/Apia", "America/St_Johns"])("times in %s", (zone) => {
  test.each(ROWS)("$text: $why", ({ text, seconds }) => {
    process.env["TZ"] = zone;
    expect(parseInstant(text) ?? null).toBe(seconds);
  });
});

test("what is written is read again as the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: EARLIEST_INSTANT, max: LATEST_INSTANT }), (seconds) => {
      expect(parseInstant(formatInstant(seconds))).toBe(seconds);
    }),
  );
});

test("nothing else than the form is a time, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.string(),
      (text) => parseInstant(text) === undefined || formatInstant(parseInstant(text) ?? 0) === text,
    ),
  );
});

test.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1.5,
  -1,
  0,
  1e18,
  EARLIEST_INSTANT - 1,
  LATEST_INSTANT + 1,
  "1796292000",
  null,
])("%s is no moment", (value) => expect(isInstant(value)).toBe(false));
