/**
 * @module What Calico's selectors choose: Pods by their labels and their Namespaces', and what has no Namespace at all
 * (host endpoints and GlobalNetworkSets; libcalico-go, syncersv1/updateprocessors/rules.go).
 */
import {
  admitsStranger,
  everyLabel,
  implies,
  isSatisfiable,
  type LabelFormula,
  matches,
  noLabel,
  type Requirement,
} from "../model/label-formula.ts";
import { peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, PodTerm } from "../model/traffic.ts";
import { NAMESPACE_LABEL, parseCalicoSelector } from "./calico-selector.ts";
import type { ObjectNode } from "./fields.ts";

/** How a part that the model can't hold exactly is read: as the most that it can mean, or as the least. */
export type Bound = "most" | "least";

/** In a selector of Namespaces `all()` is whatever has a Namespace. */
export const ANY_NAMESPACE: LabelFormula = { key: NAMESPACE_LABEL, operator: "Exists", values: [] };

/** Labels that Calico gives Pods: those of their Namespace and service account, with a prefix, and where they run. */
const NAMESPACE_PREFIX = "pcns.";
export const SERVICE_ACCOUNT_PREFIX = "pcsa.";
export const SERVICE_ACCOUNT_LABEL = "projectcalico.org/serviceaccount";
const ORCHESTRATOR_LABEL = "projectcalico.org/orchestrator";
const ORCHESTRATOR: Readonly<Record<string, string>> = { [ORCHESTRATOR_LABEL]: "k8s" };
/** Calico's own label with a Namespace's name, and Kubernetes', which says the same. */
const NAME_OF_NAMESPACE = "projectcalico.org/name";
const KUBERNETES_NAME_OF_NAMESPACE = "kubernetes.io/metadata.name";

/** Labels that nothing without a Namespace has. */
const OF_NAMESPACED: readonly string[] = [NAMESPACE_LABEL, ORCHESTRATOR_LABEL, SERVICE_ACCOUNT_LABEL];
const PREFIXES_OF_NAMESPACED: readonly string[] = [NAMESPACE_PREFIX, SERVICE_ACCOUNT_PREFIX];

/** What the selectors of one peer say together. */
export interface LabelChoice {
  /** `own` is the policy's Namespace; undefined where nothing is said, which chooses what has no Namespace as well. */
  readonly namespaces: "own" | LabelFormula | undefined;
  readonly endpoints: LabelFormula;
}

/**
 * The formula of a selector; undefined where there is none, or where it can't be read, which is a defect.
 * @param effect what Calico's agent makes of a selector that it can't read
 */
export function readSelector(
  node: ObjectNode,
  key: string,
  effect: "widens" | "none",
  all?: LabelFormula,
): LabelFormula | undefined {
  const text = node.text(key);
  if (text === undefined || text === "") return undefined;
  const reading = parseCalicoSelector(text, all);
  if ("formula" in reading) return reading.formula;
  node.report("invalid-value", node.at(key), `${quote(text)} is no selector: ${reading.problem}`, effect);
  return undefined;
}

/** The same formula over labels that carry a prefix. */
export function withPrefix(formula: LabelFormula, prefix: string): LabelFormula {
  return mapRequirements(formula, (requirement) => ({ ...requirement, key: `${prefix}${requirement.key}` }));
}

/** Everything that the selectors choose. Network sets of a Namespace are judged where they are written. */
export function peersByLabels(choice: LabelChoice, bound: Bound): PeerSet {
  const term = podTerm(choice);
  const pods = term === undefined ? [] : [term];
  if (!choosesGlobal(choice, bound)) return peersOf({ pods });
  // Only a choice of nothing but those is meant for them; others name Pods.
  const unresolved = term === undefined && bound === "most" ? ["GlobalNetworkSets and host endpoints by label"] : [];
  return peersOf({ pods, entities: ["nodes"], unresolved });
}

/** The Pods that are chosen; undefined where no labels meet the choice. */
export function podTerm({ namespaces, endpoints }: LabelChoice): PodTerm | undefined {
  const ofPods = mapRequirements(endpoints, asPodsHaveIt);
  if (!isSatisfiable(ofPods)) return undefined;
  if (namespaces === "own") return { namespaces, pods: ofPods };
  const parts = "all" in ofPods ? ofPods.all : [ofPods];
  const aboutNamespaces = parts.filter(isAboutNamespaces);
  const aboutPods = parts.filter((part) => !isAboutNamespaces(part));
  const given = namespaces === undefined ? [] : [mapRequirements(namespaces, asNamespacesHaveIt)];
  const ofNamespaces = conjunctionOf([
    ...given,
    ...aboutNamespaces.map((part) => mapRequirements(part, asNamespacesHaveIt)),
  ]);
  return isSatisfiable(ofNamespaces) ? { namespaces: ofNamespaces, pods: conjunctionOf(aboutPods) } : undefined;
}

/** Whether host endpoints and GlobalNetworkSets are chosen: one of them at most, or every one at least. */
function choosesGlobal({ namespaces, endpoints }: LabelChoice, bound: Bound): boolean {
  if (namespaces === "own" || (namespaces !== undefined && !matches(namespaces, {}))) return false;
  const formula = mapRequirements(endpoints, asGlobalsHaveIt);
  if (bound === "least") return implies(everyLabel, formula);
  const namesOnlyThem = podTerm({ namespaces, endpoints }) === undefined;
  return admitsStranger(formula, []) || (namesOnlyThem && isSatisfiable(formula));
}

function conjunctionOf(parts: readonly LabelFormula[]): LabelFormula {
  const [only] = parts;
  if (only === undefined) return everyLabel;
  return parts.length === 1 ? only : { all: parts };
}

/** A requirement on a Pod, decided where Calico sets the label itself. */
function asPodsHaveIt(requirement: Requirement): LabelFormula {
  const { key, operator, values } = requirement;
  if (key === ORCHESTRATOR_LABEL) return matches(requirement, ORCHESTRATOR) ? everyLabel : noLabel;
  if (key !== NAMESPACE_LABEL) return requirement;
  if (operator === "Exists") return everyLabel;
  if (operator === "DoesNotExist") return noLabel;
  const isAnyText = operator !== "In" && operator !== "NotIn" && values[0] === "";
  return isAnyText ? everyLabel : requirement;
}

function asGlobalsHaveIt(requirement: Requirement): LabelFormula {
  const { key } = requirement;
  const isAbsent = OF_NAMESPACED.includes(key) || PREFIXES_OF_NAMESPACED.some((prefix) => key.startsWith(prefix));
  if (!isAbsent) return requirement;
  return matches(requirement, {}) ? everyLabel : noLabel;
}

/** The same requirement on the Namespace's own labels. */
function asNamespacesHaveIt(requirement: Requirement): LabelFormula {
  const decided = asPodsHaveIt(requirement);
  if (!("key" in decided)) return decided;
  const isName = decided.key === NAMESPACE_LABEL || decided.key === NAME_OF_NAMESPACE;
  if (isName) return { ...decided, key: KUBERNETES_NAME_OF_NAMESPACE };
  if (!decided.key.startsWith(NAMESPACE_PREFIX)) return decided;
  return { ...decided, key: decided.key.slice(NAMESPACE_PREFIX.length) };
}

function isAboutNamespaces(formula: LabelFormula): boolean {
  if ("all" in formula) return formula.all.length > 0 && formula.all.every(isAboutNamespaces);
  if ("any" in formula) return formula.any.length > 0 && formula.any.every(isAboutNamespaces);
  if ("not" in formula) return isAboutNamespaces(formula.not);
  return formula.key === NAMESPACE_LABEL || formula.key.startsWith(NAMESPACE_PREFIX);
}

function mapRequirements(formula: LabelFormula, map: (requirement: Requirement) => LabelFormula): LabelFormula {
  if ("all" in formula) return { all: formula.all.map((part) => mapRequirements(part, map)) };
  if ("any" in formula) return { any: formula.any.map((part) => mapRequirements(part, map)) };
  if ("not" in formula) return { not: mapRequirements(formula.not, map) };
  return map(formula);
}
