/**
 * @module Words for messages: lists that stay within a line.
 */

/** The longest description of peers or ports in a fact. */
export const LONGEST_WORDS = 80;

/**
 * Joins parts with commas and says how many did not fit: `TCP 80, TCP 443 and 12 more`.
 * @param parts printable texts; user text in them is quoted already
 * @param limit most characters of the result
 */
export function joinWords(parts: readonly string[], limit: number = LONGEST_WORDS): string {
  const whole = parts.join(", ");
  if (whole.length <= limit) return whole;
  for (let count = parts.length - 1; count > 0; count -= 1) {
    const shorter = `${parts.slice(0, count).join(", ")} and ${parts.length - count} more`;
    if (shorter.length <= limit) return shorter;
  }
  return `${whole.slice(0, limit - 3)}...`;
}
