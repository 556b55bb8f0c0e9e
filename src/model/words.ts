/**
 * @module Words for messages: lists that stay within a line.
 */

/** The longest description of peers or ports in a fact. */
export const LONGEST_WORDS = 80;

const AND_MORE = " and more";

/**
 * Joins parts as far as they fit: `TCP 80, TCP 443 and more`.
 * @param parts printable texts, user text in them already quoted; read only as far as needed
 * @param limit most characters of the result
 */
export function joinWords(parts: Iterable<string>, limit: number = LONGEST_WORDS): string {
  const fitting: string[] = [];
  let length = 0;
  for (const part of parts) {
    length += part.length + (fitting.length === 0 ? 0 : ", ".length);
    fitting.push(part);
    if (length > limit) return cutList(fitting, limit);
  }
  return fitting.join(", ");
}

/** The list without its last parts, as many as are needed to end in "and more"; a single part is cut itself. */
function cutList(parts: readonly string[], limit: number): string {
  for (let count = parts.length - 1; count > 0; count -= 1) {
    const text = parts.slice(0, count).join(", ") + AND_MORE;
    if (text.length <= limit) return text;
  }
  return shorten(parts[0] ?? "", limit);
}

/** Cuts a text that is too long and marks the cut. */
export function shorten(text: string, limit: number = LONGEST_WORDS): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}
