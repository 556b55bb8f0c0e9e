/**
 * @module Label formulas: what a selector accepts, as a boolean expression over label requirements.
 *
 * Width is judged by meaning, never by spelling: a formula is evaluated for objects that nobody has named (the
 * stranger), or for every object that it can tell apart (satisfiability).
 */
import { quote } from "./quote.ts";
import { joinWords, shorten } from "./words.ts";

/** One requirement on one label key. `Contains`, `StartsWith`, `EndsWith` exist for Calico's selector language. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Contains" | "StartsWith" | "EndsWith";
  /** `In`/`NotIn`: the allowed or refused values; the text operators: exactly one value. */
  readonly values: readonly string[];
}

/** `all: []` accepts everything, `any: []` accepts nothing. */
export type LabelFormula =
  | Requirement
  | { readonly all: readonly LabelFormula[] }
  | { readonly any: readonly LabelFormula[] }
  | { readonly not: LabelFormula };

export const everyLabel: LabelFormula = { all: [] };
export const noLabel: LabelFormula = { any: [] };

export type Labels = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** A value that no policy mentions. Text operators find nothing in it but the empty text. */
const FRESH = Symbol("a label value that nobody has named");
type LabelValue = string | typeof FRESH;
type ValueOf = (key: string) => LabelValue | undefined;

// Deeper than any reader lets through. A formula below this depth counts as its widest reading.
const DEEPEST = 100;
/** How many label worlds are tried at most; a formula that needs more counts as satisfiable. */
const MOST_WORLDS = 4096;
/** The same for worlds times requirements and values, which is the time it takes: about a millisecond. */
const MOST_WORK = 100_000;

/** Whether an object with these labels is chosen. `NotIn` and `DoesNotExist` also choose objects without the key. */
export function matches(formula: LabelFormula, labels: Labels): boolean {
  if (labels instanceof Map) return evaluate(formula, (key) => labels.get(key));
  const record = labels as Readonly<Record<string, string>>;
  return evaluate(formula, (key) => (Object.hasOwn(record, key) ? record[key] : undefined));
}

/**
 * Whether an object is chosen that carries none of the labels the formula names.
 * @param alwaysPresentKeys keys that every such object has nevertheless, with a value that nobody has named
 */
export function admitsStranger(formula: LabelFormula, alwaysPresentKeys: readonly string[]): boolean {
  return evaluate(formula, (key) => (alwaysPresentKeys.includes(key) ? FRESH : undefined));
}

/**
 * Whether any object can be chosen at all. Exact, but a formula with very many keys and values counts as satisfiable
 * unseen, so that "nobody" is never a guess.
 */
export function isSatisfiable(formula: LabelFormula): boolean {
  if (admitsStranger(formula, [])) return true;
  const independent = independentParts(formula);
  return independent.every(isSatisfiableWhole);
}

function isSatisfiableWhole(formula: LabelFormula): boolean {
  // Alone, every requirement can be met but one: a choice out of nothing.
  if ("key" in formula) return formula.operator !== "In" || formula.values.length > 0;
  const worlds = worldsOf(formula);
  if (worlds === undefined) return true;
  const chosen = worlds.map(() => 0);
  const positions = new Map(worlds.map(({ key }, index) => [key, index]));
  const valueOf: ValueOf = (key) => {
    const position = positions.get(key) ?? -1;
    return worlds[position]?.values[chosen[position] ?? 0];
  };
  do {
    if (evaluate(formula, valueOf)) return true;
  } while (advance(chosen, worlds));
  return false;
}

/** Whether every object that `narrow` chooses is also chosen by `wide`; false where that is not certain. */
export function implies(narrow: LabelFormula, wide: LabelFormula): boolean {
  return narrow === wide || !isSatisfiable({ all: [narrow, { not: wide }] });
}

/** The widest reading of what is too deep is true, and below a `not` it is false. */
function evaluate(formula: LabelFormula, valueOf: ValueOf, depth = 0, widest = true): boolean {
  if (depth > DEEPEST) return widest;
  if ("all" in formula) return formula.all.every((part) => evaluate(part, valueOf, depth + 1, widest));
  if ("any" in formula) return formula.any.some((part) => evaluate(part, valueOf, depth + 1, widest));
  if ("not" in formula) return !evaluate(formula.not, valueOf, depth + 1, !widest);
  return meets(formula, valueOf(formula.key));
}

function meets({ operator, values }: Requirement, value: LabelValue | undefined): boolean {
  switch (operator) {
    case "In":
      return isOneOf(value, values);
    case "NotIn":
      return !isOneOf(value, values);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Contains":
      return asText(value)?.includes(values[0] ?? "") ?? false;
    case "StartsWith":
      return asText(value)?.startsWith(values[0] ?? "") ?? false;
    case "EndsWith":
      return asText(value)?.endsWith(values[0] ?? "") ?? false;
  }
}

function isOneOf(value: LabelValue | undefined, values: readonly string[]): boolean {
  return typeof value === "string" && values.includes(value);
}

function asText(value: LabelValue | undefined): string | undefined {
  return value === FRESH ? "" : value;
}

/**
 * A conjunction of plain requirements, which is what Kubernetes selectors are, cut by key: no key says anything about
 * another, so each part can be tried alone. Every other formula stays in one piece.
 */
function independentParts(formula: LabelFormula): readonly LabelFormula[] {
  if (!("all" in formula) || !formula.all.every((part) => "key" in part)) return [formula];
  const parts = new Map<string, Requirement[]>();
  collect(formula, parts, 0);
  return Array.from(parts.values(), (all) => (all.length === 1 ? (all[0] as Requirement) : { all }));
}

/** The values worth trying for one key: two objects that differ in no way the formula can see are the same object. */
interface KeyWorld {
  readonly key: string;
  readonly values: readonly (LabelValue | undefined)[];
}

/** All distinguishable objects, as the product of the keys' values; undefined where there are too many. */
function worldsOf(formula: LabelFormula): readonly KeyWorld[] | undefined {
  const requirements = new Map<string, Requirement[]>();
  if (!collect(formula, requirements, 0)) return undefined;
  const worlds: KeyWorld[] = [];
  let count = 1;
  let size = 0;
  for (const [key, ofKey] of requirements) {
    const values = valuesToTry(ofKey);
    if (values === undefined) return undefined;
    count *= values.length;
    size += ofKey.reduce((sum, requirement) => sum + 1 + requirement.values.length, 0);
    if (count > MOST_WORLDS || count * size > MOST_WORK) return undefined;
    worlds.push({ key, values });
  }
  return worlds;
}

function collect(formula: LabelFormula, requirements: Map<string, Requirement[]>, depth: number): boolean {
  if (depth > DEEPEST) return false;
  if ("all" in formula) return formula.all.every((part) => collect(part, requirements, depth + 1));
  if ("any" in formula) return formula.any.every((part) => collect(part, requirements, depth + 1));
  if ("not" in formula) return collect(formula.not, requirements, depth + 1);
  const ofKey = requirements.get(formula.key);
  if (ofKey === undefined) requirements.set(formula.key, [formula]);
  else ofKey.push(formula);
  return true;
}

function valuesToTry(requirements: readonly Requirement[]): readonly (LabelValue | undefined)[] | undefined {
  const named = textsOf(requirements, "In", "NotIn");
  const composed = composedTexts(requirements);
  return composed === undefined ? undefined : [...named, ...composed, FRESH, undefined];
}

function textsOf(requirements: readonly Requirement[], ...operators: readonly Requirement["operator"][]): string[] {
  return [
    ...new Set(requirements.filter(({ operator }) => operators.includes(operator)).flatMap(({ values }) => values)),
  ];
}

/**
 * Texts for the text operators: every combination of one start, some parts and one end, with a filler in between that
 * occurs in no requirement. Whatever a real value meets, the combination of exactly those texts meets as well.
 */
function composedTexts(requirements: readonly Requirement[]): string[] | undefined {
  const starts = textsOf(requirements, "StartsWith");
  const parts = textsOf(requirements, "Contains");
  const ends = textsOf(requirements, "EndsWith");
  if (starts.length + parts.length + ends.length === 0) return [];
  if ((starts.length + 1) * (ends.length + 1) * 2 ** parts.length > MOST_WORLDS) return undefined;
  const filler = unusedCharacter(requirements.flatMap(({ values }) => values).join(""));
  const middles = subsetsOf(parts).map((subset) => [filler, ...subset.flatMap((part) => [part, filler])].join(""));
  return ["", ...starts].flatMap((start) =>
    ["", ...ends].flatMap((end) => middles.map((middle) => start + middle + end)),
  );
}

function unusedCharacter(text: string): string {
  // The private use area: 6,400 characters, so one of them is free in any text that a limit of intake lets through.
  let code = 0xe000;
  while (text.includes(String.fromCharCode(code))) code += 1;
  return String.fromCharCode(code);
}

function subsetsOf(items: readonly string[]): string[][] {
  return items.reduce<string[][]>((subsets, item) => [...subsets, ...subsets.map((subset) => [...subset, item])], [[]]);
}

/** Counts one further through the product of all values; false after the last one. */
function advance(chosen: number[], worlds: readonly KeyWorld[]): boolean {
  for (const [index, { values }] of worlds.entries()) {
    const next = (chosen[index] ?? 0) + 1;
    chosen[index] = next % values.length;
    if (next < values.length) return true;
  }
  return false;
}

/**
 * The formula for a message: `app="web" and no tier`.
 * @param limit most characters of the result
 */
export function formulaWords(formula: LabelFormula, limit: number): string {
  return shorten(wordsOf(formula, limit, 0), limit);
}

function wordsOf(formula: LabelFormula, limit: number, depth: number): string {
  if (depth > DEEPEST) return "...";
  if ("all" in formula) return formula.all.length === 0 ? "any labels" : listWords(formula.all, "and", limit, depth);
  if ("any" in formula) return formula.any.length === 0 ? "no labels" : listWords(formula.any, "or", limit, depth);
  return "not" in formula ? `not (${wordsOf(formula.not, limit, depth + 1)})` : requirementWords(formula, limit);
}

function listWords(formulas: readonly LabelFormula[], word: "and" | "or", limit: number, depth: number): string {
  // Every part takes a character at least, so nobody sees those behind the limit.
  const parts = formulas.slice(0, limit).map((part) => {
    const words = wordsOf(part, limit, depth + 1);
    return formulas.length > 1 && ("all" in part || "any" in part) ? `(${words})` : words;
  });
  return shorten(parts.join(` ${word} `), limit);
}

function requirementWords({ key, operator, values }: Requirement, limit: number): string {
  const name = /^[\w./:-]{1,60}$/.test(key) ? key : quote(key);
  const list = joinWords(values.slice(0, limit).map(quote), limit);
  switch (operator) {
    case "In":
      return values.length === 1 ? `${name}=${list}` : `${name} in (${list})`;
    case "NotIn":
      return values.length === 1 ? `${name}!=${list}` : `${name} not in (${list})`;
    case "Exists":
      return `${name} exists`;
    case "DoesNotExist":
      return `no ${name}`;
    case "Contains":
      return `${name} contains ${list}`;
    case "StartsWith":
      return `${name} starts with ${list}`;
    case "EndsWith":
      return `${name} ends with ${list}`;
  }
}
