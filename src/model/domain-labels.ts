/**
 * @module Label formulas that say of which domain an object is, and what other formulas say about a label.
 */
import type { LabelFormula, Requirement } from "./label-formula.ts";

/** Values of one choice that are judged one by one; those behind count among the others. */
const MOST_VALUES = 100;

/** One of these must be met. Several small formulas, because conjunctions are answered quickly and exactly. */
export type Alternatives = readonly LabelFormula[];

/** Every object will do. */
export const ALWAYS: Alternatives = [{ all: [] }];

/** The label has one of the values. */
export function isOneOf(key: string, values: readonly string[]): Requirement {
  return { key, operator: "In", values };
}

/** The label is there, not empty, and none of the values. */
export function isAnother(key: string, values: readonly string[]): LabelFormula {
  return {
    all: [
      { key, operator: "Exists", values: [] },
      { key, operator: "NotIn", values: [...values, ""] },
    ],
  };
}

/** The label is missing, or says nothing. */
export function emptyOrAbsent(key: string): Alternatives {
  return [{ key, operator: "DoesNotExist", values: [] }, isOneOf(key, [""])];
}

/** Both, as one flat conjunction where the parts are. */
export function conjunction(a: LabelFormula, b: LabelFormula): LabelFormula {
  const parts = [a, b].flatMap((formula) => ("all" in formula ? formula.all : [formula]));
  return parts.length === 1 ? (parts[0] as LabelFormula) : { all: parts };
}

/** Whether a formula is a requirement, or a conjunction of nothing but requirements. */
export function isPlain(formula: LabelFormula): boolean {
  return "key" in formula || ("all" in formula && formula.all.every((part) => "key" in part));
}

// As deep as label-formula.ts looks; what is below is not told apart, so that it counts as its widest.
const DEEPEST = 100;

function* requirementsOf(formula: LabelFormula, depth = 0): Generator<Requirement> {
  if (depth > DEEPEST) return;
  if ("key" in formula) {
    yield formula;
    return;
  }
  const parts = "all" in formula ? formula.all : "any" in formula ? formula.any : [formula.not];
  for (const part of parts) yield* requirementsOf(part, depth + 1);
}

/** Whether a formula says anything about a key. */
export function mentions(formula: LabelFormula, key: string): boolean {
  for (const requirement of requirementsOf(formula)) if (requirement.key === key) return true;
  return false;
}

/** The values, without the empty one, that formulas name for a key. */
export function mentionedValues(formulas: readonly LabelFormula[], key: string): readonly string[] {
  const values = new Set<string>();
  for (const formula of formulas) {
    for (const requirement of requirementsOf(formula)) {
      if (requirement.key !== key || (requirement.operator !== "In" && requirement.operator !== "NotIn")) continue;
      for (const value of requirement.values) {
        if (values.size < MOST_VALUES && value !== "") values.add(value);
      }
    }
  }
  return [...values];
}
