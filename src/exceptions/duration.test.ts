/**
 * @module Lengths of time, and their words.
 */
import { expect, test } from "@jest/globals";
import { durationWords, parseDuration } from "./duration.ts";

test.each([
  ["90s", 90],
  ["45m", 2700],
  ["72h", 259_200],
  ["30d", 2_592_000],
  ["2w", 1_209_600],
  ["3650d", 315_360_000],
])("%s", (text, seconds) => expect(parseDuration(text)).toBe(seconds));

test.each([
  ["0h", "nothing at all"],
  ["072h", "another spelling"],
  ["3651d", "more than ten years"],
  ["999999999w", "more than ten years"],
  ["9999999999s", "more digits than anybody needs"],
  ["1e3s", "no digits"],
  ["1.5h", "no whole number"],
  ["-1h", "backwards"],
  ["+1h", "a sign"],
  ["1 h", "a space"],
  ["1H", "another letter"],
  ["1y", "years differ"],
  ["1M", "months differ"],
  ["1h30m", "one unit"],
  ["72", "no unit"],
  ["h", "no number"],
  ["72h\n", "a line end"],
  ["٧٢h", "digits that aren't ASCII"],
  ["PT72H", "ISO 8601"],
  ["", "nothing"],
  ["Infinityh", "no end"],
  ["NaNh", "no number"],
])("%s is none: %s", (text) => expect(parseDuration(text)).toBeUndefined());

test.each([
  [259_200, "3 days"],
  [100_800, "1 day 4 hours"],
  [86_405, "1 day"],
  [3661, "1 hour 1 minute"],
  [20, "20 seconds"],
  [1, "1 second"],
  [0, "0 seconds"],
  [-5, "0 seconds"],
])("%d seconds are %s", (seconds, words) => expect(durationWords(seconds)).toBe(words));
