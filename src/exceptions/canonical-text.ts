/**
 * @module One text for all spellings of a value: what is compared with an approval must not depend on who wrote it.
 */
import { isJsonObject, type JsonValue } from "../intake/json-value.ts";
import type { LabelFormula } from "../model/label-formula.ts";
import type { IdentityPattern, PodTerm, TextPattern } from "../model/traffic.ts";

/**
 * JSON with sorted keys and sorted lists, without what API servers add and drop: nulls, and the empty parts of a selector.
 * Everything else that is empty stays, because an empty selector is everything and none is nothing. Made for selectors
 * and rules, whose lists are sets: the order of a list says nothing in them.
 */
export function canonicalText(value: JsonValue | undefined): string {
  return JSON.stringify(canonical(value ?? null));
}

const MEANINGLESS_WHEN_EMPTY: ReadonlySet<string> = new Set(["matchLabels", "matchExpressions"]);

function canonical(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item) => JSON.stringify(canonical(item))).toSorted();
  }
  if (!isJsonObject(value)) return value;
  const fields: [string, JsonValue][] = [];
  for (const key of Object.keys(value).toSorted()) {
    const field = value[key] ?? null;
    if (field === null || (MEANINGLESS_WHEN_EMPTY.has(key) && isEmpty(field))) continue;
    fields.push([key, canonical(field)]);
  }
  // Pairs instead of an object: `__proto__` is a key like any other, and integer keys keep their place.
  return { fields };
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
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
