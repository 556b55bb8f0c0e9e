/**
 * @module What unquoted YAML text means: only where YAML 1.1, YAML 1.2 and kubectl agree.
 *
 * kubectl reads YAML 1.1 with Go's number syntax (`yes` is true, `0777` is octal, `1_000` a number), most libraries
 * read YAML 1.2 (both are text or another number). Where they differ the text has to be quoted.
 */

/** The unquoted text is read differently by different parsers. */
export const AMBIGUOUS: unique symbol = Symbol("ambiguous");

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
]);

// Booleans of YAML 1.1, merge and value keys, and the words above in spellings that only people understand.
const AMBIGUOUS_WORDS: ReadonlySet<string> = new Set("y n yes no on off true false null = <<".split(" "));
const LONGEST_WORD = 5;

const SIMPLE_INTEGER = /^(?:0|-?[1-9][0-9]*)$/;
const SIMPLE_DECIMAL = /^-?(?:0|[1-9][0-9]*)\.[0-9]+$/;
/** Doubles keep every decimal number of this many digits. */
const EXACT_DIGITS = 15;

// Whatever any resolver takes for a number, once underscores are removed, as kubectl and YAML 1.1 do.
const NUMBER_LIKE: readonly RegExp[] = [
  /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/i,
  /^[-+]?0x[0-9a-f]*$/i,
  /^[-+]?0o[0-7]*$/i,
  /^[-+]?0b[01]*$/i,
  /^[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?$/,
  /^[-+]?\.(?:inf|nan)$/i,
];

// By first character: text whatever follows, the start of one of the words, the start of a number, or a question mark,
// which between brackets starts a key for kubectl and text for others.
const TEXT = 0;
const WORD = 1;
const NUMBER = 2;
const QUESTION = 3;
const KIND_BY_FIRST = new Uint8Array(128);
for (const character of "yYnNtTfFoO~=<") KIND_BY_FIRST[character.charCodeAt(0)] = WORD;
for (const character of "0123456789+-.") KIND_BY_FIRST[character.charCodeAt(0)] = NUMBER;
KIND_BY_FIRST["?".charCodeAt(0)] = QUESTION;

/**
 * The value of an unquoted scalar.
 * @param text the scalar's text, line breaks already folded; empty for a value that was left out
 * @returns the value, or {@link AMBIGUOUS}
 */
export function resolvePlain(text: string): string | number | boolean | null | typeof AMBIGUOUS {
  if (text === "") return null;
  const kind = KIND_BY_FIRST[text.charCodeAt(0)] ?? TEXT;
  if (kind === TEXT) return text;
  if (kind === QUESTION) return AMBIGUOUS;
  return kind === WORD ? resolveWord(text) : resolveNumber(text);
}

function resolveWord(text: string): string | boolean | null | typeof AMBIGUOUS {
  if (text.length > LONGEST_WORD) return text;
  const value = WORDS.get(text);
  if (value !== undefined) return value;
  return AMBIGUOUS_WORDS.has(text.toLowerCase()) ? AMBIGUOUS : text;
}

function resolveNumber(text: string): string | number | typeof AMBIGUOUS {
  const value = Number(text);
  if (SIMPLE_INTEGER.test(text)) return Number.isSafeInteger(value) ? value : AMBIGUOUS;
  // A negative zero is 0 for some and -0 for others.
  if (SIMPLE_DECIMAL.test(text) && countDigits(text) <= EXACT_DIGITS && !Object.is(value, -0)) return value;
  const compact = text.replaceAll("_", "");
  return NUMBER_LIKE.some((pattern) => pattern.test(compact)) ? AMBIGUOUS : text;
}

function countDigits(text: string): number {
  return text.replace(/[-.]/g, "").replace(/^0+/, "").length;
}
