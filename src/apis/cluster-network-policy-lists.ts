/**
 * @module Lists of the cluster-wide policies: their custom resource definitions limit how many elements they have.
 */
import { quote } from "../model/quote.ts";
import type { ObjectNode, TextElement } from "./fields.ts";

/** Notes a list that is missing or empty where the API wants at least one element, or too long. */
export function checkCount(node: ObjectNode, key: string, most: number): void {
  if (node.count(key) === 0) {
    node.report("missing-field", node.at(key), `${quote(key)} is missing or empty; the API wants at least one element`);
  }
  checkMost(node, key, most);
}

/** Notes a list that is longer than the API allows. */
export function checkMost(node: ObjectNode, key: string, most: number): void {
  const count = node.count(key);
  if (count <= most) return;
  node.report("invalid-value", node.at(key), `at most ${most} elements are allowed in ${quote(key)}, not ${count}`);
}

/** The texts of a list that must not be empty and has every element once. */
export function readTextSet(node: ObjectNode, key: string, most: number): readonly TextElement[] {
  if (Array.isArray(node.value[key])) checkCount(node, key, most);
  const elements = node.texts(key);
  const seen = new Set<string>();
  for (const { value, pointer } of elements) {
    if (seen.has(value)) node.report("invalid-value", pointer, `${quote(value)} is listed twice; the API refuses that`);
    seen.add(value);
  }
  return elements;
}

/** Notes an object that has none or several of the fields of which it must have exactly one. */
export function checkExactlyOne(node: ObjectNode, keys: Iterable<string>): void {
  const known = [...keys];
  const [first, second] = known.filter((key) => node.has(key));
  const choice = known.join(", ");
  if (first === undefined) {
    node.report("missing-field", node.pointer, `nothing is chosen: exactly one of ${choice} is required`);
  } else if (second !== undefined) {
    const detail = `${quote(second)} excludes ${quote(first)}: exactly one of ${choice} is allowed; keep one`;
    node.report("conflicting-fields", node.at(second), detail);
  }
}
