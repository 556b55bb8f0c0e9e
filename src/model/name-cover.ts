/**
 * @module How much of all names a list of patterns covers, so that "every namespace" can't hide in a list such as
 * `a*`, `b*`, ..., `z*`.
 */
import type { TextPattern } from "./traffic.ts";

/** What names are made of for the most part; digits and hyphens are rare enough not to matter. */
const LETTERS: readonly string[] = Array.from("abcdefghijklmnopqrstuvwxyz");
/** Nobody lists that many first letters and means some names. */
const MOST_NAMES = 0.5;
/** A text is judged by its first characters: longer ones tell apart too few names to matter. */
const TELLING_LENGTH = 4;

/** Whether patterns with a wildcard at their end, or those with one at their beginning, cover most names. */
export function coversMostNames(patterns: readonly TextPattern[]): boolean {
  const starts: string[] = [];
  const ends: string[] = [];
  for (const pattern of patterns) {
    if (pattern.match === "prefix") starts.push(pattern.value);
    if (pattern.match === "suffix") ends.push(Array.from(pattern.value.slice(-TELLING_LENGTH)).toReversed().join(""));
  }
  return [starts, ends].some((texts) => shareOfNames(texts, 0) >= MOST_NAMES);
}

/**
 * The share of names that start with one of the texts, 0 to 1.
 * @param length how many first characters the texts have in common
 */
function shareOfNames(texts: readonly string[], length: number): number {
  if (length === TELLING_LENGTH || texts.some((text) => text.length <= length)) return 1;
  const byLetter = Map.groupBy(texts, (text) => text.charAt(length));
  let share = 0;
  for (const letter of LETTERS) {
    const among = byLetter.get(letter);
    if (among !== undefined) share += shareOfNames(among, length + 1);
  }
  return share / LETTERS.length;
}
