/**
 * @module JSON that every parser reads alike: bytes in, one value out, or an error with its place.
 *
 * Go's decoders merge objects under a duplicate key, keep the first of `x, null` and keep 64-bit integers;
 * `JSON.parse` does none of this. So such input is refused, never interpreted.
 */
import { IntakeError } from "./document.ts";
import type { Position } from "./document.ts";
import { type Omission, type OmittedPaths, proveUnambiguous } from "./json-proof.ts";
import { scanJson } from "./json-scanner.ts";
import type { JsonValue } from "./json-value.ts";
import { PlaceBuilder } from "./places.ts";
import { decodeUtf8, positionAt } from "./text.ts";

/** Depth at which a later stage (WASM, serialisation) could run out of stack is in the thousands. */
const DEFAULT_DEPTH = 512;

export interface StrictJsonOptions {
  /** Name for errors; `request` if absent. */
  readonly source?: string;
  /** Lists and objects inside each other; 512 if absent. */
  readonly depth?: number;
  /** Lists that nobody reads: they come out empty where the quick proof succeeds. */
  readonly omitted?: OmittedPaths;
}

export interface StrictJson {
  readonly value: JsonValue;
  /** The text as it was received. */
  readonly text: string;
}

/**
 * Reads one JSON value. Text as an API server writes it costs little more than `JSON.parse`; anything else goes through
 * a scanner.
 * @throws {IntakeError} for everything that isn't exactly one unambiguous value; never another error
 */
export function parseStrictJson(bytes: Uint8Array, options: StrictJsonOptions = {}): StrictJson {
  const { source = "request", depth = DEFAULT_DEPTH, omitted } = options;
  const text = decodeUtf8(bytes, source);
  const omissions = proveUnambiguous(bytes, depth, omitted);
  const proven = omissions === undefined ? undefined : parseProven(bytes, text, omissions);
  if (proven !== undefined) return { value: proven, text };
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

/** The value without the omitted lists; undefined where the text is no JSON: the scanner says what and where. */
function parseProven(bytes: Uint8Array, text: string, omissions: readonly Omission[]): JsonValue | undefined {
  try {
    return JSON.parse(omissions.length === 0 ? text : withoutLists(bytes, omissions)) as JsonValue;
  } catch {
    return undefined;
  }
}

function withoutLists(bytes: Uint8Array, omissions: readonly Omission[]): string {
  let text = "";
  let at = 0;
  for (const { start, end } of omissions) {
    text += `${decoder.decode(bytes.subarray(at, start))}[]`;
    at = end;
  }
  return text + decoder.decode(bytes.subarray(at));
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseScanned(text: string, source: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new IntakeError("syntax", "this is not JSON", source, { line: 1, column: 1 });
  }
}
