/**
 * @module Moments in exceptions: one spelling, or none. `Date.parse` takes "1", "Jan 1 2099", 30 February and times
 * without a zone; an exception whose end is read differently by two programs doesn't end.
 */

/** RFC 3339 with whole seconds in UTC; JavaScript's `$` without the flag m is the very end of the text. */
const SPELLING = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/** 2020-01-01T00:00:00Z and 2100-12-31T23:59:59Z: before and after it nobody asks for an exception. */
export const EARLIEST_INSTANT = Date.UTC(2020, 0, 1) / 1000;
export const LATEST_INSTANT = Date.UTC(2101, 0, 1) / 1000 - 1;

/**
 * Reads `2026-12-03T10:00:00Z`.
 * @returns seconds since 1970, or undefined for every other spelling, for days and hours that don't exist, and outside
 *   the years 2020 to 2100
 */
export function parseInstant(text: string): number | undefined {
  if (!SPELLING.test(text)) return undefined;
  const seconds = Date.parse(text) / 1000;
  // Written back and compared, because 30 February and 24:00 are read as the next day.
  return isInstant(seconds) && formatInstant(seconds) === text ? seconds : undefined;
}

/** Whether a number, say a claim of a token, is a moment that an exception may name: whole seconds, 2020 to 2100. */
export function isInstant(seconds: unknown): seconds is number {
  return (
    typeof seconds === "number" &&
    Number.isSafeInteger(seconds) &&
    seconds >= EARLIEST_INSTANT &&
    seconds <= LATEST_INSTANT
  );
}

/** Writes seconds since 1970 as `2026-12-03T10:00:00Z`. */
export function formatInstant(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
