/**
 * @module The annotations of an exception: what an object asks for, and the approvals that it carries.
 *
 * A workload has them on its own metadata and on its Pod template's: that is how they reach the Pods.
 */
import type { ObjectReading } from "../apis/reading.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import { MOST_GUARDRAILS, NAME, SLUG } from "./approval-claims.ts";
import { DURATION_FORM, parseDuration } from "./duration.ts";
import { parseInstant } from "./instant.ts";

export const PREFIX = "ringfence.dev/";

/** The keys, without {@link PREFIX}. */
export type ExceptionKey =
  | "exception"
  | "exception-reason"
  | "exception-expires"
  | "exception-ttl"
  | "exception-approval"
  | "exception-requester";

const KEYS: ReadonlySet<string> = new Set<ExceptionKey>([
  "exception",
  "exception-reason",
  "exception-expires",
  "exception-ttl",
  "exception-approval",
  "exception-requester",
]);

/** Whatever begins so was meant for us: a key that nobody knows is a mistake in it. */
const FAMILY = `${PREFIX}exception`;

/** Approvals that one object may carry. */
export const MOST_APPROVALS = 5;
/** Characters of one approval. */
export const LONGEST_APPROVAL = 8192;
export const LONGEST_REASON = 1000;

export interface ExceptionAnnotations {
  /** JSON Pointer of the annotations that were read: the object's own, else the Pod template's. */
  readonly pointer: string;
  /** Slugs, without repetitions, in the order in which they are written. */
  readonly guardrails: readonly string[];
  readonly reason: string;
  /** Seconds since 1970; null where it isn't said, or not in the one form that counts (a defect then). */
  readonly expires: number | null;
  /** Seconds; null as above. */
  readonly ttl: number | null;
  /** Who asks; empty where it isn't said. */
  readonly requester: string;
  /** Compact JWS, not verified. */
  readonly approvals: readonly string[];
}

export interface AnnotationDefect {
  readonly pointer: string;
  /** One sentence, safe to print. */
  readonly detail: string;
}

export interface ExceptionReading {
  readonly annotations: ExceptionAnnotations;
  /** With any of them, the exception doesn't count. */
  readonly defects: readonly AnnotationDefect[];
}

/** JSON Pointers of every metadata of an object that may carry an exception: its own first. */
export function metadataPointers(reading: ObjectReading): readonly string[] {
  const job = reading.jobTemplate === undefined ? [] : [reading.jobTemplate.pointer];
  const pods = (reading.pods ?? []).map(({ metadataPointer }) => metadataPointer);
  return [...new Set(["/metadata", ...job, ...pods])];
}

/**
 * Reads the exception that an object carries.
 * @param pointers of its metadata, see {@link metadataPointers}
 * @returns null for an object without any such annotation
 */
export function readException(object: JsonObject, pointers: readonly string[]): ExceptionReading | null {
  const places: Place[] = [];
  for (const pointer of pointers) {
    const place = placeAt(object, pointer);
    if (place !== undefined) places.push(place);
  }
  const [first] = places;
  if (first === undefined) return null;
  const defects: AnnotationDefect[] = [];
  for (const other of places.slice(1)) noteDifferences(first, other, defects);
  return { annotations: readPlace(first, defects), defects };
}

/** The annotations of one metadata that are an exception's, by their whole key. */
interface Place {
  readonly pointer: string;
  readonly values: ReadonlyMap<string, JsonValue>;
}

function placeAt(object: JsonObject, metadata: string): Place | undefined {
  const pointer = `${metadata}/annotations`;
  let value: JsonValue | undefined = object;
  for (const key of pointer.slice(1).split("/")) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  if (!isJsonObject(value)) return undefined;
  const values = new Map<string, JsonValue>();
  for (const [key, text] of Object.entries(value)) if (key.startsWith(FAMILY)) values.set(key, text ?? null);
  return values.size === 0 ? undefined : { pointer, values };
}

function noteDifferences(first: Place, other: Place, defects: AnnotationDefect[]): void {
  for (const key of new Set([...first.values.keys(), ...other.values.keys()])) {
    if (first.values.get(key) === other.values.get(key)) continue;
    defects.push({
      pointer: pointerTo(other, key),
      detail: `${quote(key)} is not the same as on the object's own metadata`,
    });
  }
}

/** `/metadata/annotations/ringfence.dev~1exception-ttl`. */
function pointerTo(place: Place, key: string): string {
  return `${place.pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function readPlace(place: Place, defects: AnnotationDefect[]): ExceptionAnnotations {
  const reader = new PlaceReader(place, defects);
  reader.refuseUnknownKeys();
  return {
    pointer: place.pointer,
    guardrails: reader.guardrails(),
    reason: reader.reason(),
    expires: reader.expires(),
    ttl: reader.ttl(),
    requester: reader.requester(),
    approvals: reader.approvals(),
  };
}

class PlaceReader {
  readonly #place: Place;
  readonly #defects: AnnotationDefect[];

  constructor(place: Place, defects: AnnotationDefect[]) {
    this.#place = place;
    this.#defects = defects;
  }

  refuseUnknownKeys(): void {
    for (const key of this.#place.values.keys()) {
      const known = KEYS.has(key.slice(PREFIX.length));
      if (!known) this.#refuse(key, `${quote(key)} is no annotation of an exception`);
    }
  }

  guardrails(): readonly string[] {
    const text = this.#text("exception");
    if (text === undefined) {
      this.#refuse(`${PREFIX}exception`, `the exception names no guardrail: ${PREFIX}exception is missing`);
      return [];
    }
    const slugs = text.split(",").map((slug) => slug.replace(/^ +| +$/g, ""));
    const wrong = slugs.find((slug) => !SLUG.test(slug));
    if (wrong !== undefined) this.#refuseValue("exception", wrong, "no name of a guardrail (any-any,any-port)");
    if (slugs.length > MOST_GUARDRAILS) this.#refuseValue("exception", text, `longer than ${MOST_GUARDRAILS} names`);
    return [...new Set(slugs.filter((slug) => SLUG.test(slug)))].slice(0, MOST_GUARDRAILS);
  }

  reason(): string {
    const text = this.#text("exception-reason") ?? "";
    if (text.length <= LONGEST_REASON) return text;
    this.#refuseValue("exception-reason", text, `longer than ${LONGEST_REASON} characters`);
    return "";
  }

  expires(): number | null {
    const text = this.#text("exception-expires");
    if (text === undefined) return null;
    const seconds = parseInstant(text);
    if (seconds === undefined) this.#refuseValue("exception-expires", text, "no time like 2026-12-03T10:00:00Z");
    return seconds ?? null;
  }

  ttl(): number | null {
    const text = this.#text("exception-ttl");
    if (text === undefined) return null;
    const seconds = parseDuration(text);
    if (seconds === undefined) this.#refuseValue("exception-ttl", text, `no length of time: ${DURATION_FORM}`);
    return seconds ?? null;
  }

  requester(): string {
    const text = this.#text("exception-requester") ?? "";
    if (text === "" || NAME.test(text)) return text;
    this.#refuseValue("exception-requester", text, "no name in printable ASCII");
    return "";
  }

  approvals(): readonly string[] {
    const text = this.#text("exception-approval");
    if (text === undefined) return [];
    // Split with a limit: what is too much isn't looked at.
    const tokens = text.split(" ", MOST_APPROVALS + 1);
    if (tokens.length > MOST_APPROVALS) {
      this.#refuseText("exception-approval", `more than ${MOST_APPROVALS} approvals`);
      return [];
    }
    if (tokens.some((token) => token === "" || token.length > LONGEST_APPROVAL)) {
      const form = `one or more approvals of at most ${LONGEST_APPROVAL} characters, with one space between them`;
      this.#refuseText("exception-approval", `not ${form}`);
      return [];
    }
    return tokens;
  }

  #text(key: ExceptionKey): string | undefined {
    const value = this.#place.values.get(PREFIX + key);
    if (value === undefined || typeof value === "string") return value;
    this.#refuseText(key, "no text: put it in quotes");
    return undefined;
  }

  #refuseValue(key: ExceptionKey, value: string, why: string): void {
    this.#refuseText(key, `${quote(value)}: ${why}`);
  }

  #refuseText(key: ExceptionKey, why: string): void {
    this.#refuse(PREFIX + key, `${PREFIX}${key} is ${why}`);
  }

  #refuse(key: string, detail: string): void {
    this.#defects.push({ pointer: pointerTo(this.#place, key), detail });
  }
}
