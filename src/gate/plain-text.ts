/**
 * @module Text from files and file names, made harmless for a terminal or a log.
 */

const UNSAFE = /[^\x20-\x7e]/gu;

/** Escapes everything outside printable ASCII; nothing is cut. */
export function plain(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
