/**
 * @module Label selectors as Cilium writes them: every key carries the source of the label (`k8s:app`, `reserved:host`),
 * and a key without one means labels of any source (Cilium 1.19, pkg/labels and pkg/policy/api/selector.go).
 */
import type { Requirement } from "../model/label-formula.ts";
import type { ObjectNode } from "./fields.ts";
import { isLabelKey } from "./kubernetes-names.ts";
import { readLabelSelector } from "./label-selector.ts";

/** A requirement on the label `name` of one source; the source `any` stands for every source. */
export interface SourcedRequirement {
  readonly source: string;
  readonly name: string;
  readonly operator: Requirement["operator"];
  readonly values: readonly string[];
}

/** The name of a Pod's namespace, as a label of the Pod. */
export const NAMESPACE_LABEL = "io.kubernetes.pod.namespace";
/** What stands before the labels of a Pod's namespace among the labels of the Pod. */
export const NAMESPACE_LABELS_PREFIX = "io.cilium.k8s.namespace.labels.";

/**
 * Reads a selector on Cilium's labels.
 * @returns undefined where the agent refuses the selector, whose defects say why; an empty list accepts everything
 */
export function readSelector(selector: ObjectNode): readonly SourcedRequirement[] | undefined {
  const formula = readLabelSelector(selector, isCiliumKey);
  // A selector that is refused comes back as one that accepts nothing; every other one is a conjunction.
  if (!("all" in formula)) return undefined;
  const requirements: SourcedRequirement[] = [];
  for (const part of formula.all) {
    if (!("key" in part)) return undefined;
    const { source, name } = parseKey(part.key);
    requirements.push({ source, name, operator: part.operator, values: part.values });
  }
  return requirements;
}

/** Whether a requirement is on a label that Kubernetes gives a Pod: written with the source `k8s`, `any` or none. */
export function isOnKubernetesLabel({ source }: SourcedRequirement): boolean {
  return source === "k8s" || source === "any";
}

/** Whether a requirement is on the label `name` of Kubernetes' source. */
export function isOn(requirement: SourcedRequirement, name: string): boolean {
  return requirement.name === name && isOnKubernetesLabel(requirement);
}

/** Whether an object that has the label with this value (undefined: has not) meets a requirement. */
export function isMetBy({ operator, values }: SourcedRequirement, value: string | undefined): boolean {
  if (operator === "Exists") return value !== undefined;
  if (operator === "DoesNotExist") return value === undefined;
  const isListed = value !== undefined && values.includes(value);
  return operator === "NotIn" ? !isListed : isListed;
}

/**
 * The agent keeps a key as `source.name` and cuts it at the first dot when it matches labels, so that
 * `k8s.io:kubernetes.pod.namespace` is the label `io.kubernetes.pod.namespace` of the source `k8s`.
 */
function parseKey(key: string): { source: string; name: string } {
  const encoded = encodedKey(key);
  const dot = encoded.indexOf(".");
  return { source: encoded.slice(0, dot), name: encoded.slice(dot + 1) };
}

/** `k8s:app` as `k8s.app`, `app` as `any.app`, `$host` as `reserved.host`; a value behind `=` is cut off. */
function encodedKey(key: string): string {
  const [name = ""] = key.split("=", 1);
  if (name.startsWith("$")) return `reserved.${name.slice(1)}`;
  const colon = name.indexOf(":");
  if (colon < 0) return name.startsWith("reserved.") ? name : `any.${name}`;
  return `${name.slice(0, colon) || "any"}.${name.slice(colon + 1)}`;
}

function isCiliumKey(key: string): boolean {
  const encoded = encodedKey(key);
  // Up to 63 characters without a source are Kubernetes' own limit; older agents count the source as well.
  return isLabelKey(encoded) || isLabelKey(encoded.slice(encoded.indexOf(".") + 1));
}
