/**
 * @module Lengths of time in exceptions and their settings: `90s`, `45m`, `72h`, `30d`, `2w`.
 */
const SPELLING = /^([1-9][0-9]{0,8})(s|m|h|d|w)$/;
const UNITS: ReadonlyMap<string, number> = new Map([
  ["s", 1],
  ["m", 60],
  ["h", 3600],
  ["d", 86_400],
  ["w", 604_800],
]);

/** Ten years. Longer ones are mistakes, and no exception lives so long. */
export const LONGEST_DURATION = 3650 * 86_400;

/** How to write one, for messages. */
export const DURATION_FORM = "a number and s, m, h, d or w: 72h, 3d";

/**
 * Reads a length of time.
 * @returns seconds, or undefined for any other spelling, nothing at all (`0h`), and more than ten years
 */
export function parseDuration(text: string): number | undefined {
  const [, digits = "", unit = ""] = SPELLING.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS.get(unit) ?? 0);
  return seconds >= 1 && seconds <= LONGEST_DURATION ? seconds : undefined;
}

/** Seconds as people say them, in the two largest units: `3 days`, `1 day 4 hours`, `20 seconds`. */
export function durationWords(seconds: number): string {
  const words: string[] = [];
  let rest = Math.max(0, Math.floor(seconds));
  for (const [name, length] of [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) words.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    // Days and seconds together tell nobody more.
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.length === 0 ? "0 seconds" : words.join(" ");
}
