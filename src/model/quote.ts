/**
 * @module Quoting of text that came from a user, for messages: nothing in it may break a line, a terminal or a header.
 */

const LONGEST = 60;
// Everything outside printable ASCII, and the quote and backslash themselves.
const UNSAFE = /[^\x20-\x7e]|["\\]/gu;

/**
 * Quotes user text for a message: double quotes, escapes outside printable ASCII, at most 60 characters of it.
 * @param text any string out of an object, a file name or a header
 */
export function quote(text: string): string {
  const shortened = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
  const escaped = shortened.replace(UNSAFE, (character) =>
    character === '"' || character === "\\" ? `\\${character}` : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return `"${escaped}"`;
}
