/**
 * @module The line of a finding with a caret below its column, however long or strange the line is.
 */
import { plain } from "./plain-text.ts";

/** UTF-16 units of a line that are shown, and how many of them before the caret where the line is longer. */
const WIDTH = 100;
const BEFORE = 40;

/**
 * Two lines of text for a place in a file.
 * @param text the line, without its end
 * @param line its number, from 1
 * @param column the place of the caret, from 1, in UTF-16 units
 */
export function excerpt(text: string, line: number, column: number): readonly [string, string] {
  const caret = Math.min(column - 1, text.length);
  const start = text.length <= WIDTH ? 0 : Math.max(0, caret - BEFORE);
  const end = start + WIDTH;
  const before = `${start > 0 ? "..." : ""}${visible(text.slice(start, caret))}`;
  const after = `${visible(text.slice(caret, end))}${end < text.length ? "..." : ""}`;
  const margin = String(line);
  return [`${margin} | ${before}${after}`, `${" ".repeat(margin.length)} | ${" ".repeat(before.length)}^`];
}

function visible(text: string): string {
  return plain(text.replaceAll("\t", " ").replaceAll("\r", ""));
}
