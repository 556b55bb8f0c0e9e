/**
 * @module Kubernetes' own label selector (metav1.LabelSelector) as a label formula, checked as the API server checks it
 * (apimachinery 0.36, apis/meta/v1/validation).
 */
import { everyLabel, type LabelFormula, noLabel, type Requirement } from "../model/label-formula.ts";
import { quote } from "../model/quote.ts";
import { type ObjectNode, pointerInto } from "./fields.ts";
import { isLabelKey, isLabelValue } from "./kubernetes-names.ts";
import { nearest } from "./suggest.ts";

const SELECTOR_KEYS: ReadonlySet<string> = new Set(["matchLabels", "matchExpressions"]);
const REQUIREMENT_KEYS: ReadonlySet<string> = new Set(["key", "operator", "values"]);
const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
type Operator = (typeof OPERATORS)[number];

/**
 * Reads a label selector. One that the API server rejects accepts nothing, and its defects say why.
 * @param selector the node of the selector; an empty one accepts everything
 * @param isKey the API's own syntax of label keys, where it differs from Kubernetes'
 */
export function readLabelSelector(selector: ObjectNode, isKey: (key: string) => boolean = isLabelKey): LabelFormula {
  const mark = selector.defects.length;
  selector.checkKeys(SELECTOR_KEYS, "widens");
  const requirements: Requirement[] = [];
  readMatchLabels(selector, requirements, isKey);
  for (const expression of selector.objects("matchExpressions", "none")) {
    requirements.push(readExpression(expression, isKey));
  }
  if (selector.rejectedSince(mark)) return noLabel;
  return requirements.length === 0 ? everyLabel : { all: requirements };
}

function readMatchLabels(selector: ObjectNode, requirements: Requirement[], isKey: (key: string) => boolean): void {
  const labels = selector.textMap("matchLabels");
  for (const key of Object.keys(labels)) {
    const value = labels[key] ?? "";
    const pointer = pointerInto(selector.at("matchLabels"), key);
    checkKey(selector, pointer, key, isKey);
    checkValue(selector, pointer, value);
    requirements.push({ key, operator: "In", values: [value] });
  }
}

function readExpression(expression: ObjectNode, isKey: (key: string) => boolean): Requirement {
  expression.checkKeys(REQUIREMENT_KEYS, "widens");
  const key = expression.requiredText("key");
  if (key !== undefined) checkKey(expression, expression.at("key"), key, isKey);
  const operator = readOperator(expression);
  return { key: key ?? "", operator: operator ?? "Exists", values: readValues(expression, operator) };
}

function readOperator(expression: ObjectNode): Operator | undefined {
  const written = expression.requiredText("operator");
  const operator = OPERATORS.find((candidate) => candidate === written);
  if (written !== undefined && operator === undefined) {
    const meant = nearest(written, OPERATORS);
    const advice = meant === undefined ? `known are ${OPERATORS.join(", ")}` : `did you mean ${quote(meant)}?`;
    expression.report("invalid-value", expression.at("operator"), `unknown operator ${quote(written)}, ${advice}`);
  }
  return operator;
}

function readValues(expression: ObjectNode, operator: Operator | undefined): string[] {
  const mark = expression.defects.length;
  const elements = expression.texts("values");
  for (const { value, pointer } of elements) checkValue(expression, pointer, value);
  if (!expression.rejectedSince(mark)) checkCount(expression, operator, elements.length);
  return elements.map(({ value }) => value);
}

function checkCount(expression: ObjectNode, operator: Operator | undefined, count: number): void {
  const pointer = expression.at("values");
  if (count === 0 && (operator === "In" || operator === "NotIn")) {
    expression.report("missing-field", pointer, `"values" is missing or empty: ${operator} needs at least one value`);
  }
  if (count > 0 && (operator === "Exists" || operator === "DoesNotExist")) {
    expression.report("conflicting-fields", pointer, `${operator} takes no "values"; remove them or use In or NotIn`);
  }
}

function checkKey(node: ObjectNode, pointer: string, key: string, isKey: (key: string) => boolean): void {
  if (!isKey(key)) node.report("invalid-value", pointer, `${quote(key)} can't be the key of a label`);
}

function checkValue(node: ObjectNode, pointer: string, value: string): void {
  if (!isLabelValue(value)) node.report("invalid-value", pointer, `${quote(value)} can't be the value of a label`);
}
