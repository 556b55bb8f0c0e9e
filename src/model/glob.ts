/**
 * @module Globs as deployment tools write them (`*`, `**`, `?`, `[a-z]`, `{a,b}`, `\` before a literal), matched without
 * backtracking: a pattern of the user's must not cost more than its length times the text's.
 */

interface Token {
  /** `many` is any number of characters; `one` is one character that `accepts` takes. */
  readonly kind: "many" | "one";
  readonly accepts: (character: string) => boolean;
}

/** Counts the work, for callers that bound it. */
export interface Meter {
  steps: number;
}

const LONGEST_PATTERN = 1000;
const MOST_ALTERNATIVES = 64;

/**
 * A matcher for a glob.
 * @param separator what `*` and `?` don't match; undefined where they match everything
 * @param meter goes up with every match
 * @returns undefined for a pattern that is no glob, or too large to be read: nobody knows what it accepts
 */
export function parseGlob(
  pattern: string,
  separator?: string,
  meter: Meter = { steps: 0 },
): ((text: string) => boolean) | undefined {
  if (pattern.length > LONGEST_PATTERN) return undefined;
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) return undefined;
  const matchers: Token[][] = [];
  for (const alternative of alternatives) {
    const tokens = tokensOf(alternative, separator);
    if (tokens === undefined) return undefined;
    matchers.push(tokens);
  }
  return (text) => matchers.some((tokens) => matches(tokens, text, meter));
}

/** `a{b,c}d` as `abd` and `acd`; undefined where braces don't pair or give too many. */
function expandBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = [];
  const waiting = [pattern];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    const group = firstGroup(text);
    if (group === "broken" || done.length + waiting.length > MOST_ALTERNATIVES) return undefined;
    if (group === undefined) done.push(text);
    else
      for (const option of group.options)
        waiting.push(`${text.slice(0, group.start)}${option}${text.slice(group.end)}`);
  }
  return done;
}

interface Group {
  readonly start: number;
  readonly end: number;
  readonly options: readonly string[];
}

/** The first pair of braces, with the texts between its outermost commas. */
function firstGroup(text: string): Group | "broken" | undefined {
  let depth = 0;
  let start = 0;
  let optionStart = 0;
  const options: string[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "\\") index += 1;
    else if (character === "{") {
      depth += 1;
      if (depth === 1) [start, optionStart] = [index, index + 1];
    } else if (character === "," && depth === 1) {
      options.push(text.slice(optionStart, index));
      optionStart = index + 1;
    } else if (character === "}") {
      depth -= 1;
      if (depth < 0) return "broken";
      if (depth === 0) return { start, end: index + 1, options: [...options, text.slice(optionStart, index)] };
    }
  }
  return depth === 0 ? undefined : "broken";
}

function tokensOf(pattern: string, separator: string | undefined): Token[] | undefined {
  const inside = (character: string) => character !== separator;
  const tokens: Token[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index] ?? "";
    if (character === "*") {
      const crosses = pattern[index + 1] === "*";
      if (crosses) index += 1;
      tokens.push({ kind: "many", accepts: crosses ? () => true : inside });
    } else if (character === "?") tokens.push({ kind: "one", accepts: inside });
    else if (character === "[") {
      const close = pattern.indexOf("]", index + 2);
      if (close === -1) return undefined;
      tokens.push({ kind: "one", accepts: characterClass(pattern.slice(index + 1, close)) });
      index = close;
    } else {
      const literal = character === "\\" ? (pattern[(index += 1)] ?? "\\") : character;
      tokens.push({ kind: "one", accepts: (found) => found === literal });
    }
  }
  return tokens;
}

/** `a-z`, `abc`, or the same after `!` or `^` for all others. */
function characterClass(text: string): (character: string) => boolean {
  const negated = text.startsWith("!") || text.startsWith("^");
  const members = negated ? text.slice(1) : text;
  const isMember = (character: string): boolean => {
    for (let index = 0; index < members.length; index += 1) {
      const from = members[index] ?? "";
      const to = members[index + 1] === "-" ? members[index + 2] : undefined;
      if (to === undefined ? character === from : character >= from && character <= to) return true;
      if (to !== undefined) index += 2;
    }
    return false;
  };
  return negated ? (character) => !isMember(character) : isMember;
}

/** Which prefixes of the text the tokens so far can match, token by token. */
function matches(tokens: readonly Token[], text: string, meter: Meter): boolean {
  let reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (const { kind, accepts } of tokens) {
    meter.steps += text.length + 1;
    const next = new Uint8Array(text.length + 1);
    let found = false;
    for (let at = 0; at <= text.length; at += 1) {
      // One character of the text, taken by this token after a place that is reached, or after one of its own.
      const before = at > 0 && (reached[at - 1] === 1 || (kind === "many" && next[at - 1] === 1));
      const taken = before && accepts(text[at - 1] ?? "");
      if (taken || (kind === "many" && reached[at] === 1)) {
        next[at] = 1;
        found = true;
      }
    }
    if (!found) return false;
    reached = next;
  }
  return reached[text.length] === 1;
}
