/**
 * @module Whether a regular expression of a layer 7 rule restricts anything. The expression is never run: matching a
 * user's expression could take forever. It is read once, and every part says what kind of texts it certainly matches.
 *
 * Cilium matches whole values (RE2 in Envoy), so anchors change nothing.
 */

/** Characters that occur in the values of a field; a class that holds them all holds every character. */
export type Alphabet = string;

/** HTTP paths always start with a slash. */
export const PATH_CHARACTERS: Alphabet = "azAZ09/-._~%";
export const METHOD_CHARACTERS: Alphabet = "ACDEGHILNOPSTU";
export const HOST_CHARACTERS: Alphabet = "az09-.";

export interface TextClass {
  /** Matches the empty text. */
  readonly empty: boolean;
  /** Matches every text of one character. */
  readonly anyCharacter: boolean;
  /** Matches every text that is not empty. */
  readonly anyText: boolean;
  /** Matches every text that starts with a slash (or all of them that are longer than the slash). */
  readonly anyPath: boolean;
  /** The texts that it matches, where it is a list of plain texts. */
  readonly words: readonly string[];
  /** A dot outside of brackets that stands for one character: often meant as a dot. */
  readonly bareDot: boolean;
}

interface Item {
  readonly text: TextClass;
  /** The character itself, where the item is one. */
  readonly character?: string;
}

const LONGEST_EXPRESSION = 1000;
const DEEPEST_GROUP = 30;
/** Lists of words longer than this are no list of methods. */
const MOST_WORDS = 100;
/** As many repetitions count as any number of them. */
const MANY = 100;

const NOTHING: TextClass = {
  empty: false,
  anyCharacter: false,
  anyText: false,
  anyPath: false,
  words: [],
  bareDot: false,
};
const EMPTY: TextClass = { ...NOTHING, empty: true, words: [""] };
const ANY_CHARACTER: TextClass = { ...NOTHING, anyCharacter: true };

/** Sets of characters behind a backslash. */
const SHORTHANDS: ReadonlyMap<string, RegExp> = new Map([
  ["d", /^\d$/],
  ["D", /^\D$/],
  ["w", /^\w$/],
  ["W", /^\W$/],
  ["s", /^\s$/],
  ["S", /^\S$/],
]);

/** What a regular expression certainly matches; one that is too long, too deep or malformed certainly matches nothing. */
export function classOf(expression: string, alphabet: Alphabet): TextClass {
  if (expression.length > LONGEST_EXPRESSION) return NOTHING;
  const reader = new Reader(expression, alphabet);
  const text = reader.alternatives(0);
  return reader.atEnd() ? text : NOTHING;
}

class Reader {
  readonly #source: string;
  readonly #alphabet: Alphabet;
  #at = 0;

  constructor(source: string, alphabet: Alphabet) {
    this.#source = source;
    this.#alphabet = alphabet;
  }

  atEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  alternatives(depth: number): TextClass {
    if (depth > DEEPEST_GROUP) return NOTHING;
    let text = this.#sequence(depth);
    while (this.#take("|")) text = either(text, this.#sequence(depth));
    return text;
  }

  #sequence(depth: number): TextClass {
    const items: Item[] = [];
    // Whole values are matched, so that anchors at the ends say nothing.
    this.#take("^");
    while (!this.#isAtEndOfSequence()) {
      if (!this.#take("$")) items.push(this.#item(depth));
      else if (!this.#isAtEndOfSequence()) items.push({ text: NOTHING });
    }
    return inOrder(items);
  }

  #isAtEndOfSequence(): boolean {
    return this.atEnd() || this.#sees("|") || this.#sees(")");
  }

  #item(depth: number): Item {
    const item = this.#atom(depth);
    const [least, most] = this.#repetition() ?? [1, 1];
    if (least === 1 && most === 1) return item;
    return { text: repeated(item.text, least, most) };
  }

  #atom(depth: number): Item {
    if (this.#take("(")) {
      this.#take("?:");
      const text = this.alternatives(depth + 1);
      // A group that doesn't end matches nothing: the rest of the text is left over, or read as a part of it.
      return { text: this.#take(")") ? text : NOTHING };
    }
    // An anchor within a text never holds, as in the sequence.
    if (this.#take("^")) return { text: NOTHING };
    if (this.#take(".")) return { text: { ...ANY_CHARACTER, bareDot: true } };
    if (this.#take("[")) return { text: this.#characterClass() };
    if (this.#take("\\")) return this.#escaped();
    return literal(this.#next());
  }

  #escaped(): Item {
    const character = this.#next();
    const shorthand = SHORTHANDS.get(character);
    if (shorthand !== undefined) return { text: this.#holdsAll((one) => shorthand.test(one)) };
    // Other letters and digits stand for something else than themselves: line ends, borders of words, earlier groups.
    return /[A-Za-z0-9]/.test(character) ? { text: NOTHING } : literal(character);
  }

  #characterClass(): TextClass {
    const negated = this.#take("^");
    const start = this.#at;
    const tests: ((character: string) => boolean)[] = [];
    // A bracket in the first place is a member, not the end.
    while (!this.atEnd() && (this.#at === start || !this.#sees("]"))) tests.push(this.#classMember());
    if (!this.#take("]")) return NOTHING;
    return this.#holdsAll((character) => tests.some((test) => test(character)) !== negated);
  }

  #classMember(): (character: string) => boolean {
    const escaped = this.#take("\\");
    const first = this.#next();
    const shorthand = escaped ? SHORTHANDS.get(first) : undefined;
    if (shorthand !== undefined) return (character) => shorthand.test(character);
    if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]") return (character) => character === first;
    this.#at++;
    this.#take("\\");
    const last = this.#next();
    return (character) => character >= first && character <= last;
  }

  #holdsAll(holds: (character: string) => boolean): TextClass {
    return this.#alphabet.split("").every(holds) ? ANY_CHARACTER : NOTHING;
  }

  /** `*`, `+`, `?` or `{least,most}`, with the question mark behind that makes it lazy. */
  #repetition(): readonly [number, number] | undefined {
    const counts = this.#counts();
    if (counts !== undefined) this.#take("?");
    return counts;
  }

  #counts(): readonly [number, number] | undefined {
    if (this.#take("*")) return [0, MANY];
    if (this.#take("+")) return [1, MANY];
    if (this.#take("?")) return [0, 1];
    const braces = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(this.#source.slice(this.#at, this.#at + 12));
    if (braces === null) return undefined;
    this.#at += braces[0].length;
    const least = Number(braces[1]);
    if (braces[2] === "") return [least, least];
    return [least, braces[3] === "" ? MANY : Number(braces[3])];
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #next(): string {
    return this.#source[this.#at++] ?? "";
  }
}

function literal(character: string): Item {
  return { text: { ...NOTHING, words: [character] }, character };
}

function either(a: TextClass, b: TextClass): TextClass {
  // Only where both are lists of words the union is one.
  const words = a.words.length > 0 && b.words.length > 0 ? [...a.words, ...b.words] : [];
  return {
    empty: a.empty || b.empty,
    anyCharacter: a.anyCharacter || b.anyCharacter,
    anyText: a.anyText || b.anyText,
    anyPath: a.anyPath || b.anyPath,
    words: words.slice(0, MOST_WORDS),
    bareDot: a.bareDot || b.bareDot,
  };
}

function repeated(text: TextClass, least: number, most: number): TextClass {
  const manyTimes = most >= MANY && least <= 1;
  const once = least <= 1 && most >= 1;
  return {
    empty: least === 0 || text.empty,
    anyCharacter: once && text.anyCharacter,
    anyText: (manyTimes && text.anyCharacter) || (once && text.anyText),
    anyPath: once && text.anyPath,
    words: [],
    // Repeated, it is hardly meant as a dot.
    bareDot: text.bareDot && most === 1,
  };
}

function inOrder(items: readonly Item[]): TextClass {
  const [first, ...rest] = items;
  if (first === undefined) return EMPTY;
  const needed = items.filter(isNeeded);
  const anyText = holdsAnyText(items, needed);
  return {
    empty: needed.length === 0,
    anyCharacter: isOneOf(items, needed, ({ anyCharacter }) => anyCharacter),
    anyText,
    anyPath:
      anyText ||
      isOneOf(items, needed, ({ anyPath }) => anyPath) ||
      (first.character === "/" && holdsAnyText(rest, rest.filter(isNeeded))),
    words: combined(items),
    bareDot: items.some(({ text }) => text.bareDot),
  };
}

function isNeeded({ text }: Item): boolean {
  return !text.empty;
}

/** Whether one item matches a kind of texts on its own, and all others can be empty. */
function isOneOf(items: readonly Item[], needed: readonly Item[], kind: (text: TextClass) => boolean): boolean {
  return needed.length <= 1 && (needed.length === 0 ? items : needed).some(({ text }) => kind(text));
}

/** Beside an item that matches every text, one character at most may be needed (`..*`). */
function holdsAnyText(items: readonly Item[], needed: readonly Item[]): boolean {
  if (needed.length > 2) return false;
  return items.some((item) => {
    const others = needed.filter((other) => other !== item);
    return item.text.anyText && others.length <= 1 && others.every(({ text }) => text.anyCharacter);
  });
}

function combined(items: readonly Item[]): readonly string[] {
  let words: readonly string[] = [""];
  for (const { text } of items) {
    words = words.flatMap((word) => text.words.map((end) => word + end));
    if (words.length === 0 || words.length > MOST_WORDS) return [];
  }
  return words;
}
