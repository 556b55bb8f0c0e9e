/**
 * @module A JSON grammar check that says where and why, and finds what `JSON.parse` accepts in silence: a key given
 * twice, numbers that lose precision, lone surrogates, nesting that exhausts a later stage.
 */
import type { IntakeErrorCode } from "./document.ts";
import { IntakeError } from "./document.ts";
import type { PlaceBuilder } from "./places.ts";
import { quote } from "../model/quote.ts";
import { positionAt } from "./text.ts";

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const WHITESPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex
const STRING_STOP = /["\\\u0000-\u001f]/g;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

interface OpenContainer {
  readonly closer: "}" | "]";
  /** Keys seen so far; lists have none. */
  readonly keys: Set<string> | undefined;
}

export interface JsonScanOptions {
  /** Name for errors. */
  readonly source: string;
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Filled with the offset of every value. */
  readonly places?: PlaceBuilder;
}

/**
 * Checks that a text is exactly one JSON value that every parser reads alike.
 * @throws {IntakeError} `empty`, `syntax`, `duplicate-key`, `ambiguous`, `character` or `too-deep`, with the position
 */
export function scanJson(text: string, options: JsonScanOptions): void {
  new JsonScanner(text, options).scan();
}

class JsonScanner {
  readonly #text: string;
  readonly #options: JsonScanOptions;
  readonly #open: OpenContainer[] = [];
  #offset = 0;

  constructor(text: string, options: JsonScanOptions) {
    this.#text = text;
    this.#options = options;
  }

  /** One turn of the loop reads one value and what closes after it; nesting is kept in a list, never on the stack. */
  scan(): void {
    this.#skipWhitespace();
    if (this.#offset === this.#text.length) this.#fail("empty", "there is no JSON in it");
    do {
      if (this.#startContainer()) continue;
      this.#readScalar();
      this.#finishValue();
    } while (this.#open.length > 0);
    if (this.#offset < this.#text.length) {
      this.#fail("syntax", "there is more text after the end of the JSON value; keep one value per file");
    }
  }

  /** True if a list or an object was opened whose first value is to be read next. */
  #startContainer(): boolean {
    const start = this.#offset;
    const isObject = this.#text[start] === "{";
    if (!isObject && this.#text[start] !== "[") return false;
    if (this.#open.length === this.#options.depth) {
      this.#fail("too-deep", `more than ${this.#options.depth} objects or lists inside each other`);
    }
    this.#open.push(isObject ? { closer: "}", keys: new Set() } : { closer: "]", keys: undefined });
    if (isObject) this.#options.places?.openObject(start);
    else this.#options.places?.openList(start);
    this.#offset += 1;
    this.#skipWhitespace();
    if (this.#closesContainer()) this.#finishValue();
    else this.#readKey();
    return true;
  }

  #closesContainer(): boolean {
    if (this.#text[this.#offset] !== this.#open.at(-1)?.closer) return false;
    this.#offset += 1;
    this.#open.pop();
    this.#options.places?.close();
    return true;
  }

  /** After a value: closes what ends here, or moves past the comma to where the next value starts. */
  #finishValue(): void {
    this.#skipWhitespace();
    while (this.#open.length > 0) {
      if (this.#text[this.#offset] === ",") {
        this.#offset += 1;
        this.#skipWhitespace();
        this.#readKey();
        return;
      }
      if (!this.#closesContainer()) this.#fail("syntax", `expected "," or "${this.#open.at(-1)?.closer}" here`);
      this.#skipWhitespace();
    }
  }

  #readKey(): void {
    const keys = this.#open.at(-1)?.keys;
    if (keys === undefined) return;
    const start = this.#offset;
    if (this.#text[start] !== '"') this.#fail("syntax", "expected a key in double quotes here");
    const key = this.#readString();
    if (keys.has(key)) {
      const message = `the key ${quote(key)} stands twice in the same object; parsers disagree on which one counts`;
      this.#fail("duplicate-key", message, start);
    }
    keys.add(key);
    this.#options.places?.key(key, start);
    this.#skipWhitespace();
    if (this.#text[this.#offset] !== ":") this.#fail("syntax", 'expected ":" after the key here');
    this.#offset += 1;
    this.#skipWhitespace();
  }

  #readScalar(): void {
    const start = this.#offset;
    this.#options.places?.scalar(start);
    if (this.#text[start] === '"') {
      this.#readString();
      return;
    }
    if (this.#match(WORD) !== undefined) return;
    const number = this.#match(NUMBER);
    if (number === undefined) this.#fail("syntax", this.#atEnd() ? "the JSON ends too early" : "expected a value here");
    else if (!keepsItsValue(number)) {
      const message = `the number ${quote(number)} can't be kept exactly; write it as a string, or within 2^53 and 17 digits`;
      this.#fail("ambiguous", message, start);
    }
  }

  #readString(): string {
    const start = this.#offset;
    let hasEscapes = false;
    this.#offset += 1;
    for (;;) {
      STRING_STOP.lastIndex = this.#offset;
      const stop = STRING_STOP.exec(this.#text);
      this.#offset = stop?.index ?? this.#text.length;
      if (stop === null) this.#fail("syntax", "the JSON ends inside a string");
      if (stop?.[0] === '"') break;
      hasEscapes = true;
      if (this.#match(ESCAPE) === undefined) {
        this.#fail("syntax", "line breaks, control characters and unknown escapes can't stand in a string");
      }
    }
    this.#offset += 1;
    const literal = this.#text.slice(start, this.#offset);
    const value = hasEscapes ? String(JSON.parse(literal)) : literal.slice(1, -1);
    if (!value.isWellFormed()) {
      this.#fail("character", "half of a surrogate pair (\\ud800 to \\udfff) is no character", start);
    }
    return value;
  }

  #skipWhitespace(): void {
    this.#match(WHITESPACE);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0];
    this.#offset += found?.length ?? 0;
    return found;
  }

  #atEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  #fail(code: IntakeErrorCode, message: string, offset = this.#offset): never {
    throw new IntakeError(code, message, this.#options.source, positionAt(this.#text, offset));
  }
}

/** True if JavaScript keeps exactly the digits that were written, and every parser that uses doubles the same value. */
function keepsItsValue(literal: string): boolean {
  const value = Number(literal);
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER && significantDigits(literal) === significantDigits(String(value));
}

// "1.50e3" and "1500" have the same digits, 15, and so have "15e-1" and "1.5": with the value, which Number rounded
// to the nearest, that is enough to tell whether anything was cut off.
function significantDigits(literal: string): string {
  const mantissa = literal.split(/e/i)[0] ?? "";
  return mantissa.replace(/[-.]/g, "").replace(/^0+|0+$/g, "");
}
