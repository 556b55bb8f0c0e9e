/**
 * @module JSON that every parser reads alike: bytes in, one value out, or an error with its place.
 *
 * Go's decoders merge objects under a duplicate key, keep the first of `x, null` and keep 64-bit integers;
 * `JSON.parse` does none of this. So such input is refused, never interpreted.
 */
import { IntakeError } from "./document.ts";
import type { Position } from "./document.ts";
import { scanJson } from "./json-scanner.ts";
import type { JsonValue } from "./json-value.ts";
import { PlaceBuilder } from "./places.ts";
import { decodeUtf8, positionAt } from "./text.ts";

/** Depth at which a later stage (WASM, serialisation) could run out of stack is in the thousands. */
const DEFAULT_DEPTH = 512;

/** Below so many bytes no nesting is worth a look before parsing. */
const SHORT = 64 * 1024;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const BRACKET_TO_BRACE = 0x20;

// What Go's encoder writes escaped by default and JSON.stringify doesn't.
const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

export interface StrictJsonOptions {
  /** Name for errors; `request` if absent. */
  readonly source?: string;
  /** Lists and objects inside each other; 512 if absent. */
  readonly depth?: number;
}

export interface StrictJson {
  readonly value: JsonValue;
  /** The text as it was received. */
  readonly text: string;
}

/**
 * Reads one JSON value. Text as an API server writes it costs little more than `JSON.parse` and `JSON.stringify`;
 * anything else goes through a scanner.
 * @throws {IntakeError} for everything that isn't exactly one unambiguous value; never another error
 */
export function parseStrictJson(bytes: Uint8Array, options: StrictJsonOptions = {}): StrictJson {
  const { source = "request", depth = DEFAULT_DEPTH } = options;
  const text = decodeUtf8(bytes, source);
  const canonical = looksLikeBomb(bytes, depth) ? undefined : parseCanonical(text, depth);
  if (canonical !== undefined) return { value: canonical, text };
  scanJson(text, { source, depth });
  return { value: parseScanned(text, source), text };
}

/**
 * Where a JSON Pointer stands in a JSON text that `parseStrictJson` accepted; the nearest ancestor if it is absent.
 * An entry of an object stands at its key.
 */
export function locateJson(text: string, pointer: string): Position {
  return positionAt(text, placesInJson(text).find(pointer));
}

/** Offsets of all values of a JSON text that `parseStrictJson` accepted. */
export function placesInJson(text: string): PlaceBuilder {
  const places = new PlaceBuilder();
  scanJson(text, { source: "", depth: Number.POSITIVE_INFINITY, places });
  return places;
}

/**
 * True if a long text may be nested too deep: parsing that could take seconds and a gigabyte. Brackets in strings are
 * counted as well, so this only decides which way the text goes.
 */
function looksLikeBomb(bytes: Uint8Array, depth: number): boolean {
  if (bytes.length < SHORT) return false;
  let open = 0;
  // An index, because an iterator takes several times as long here.
  for (let index = 0; index < bytes.length; index += 1) {
    const kind = (bytes[index] ?? 0) | BRACKET_TO_BRACE;
    if (kind === OPENING) open += 1;
    else if (kind === CLOSING) open -= 1;
    if (open > depth) return true;
  }
  return false;
}

/**
 * The value, if the text is what an encoder would write for it. Then it has no duplicate key, no odd number and
 * nothing after the value: any of them would make the two texts differ. Undefined means "look closer".
 */
function parseCanonical(text: string, depth: number): JsonValue | undefined {
  // The only thing that JSON.stringify writes as it was read and that is no text: an escaped half of a pair.
  if (text.includes("\\ud")) return undefined;
  try {
    const value = JSON.parse(text) as JsonValue;
    return isWritten(text, JSON.stringify(value)) && isWithin(value, depth) ? value : undefined;
  } catch {
    // A SyntaxError, or a RangeError from a bomb: the scanner says which and where.
    return undefined;
  }
}

function isWritten(text: string, written: string): boolean {
  if (text === written || isWithLineEnd(text, written)) return true;
  if (!text.includes("\\u")) return false;
  const asGo = written.replace(
    ESCAPED_BY_GO,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text === asGo || isWithLineEnd(text, asGo);
}

// Go's encoder ends its output with a line feed. Comparing a slice is several times faster here than startsWith.
function isWithLineEnd(text: string, written: string): boolean {
  return text.length === written.length + 1 && text.endsWith("\n") && text.slice(0, -1) === written;
}

/** True if nothing is nested deeper and no number lies beyond ±(2^53-1). */
function isWithin(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (isList(value)) {
    for (const item of value) if (!isWithin(item, depth - 1)) return false;
    return true;
  }
  for (const key in value) if (!isWithin(value[key], depth - 1)) return false;
  return true;
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function parseScanned(text: string, source: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new IntakeError("syntax", "this is not JSON", source, { line: 1, column: 1 });
  }
}
