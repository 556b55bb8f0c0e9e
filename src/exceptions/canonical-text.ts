/**
 * @module One text for all spellings of a value: what is compared with an approval must not depend on who wrote it.
 */
import { isJsonObject, type JsonValue } from "../intake/json-value.ts";
import type { LabelFormula } from "../model/label-formula.ts";
import type { IdentityPattern, PodTerm, TextPattern } from "../model/traffic.ts";

/**
 * JSON with sorted keys and sorted lists; what is null or empty is left out, because the API server adds and drops such
 * fields. Made for selectors and rules, whose lists are sets: the order of a list says nothing in them.
 */
export function canonicalText(value: JsonValue | undefined): string {
  return JSON.stringify(canonical(value) ?? null);
}

/** The same with everything that is written, for what may mean something else when it is empty. */
export function exactText(value: JsonValue | undefined): string {
  return JSON.stringify(canonical(value, true) ?? null);
}

function canonical(value: JsonValue | undefined, keepEmpty = false): JsonValue | undefined {
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map((item) => JSON.stringify(canonical(item, keepEmpty) ?? null));
    return items.length === 0 && !keepEmpty ? undefined : items.toSorted();
  }
  if (!isJsonObject(value)) return keepEmpty ? value : (value ?? undefined);
  const fields: [string, JsonValue][] = [];
  for (const key of Object.keys(value).toSorted()) {
    const field = canonical(value[key], keepEmpty);
    if (field !== undefined) fields.push([key, field]);
  }
  // Pairs instead of an object: `__proto__` is a key like any other, and integer keys keep their place.
  return fields.length === 0 && !keepEmpty ? undefined : { fields };
}

/** A formula as nested lists: `["In","app","web"]`, `["all",...]`, `["any",...]`, `["not",...]`. */
export interface FormulaScope extends ReadonlyArray<string | FormulaScope> {}
/** The Pods of a term: the policy's own namespace or a formula for namespaces, and a formula for Pods. */
export type PodTermScope = readonly [namespaces: "own" | FormulaScope, pods: FormulaScope];

export function podTermScope({ namespaces, pods }: PodTerm): PodTermScope {
  return [namespaces === "own" ? "own" : formulaScope(namespaces), formulaScope(pods)];
}

/** A key for comparing terms. */
export function podTermText(term: PodTerm): string {
  return JSON.stringify(podTermScope(term));
}

/** Alternatives, conditions and values sorted, each once; a list of one condition is the condition. */
function formulaScope(formula: LabelFormula): FormulaScope {
  if ("not" in formula) return ["not", formulaScope(formula.not)];
  if ("key" in formula) return [formula.operator, formula.key, ...new Set(formula.values.toSorted())];
  const [operator, parts] = "all" in formula ? (["all", formula.all] as const) : (["any", formula.any] as const);
  const texts = new Map(parts.map((part) => [JSON.stringify(formulaScope(part)), formulaScope(part)]));
  const [only] = texts.values();
  if (texts.size === 1 && only !== undefined) return only;
  const sorted = [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
  return [operator, ...sorted];
}

/** Of an identity, all parts of it. */
export function identityText({ trustDomain, namespace, serviceAccount }: IdentityPattern): string {
  return JSON.stringify([trustDomain, namespace, serviceAccount].map(patternScope));
}

function patternScope(pattern: TextPattern): readonly string[] {
  return "value" in pattern ? [pattern.match, pattern.value] : [pattern.match];
}
