/**
 * @module From the YAML parser's events to a JSON value, by the strict rules: nothing that two parsers read differently.
 */
import type { Event, MappingEvent, ScalarEvent, SequenceEvent } from "js-yaml";
import { EVENT_ID, getScalarValue, SCALAR_STYLE, COLLECTION_STYLE } from "js-yaml";
import { quote } from "../model/quote.ts";
import type { IntakeErrorCode } from "./document.ts";
import type { JsonValue } from "./json-value.ts";
import type { IntakeLimits } from "./limits.ts";
import { AMBIGUOUS, resolvePlain } from "./plain-scalar.ts";
import type { YamlProblem } from "./yaml-problem.ts";

const ABSENT = -1;
/** Problems reported for one document; the rest is noise. */
const MOST_PROBLEMS = 20;

// Escapes in raw double-quoted text; an even number of backslashes in front are backslashes.
const BEYOND_UNICODE = /(?<!\\)(?:\\\\)*\\U(?!000|0010)/;
// kubectl keeps the line break of the empty line, YAML 1.2 doesn't.
const CONTINUED_BY_EMPTY_LINE = /(?<!\\)(?:\\\\)*\\\r?\n[ \t]*\r?\n/;
const EMPTY_CONTINUATION =
  "parsers disagree on an empty line after a backslash at the end of a line; write \\n instead";
const NO_CHARACTER = "an escape in this text stands for no character; write the character itself";
const EMPTY_IN_FLOW = "an entry between these brackets has no value; write null, and a space after every colon";

type Writable = Record<string, JsonValue>;

interface Frame {
  readonly list: JsonValue[] | undefined;
  readonly object: Writable | undefined;
  readonly isFlow: boolean;
  readonly start: number;
  key: string | undefined;
}

export interface YamlContent {
  /** Undefined if the document holds nothing but comments. */
  readonly value: JsonValue | undefined;
  /** In the order of the text; if there is any, the value must not be used. */
  readonly problems: readonly YamlProblem[];
}

/** Builds the value of the one document that `events` describe. */
export function buildValue(text: string, events: readonly Event[], limits: IntakeLimits): YamlContent {
  return new ValueBuilder(text, limits).build(events);
}

class ValueBuilder {
  readonly #text: string;
  readonly #limits: IntakeLimits;
  readonly #frames: Frame[] = [];
  readonly #problems: YamlProblem[] = [];
  #root: JsonValue | undefined;
  #nodes = 0;
  #isUnreadable = false;

  constructor(text: string, limits: IntakeLimits) {
    this.#text = text;
    this.#limits = limits;
  }

  build(events: readonly Event[]): YamlContent {
    for (const event of events) {
      if (this.#isUnreadable || this.#problems.length >= MOST_PROBLEMS) break;
      this.#take(event);
    }
    return { value: this.#root, problems: this.#problems };
  }

  #take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.SCALAR:
        this.#refuseProperties(event);
        this.#takeScalar(event);
        break;
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        this.#refuseProperties(event);
        this.#open(event);
        break;
      case EVENT_ID.ALIAS:
        this.#giveUp("syntax", "write the value out instead of an alias (*name)", event.anchorStart - 1);
        break;
      case EVENT_ID.POP:
        this.#frames.pop();
        break;
      case EVENT_ID.DOCUMENT:
        break;
    }
  }

  #open(event: MappingEvent | SequenceEvent): void {
    const parent = this.#frames.at(-1);
    if (parent?.object !== undefined && parent.key === undefined) {
      this.#giveUp("syntax", "a list or an object can't be a key", event.start);
      return;
    }
    if (this.#frames.length === this.#limits.depth) {
      this.#giveUp("too-deep", tooDeep(this.#limits), event.start);
      return;
    }
    const list: JsonValue[] | undefined = event.type === EVENT_ID.SEQUENCE ? [] : undefined;
    const object: Writable | undefined = list === undefined ? {} : undefined;
    this.#add(list ?? object ?? null, event.start);
    const isFlow = event.style === COLLECTION_STYLE.FLOW;
    this.#frames.push({ list, object, isFlow, start: event.start, key: undefined });
  }

  #takeScalar(event: ScalarEvent): void {
    const parent = this.#frames.at(-1);
    if (parent === undefined && event.valueStart === ABSENT) return;
    const value = this.#resolve(event, parent);
    if (parent?.object !== undefined && parent.key === undefined) this.#takeKey(event, parent, value);
    else this.#add(value, event.valueStart === ABSENT ? (parent?.start ?? 0) : event.valueStart);
  }

  #resolve(event: ScalarEvent, parent: Frame | undefined): JsonValue {
    if (event.valueStart === ABSENT) {
      // Also the sign of a missing space: {a:1} is the key "a:1" with no value.
      if (parent?.isFlow === true) this.#report("ambiguous", EMPTY_IN_FLOW, parent.start);
      return null;
    }
    const text = getScalarValue(this.#text, event);
    if (event.style !== SCALAR_STYLE.PLAIN) {
      if (!event.fast && event.style === SCALAR_STYLE.DOUBLE_QUOTED) this.#checkEscapes(event, text);
      return text;
    }
    const value = resolvePlain(text);
    if (value !== AMBIGUOUS) return value;
    this.#report("ambiguous", ambiguous(text), event.valueStart);
    return text;
  }

  #checkEscapes(event: ScalarEvent, text: string): void {
    const raw = this.#text.slice(event.valueStart, event.valueEnd);
    if (!text.isWellFormed() || BEYOND_UNICODE.test(raw)) this.#report("character", NO_CHARACTER, event.valueStart);
    const continuation = CONTINUED_BY_EMPTY_LINE.exec(raw);
    if (continuation !== null) this.#report("ambiguous", EMPTY_CONTINUATION, event.valueStart + continuation.index);
  }

  #takeKey(event: ScalarEvent, parent: Frame, value: JsonValue): void {
    const offset = event.valueStart === ABSENT ? parent.start : event.valueStart;
    const key = typeof value === "string" ? value : getScalarValue(this.#text, event);
    if (key === "" && value === null) {
      this.#report("ambiguous", "a key is missing before a colon", offset);
    } else if (typeof value !== "string") {
      this.#report("ambiguous", `the key ${quote(key)} is no text for every parser: put it in quotes`, offset);
    }
    if (parent.object !== undefined && Object.hasOwn(parent.object, key)) {
      const message = `the key ${quote(key)} stands twice in the same object; parsers disagree on which one counts`;
      this.#report("duplicate-key", message, offset);
    }
    parent.key = key;
  }

  #add(value: JsonValue, offset: number): void {
    this.#nodes += 1;
    if (this.#nodes > this.#limits.nodes) {
      const message = `more than ${this.#limits.nodes} values in one document; split it, or raise the limit`;
      this.#giveUp("too-many", message, offset);
    }
    const parent = this.#frames.at(-1);
    if (parent === undefined) {
      this.#root = value;
    } else if (parent.list !== undefined) {
      parent.list.push(value);
    } else if (parent.object !== undefined && parent.key !== undefined) {
      setOwn(parent.object, parent.key, value);
      parent.key = undefined;
    }
  }

  #refuseProperties(event: { anchorStart: number; tagStart: number }): void {
    if (event.tagStart !== ABSENT) {
      this.#report("syntax", "remove the tag (!...): parsers disagree on what it does", event.tagStart);
    }
    if (event.anchorStart !== ABSENT) {
      this.#report(
        "syntax",
        "remove the anchor (&name) and write the value out where it is used",
        event.anchorStart - 1,
      );
    }
  }

  /** Reports a problem behind which the rest of the document means nothing. */
  #giveUp(code: IntakeErrorCode, message: string, offset: number): void {
    this.#report(code, message, offset);
    this.#isUnreadable = true;
  }

  #report(code: IntakeErrorCode, message: string, offset: number): void {
    this.#problems.push({ code, message, offset });
  }
}

/** Message for a document that exceeds the depth limit. */
export function tooDeep(limits: IntakeLimits): string {
  return `more than ${limits.depth} objects or lists inside each other`;
}

function ambiguous(text: string): string {
  if (text === "<<") return 'the merge key "<<" is merged by some parsers only; write the fields out';
  if (text.startsWith("?")) return `parsers disagree on whether ${quote(text)} starts a key: put it in quotes`;
  if (/^[-+]?[0-9]/.test(text)) {
    return `parsers disagree on the number ${quote(text)}: write plain decimal digits, or put it in quotes if it is text`;
  }
  return `parsers disagree on whether ${quote(text)} is text: put it in quotes if it is`;
}

/** Assignment that makes `__proto__` an ordinary key. */
function setOwn(object: Writable, key: string, value: JsonValue): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}
