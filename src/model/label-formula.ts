/**
 * @module Label formulas: what a selector accepts, as a boolean expression over label requirements.
 */

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

export function matches(_formula: LabelFormula, _labels: Labels): boolean {
  throw new Error("being written");
}
export function isSatisfiable(_formula: LabelFormula): boolean {
  throw new Error("being written");
}
export function admitsStranger(_formula: LabelFormula, _alwaysPresentKeys: readonly string[]): boolean {
  throw new Error("being written");
}
export function formulaWords(_formula: LabelFormula, _limit: number): string {
  throw new Error("being written");
}
