/**
 * @module A quick proof that every parser reads a JSON text alike, from its bytes, and where parts of it stand that need
 * not be parsed at all. It costs a fraction of `JSON.parse`, because it builds nothing.
 *
 * The proof says nothing about the grammar: `JSON.parse` does, of the text that is left. It has no false positives: two
 * keys of an object are taken for different only if their bytes hash differently, and keys that could be spelt in two
 * ways are left to the scanner, as is everything else that is rare.
 */

/** Keys from the root to a value that may be left out: `["request", "object", "metadata", "managedFields"]`. */
export type JsonPath = readonly string[];

/** Byte offsets of a list that may be left out: its opening bracket, and what follows its closing one. */
export interface Omission {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LEFT_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const RIGHT_BRACKET = 0x5d;
const LOWER_D = 0x64;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const LEFT_BRACE = 0x7b;
const RIGHT_BRACE = 0x7d;
const TO_LOWER = 0x20;
const SLASH = 0x2f;

/** A number of so many digits is kept exactly by every parser: it is below 2^53. */
const MOST_DIGITS = 15;
/** Keys of one object are compared pairwise; an object with more goes to the scanner. */
const MOST_KEYS = 128;
const DEEPEST = 512;

/** Scratch space, reused: the proof is synchronous and returns before anybody else can start one. */
const keyHashes = new Int32Array((DEEPEST + 1) * MOST_KEYS);
const keyCounts = new Int32Array(DEEPEST + 2);
const lastKeys = new Int32Array(DEEPEST + 2);
const isObject = new Uint8Array(DEEPEST + 2);

/** The paths of one caller, prepared once. */
export class OmittedPaths {
  readonly hashes: readonly Int32Array[];

  constructor(paths: readonly JsonPath[]) {
    this.hashes = paths.map((path) => Int32Array.from(path, (key) => hashOf(new TextEncoder().encode(key))));
  }

  /** Whether the value that starts now, `depth` containers deep, stands at one of the paths. */
  matches(depth: number): boolean {
    return this.hashes.some((path) => {
      if (path.length !== depth) return false;
      for (let level = 0; level < depth; level += 1) if (path[level] !== lastKeys[level + 1]) return false;
      return true;
    });
  }
}

/**
 * Looks for everything that two parsers could read differently: duplicate keys, numbers beyond what a double keeps,
 * escaped surrogates, nesting deeper than `depth` (512 at most).
 * @param bytes UTF-8; anything, valid JSON or not
 * @returns the lists at the omitted paths, in order; undefined means "look closer", never "wrong"
 */
export function proveUnambiguous(bytes: Uint8Array, depth: number, omitted?: OmittedPaths): Omission[] | undefined {
  const omissions: Omission[] = [];
  const deepest = Math.min(depth, DEEPEST);
  const { length } = bytes;
  let level = 0;
  let expectsKey = false;
  let omissionStart = -1;
  let omissionLevel = -1;
  isObject[0] = 0;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      let hash = 0;
      let next = at + 1;
      for (let part = bytes[next] as number; part !== QUOTE; part = bytes[next] as number) {
        if (part === BACKSLASH) {
          const escaped = bytes[next + 1] as number;
          if (escaped === LOWER_U && (expectsKey || ((bytes[next + 2] as number) | TO_LOWER) === LOWER_D))
            return undefined;
          if (escaped === SLASH && expectsKey) return undefined;
          hash = (Math.imul(hash, 31) + escaped) | 0;
          next += 2;
        } else {
          hash = (Math.imul(hash, 31) + part) | 0;
          next += 1;
        }
        if (next >= length) return undefined;
      }
      at = next;
      if (!expectsKey) continue;
      if (!isNewKey(level, hash)) return undefined;
      expectsKey = false;
    } else if (byte === COMMA) {
      expectsKey = isObject[level] === 1;
    } else if (byte === COLON) {
      expectsKey = false;
    } else if (byte === LEFT_BRACE || byte === LEFT_BRACKET) {
      if (level === deepest) return undefined;
      if (byte === LEFT_BRACKET && omissionLevel === -1 && omitted?.matches(level) === true) {
        omissionStart = at;
        omissionLevel = level;
      }
      level += 1;
      keyCounts[level] = 0;
      lastKeys[level] = 0;
      isObject[level] = byte === LEFT_BRACE ? 1 : 0;
      expectsKey = byte === LEFT_BRACE;
    } else if (byte === RIGHT_BRACE || byte === RIGHT_BRACKET) {
      if (level === 0 || (byte === RIGHT_BRACE) !== (isObject[level] === 1)) return undefined;
      level -= 1;
      expectsKey = false;
      if (level !== omissionLevel) continue;
      omissions.push({ start: omissionStart, end: at + 1 });
      omissionLevel = -1;
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      let next = at + 1;
      for (let digit = bytes[next] as number; digit >= ZERO && digit <= NINE; digit = bytes[next] as number) next += 1;
      const after = bytes[next] as number;
      if (next - at > MOST_DIGITS || after === DOT || (after | TO_LOWER) === LOWER_E) return undefined;
      at = next - 1;
    }
  }
  return level === 0 ? omissions : undefined;
}

/** Notes a key of the innermost object; false where another may be the same. */
function isNewKey(level: number, hash: number): boolean {
  const count = keyCounts[level] as number;
  if (count === MOST_KEYS) return false;
  const first = level * MOST_KEYS;
  for (let index = first; index < first + count; index += 1) if (keyHashes[index] === hash) return false;
  keyHashes[first + count] = hash;
  keyCounts[level] = count + 1;
  lastKeys[level] = hash;
  return true;
}

function hashOf(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 0);
}
