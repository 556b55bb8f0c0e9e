/**
 * @module Calico's selector language (`has(a) && b in {'c'}`) as a label formula. Grammar and precedence are those of
 * Calico's own parser (projectcalico/calico, libcalico-go/lib/selector).
 */
import { everyLabel, type LabelFormula, type Requirement } from "../model/label-formula.ts";
import { quote } from "../model/quote.ts";

/** Calico sets this label on every endpoint and set that has a namespace. */
export const NAMESPACE_LABEL = "projectcalico.org/namespace";

/** What a selector says, or why it can't be read. */
export type SelectorReading = { readonly formula: LabelFormula } | { readonly problem: string };

// Calico has no limits here; ours bound the work, far above what anybody writes by hand.
const LONGEST = 10_000;
const DEEPEST = 50;
const LONGEST_KEY = 512;
const LONGEST_EXCERPT = 30;

/**
 * Reads a selector; blanks alone select everything.
 * @param all what `all()` stands for where it is not simply everything
 */
export function parseCalicoSelector(text: string, all: LabelFormula = everyLabel): SelectorReading {
  if (text.length > LONGEST) return { problem: `it is longer than ${LONGEST} characters` };
  try {
    return { formula: new SelectorParser(text, all).parse() };
  } catch (error) {
    if (error instanceof SelectorProblem) return { problem: error.message };
    throw error;
  }
}

class SelectorProblem extends Error {}

/** Recursive descent over the text; `place` is where it has come to. */
class SelectorParser {
  readonly #text: string;
  readonly #all: LabelFormula;
  #place = 0;
  #depth = 0;

  constructor(text: string, all: LabelFormula) {
    this.#text = text;
    this.#all = all;
  }

  parse(): LabelFormula {
    this.#skipBlanks();
    if (this.#atEnd()) return this.#all;
    const formula = this.#alternatives();
    if (!this.#atEnd()) throw this.#problem("&& or ||");
    return formula;
  }

  /** `||` binds less than `&&`. */
  #alternatives(): LabelFormula {
    const parts = [this.#conjunction()];
    while (this.#take("||")) parts.push(this.#conjunction());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { any: parts };
  }

  #conjunction(): LabelFormula {
    const parts = [this.#operation()];
    while (this.#take("&&")) parts.push(this.#operation());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { all: parts };
  }

  /** Any number of `!` is one negation or none. */
  #operation(): LabelFormula {
    let negated = false;
    while (this.#take("!")) negated = !negated;
    const formula = this.#operand();
    return negated ? { not: formula } : formula;
  }

  #operand(): LabelFormula {
    if (this.#take("(")) return this.#parenthesised();
    if (this.#take("has(")) {
      const key = this.#key();
      this.#expect(")");
      return { key, operator: "Exists", values: [] };
    }
    if (this.#take("all(")) {
      this.#expect(")");
      return this.#all;
    }
    if (this.#take("global(")) {
      this.#expect(")");
      return { key: NAMESPACE_LABEL, operator: "DoesNotExist", values: [] };
    }
    return this.#comparison(this.#key());
  }

  #parenthesised(): LabelFormula {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new SelectorProblem(`more than ${DEEPEST} parentheses are nested`);
    const formula = this.#alternatives();
    this.#expect(")");
    this.#depth -= 1;
    return formula;
  }

  #comparison(key: string): Requirement {
    if (this.#take("==")) return { key, operator: "In", values: [this.#value()] };
    if (this.#take("!=")) return { key, operator: "NotIn", values: [this.#value()] };
    if (this.#take("contains")) return { key, operator: "Contains", values: [this.#value()] };
    if (this.#take("starts")) return { key, operator: "StartsWith", values: [this.#valueAfter("with")] };
    if (this.#take("ends")) return { key, operator: "EndsWith", values: [this.#valueAfter("with")] };
    if (this.#take("not")) {
      this.#expect("in");
      return { key, operator: "NotIn", values: this.#values() };
    }
    if (this.#take("in")) return { key, operator: "In", values: this.#values() };
    throw this.#problem("==, !=, in, not in, contains, starts with or ends with");
  }

  #valueAfter(word: string): string {
    this.#expect(word);
    return this.#value();
  }

  /** `{'a', "b"}`; an empty set and a comma behind the last value are allowed. */
  #values(): readonly string[] {
    this.#expect("{");
    const values: string[] = [];
    while (this.#text[this.#place] === "'" || this.#text[this.#place] === '"') {
      values.push(this.#value());
      if (!this.#take(",")) break;
    }
    this.#expect("}");
    return values;
  }

  /** A text in single or double quotes; nothing is escaped in it. */
  #value(): string {
    const mark = this.#text[this.#place];
    if (mark !== "'" && mark !== '"') throw this.#problem("a text in quotes");
    const end = this.#text.indexOf(mark, this.#place + 1);
    if (end === -1) throw new SelectorProblem(`the text that begins at character ${this.#place + 1} has no end`);
    const value = this.#text.slice(this.#place + 1, end);
    this.#place = end + 1;
    this.#skipBlanks();
    return value;
  }

  #key(): string {
    const start = this.#place;
    while (isKeyCharacter(this.#text.charCodeAt(this.#place))) this.#place += 1;
    const key = this.#text.slice(start, this.#place);
    if (key === "" || key.length > LONGEST_KEY) {
      this.#place = start;
      throw this.#problem("the key of a label, has(), all(), global() or a parenthesis");
    }
    this.#skipBlanks();
    return key;
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#place)) return false;
    this.#place += token.length;
    this.#skipBlanks();
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#problem(token);
  }

  #skipBlanks(): void {
    while (this.#text[this.#place] === " " || this.#text[this.#place] === "\t") this.#place += 1;
  }

  #atEnd(): boolean {
    return this.#place >= this.#text.length;
  }

  #problem(wanted: string): SelectorProblem {
    const found = this.#atEnd() ? "the end" : quote(this.#text.slice(this.#place, this.#place + LONGEST_EXCERPT));
    return new SelectorProblem(`at character ${this.#place + 1} ${wanted} is expected, not ${found}`);
  }
}

/** a-z, A-Z, 0-9, `_`, `.`, `/`, `-`; not a number (the end of the text) is none of them. */
function isKeyCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || // a-z
    (code >= 0x41 && code <= 0x5a) || // A-Z
    (code >= 0x2d && code <= 0x39) || // - . / 0-9
    code === 0x5f // _
  );
}
