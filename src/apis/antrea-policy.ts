/**
 * @module Antrea's ClusterNetworkPolicy and NetworkPolicy (crd.antrea.io): place among others, subject and rules
 * (antrea-io/antrea, build/charts/antrea/crds and networkpolicy/validate.go).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { admitsStranger, everyLabel, isSatisfiable, type LabelFormula } from "../model/label-formula.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, Direction, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { readServiceAccount } from "./antrea-peers.ts";
import { readRules } from "./antrea-rules.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ObjectReading } from "./reading.ts";

/** What the kinds differ in. */
export interface PolicyKind {
  readonly namespaced: boolean;
}

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["tier", "priority", "appliedTo", "ingress", "egress"]);
const APPLIED_TO_KEYS = {
  cluster: new Set(["podSelector", "group", "namespaceSelector", "serviceAccount", "service", "nodeSelector"]),
  namespace: new Set(["podSelector", "group", "externalEntitySelector"]),
} as const;
const SERVICE_KEYS: ReadonlySet<string> = new Set(["name", "namespace"]);
const DIRECTIONS = ["ingress", "egress"] as const;
const DEFAULT_TIER = "application";
const NAME_OF_NAMESPACE = "kubernetes.io/metadata.name";
const LOWEST_PRIORITY = 1;
const HIGHEST_PRIORITY = 10_000;

/** What is left of a policy without a spec. */
const NOTHING = {
  subject: { reach: "nobody", pointer: "/spec" },
  isolates: { ingress: false, egress: false },
  evaluation: "first-match",
  rules: [],
} as const;

type Reach = PolicyReading["subject"]["reach"];
const WIDEST_LAST: readonly Reach[] = ["nobody", "selected", "namespace", "cluster"];

/** Reads a whole object of one of the kinds. */
export function readAntreaPolicy(object: JsonObject, kind: PolicyKind): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readPolicy(object, kind), defects };
}

function readPolicy(object: JsonObject, kind: PolicyKind): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  const scope = kind.namespaced ? "namespace" : "cluster";
  if (spec === undefined) return { ...NOTHING, scope, defects };
  spec.checkKeys(SPEC_KEYS, "drops");
  const tier = spec.text("tier") || DEFAULT_TIER;
  const order = readPriority(spec);
  const written = writtenRules(spec);
  const isApart = appliesApart(written);
  const rules = DIRECTIONS.flatMap((direction) =>
    readRules(spec, direction, { namespaced: kind.namespaced, tier, isApart }),
  );
  return {
    scope,
    subject: readSubject(spec, written, kind),
    isolates: { ingress: deniesAll(rules, "ingress"), egress: deniesAll(rules, "egress") },
    evaluation: isApart ? "deny-overrides" : "first-match",
    ...(order === undefined ? {} : { rank: { tier, order } }),
    rules,
    defects,
  };
}

/** The place in the tier, which may be a fraction; lower comes first. */
function readPriority(spec: ObjectNode): number | undefined {
  const priority = spec.value["priority"];
  if (priority === undefined || priority === null) {
    spec.report("missing-field", spec.at("priority"), '"priority" is missing; the API requires it');
    return undefined;
  }
  if (typeof priority !== "number") {
    spec.report("wrong-type", spec.at("priority"), '"priority" must be a number');
    return undefined;
  }
  if (priority >= LOWEST_PRIORITY && priority <= HIGHEST_PRIORITY) return priority;
  const detail = `a priority is a number from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}, not ${priority}`;
  spec.report("invalid-value", spec.at("priority"), detail);
  return undefined;
}

/** The rules of both directions; what is wrong with the lists themselves is noted where the rules are read. */
function writtenRules(spec: ObjectNode): readonly ObjectNode[] {
  const unnoted = new ObjectNode(spec.value, spec.pointer, []);
  return DIRECTIONS.flatMap((direction) => unnoted.objects(direction, "none")).map(
    (rule) => new ObjectNode(rule.value, rule.pointer, spec.defects),
  );
}

/** Whether rules say themselves what they apply to, and don't all say the same. */
function appliesApart(rules: readonly ObjectNode[]): boolean {
  const subjects = new Set(rules.map((rule) => JSON.stringify(rule.value["appliedTo"] ?? [])));
  return subjects.size > 1;
}

function deniesAll(rules: readonly TrafficRule[], direction: Direction): boolean {
  return rules.some(
    ({ action, direction: ofRule, peers, ports }) =>
      action === "deny" && ofRule === direction && peers.everyone && ports.equals(PortSet.everything),
  );
}

function readSubject(spec: ObjectNode, rules: readonly ObjectNode[], kind: PolicyKind): PolicyReading["subject"] {
  const ofSpec = readAppliedTo(spec, kind);
  const ofRules = rules.flatMap((rule) => readAppliedTo(rule, kind));
  const appliedRules = rules.filter((rule) => rule.count("appliedTo") > 0);
  const [first] = appliedRules;
  const pointer = first === undefined ? spec.at("appliedTo") : first.at("appliedTo");
  if (spec.count("appliedTo") === 0 && first === undefined) {
    spec.report("missing-field", pointer, '"appliedTo" is missing; the API requires it in the spec or in every rule');
  }
  if (spec.count("appliedTo") > 0 && first !== undefined) {
    spec.report("conflicting-fields", pointer, '"appliedTo" stands in the spec or in the rules, not in both');
  } else if (first !== undefined && appliedRules.length < rules.length) {
    spec.report("missing-field", pointer, '"appliedTo" stands in every rule or in none of them');
  }
  checkNames(rules);
  const all = [...ofSpec, ...ofRules];
  const reach = WIDEST_LAST.findLast((candidate) => all.some((one) => one.reach === candidate)) ?? "nobody";
  const chosen = all.map((one) => one.chosen);
  return { reach, pointer, ...(chosen.every((terms) => terms !== undefined) ? { chosen: chosen.flat() } : {}) };
}

/** Antrea gives rules without a name one of their own. */
function checkNames(rules: readonly ObjectNode[]): void {
  const names = new Set<string>();
  for (const rule of rules) {
    const name = rule.text("name");
    if (name === undefined || name === "") continue;
    if (names.has(name)) {
      rule.report("invalid-value", rule.at("name"), `${quote(name)} is the name of another rule; Antrea refuses it`);
    }
    names.add(name);
  }
}

/** Whom one element of `appliedTo` chooses. */
type Applied = Pick<PolicyReading["subject"], "reach" | "chosen">;
const NOBODY: Applied = { reach: "nobody", chosen: [] };

function readAppliedTo(node: ObjectNode, kind: PolicyKind): readonly Applied[] {
  const known = APPLIED_TO_KEYS[kind.namespaced ? "namespace" : "cluster"];
  return node.objects("appliedTo", "none").map((choice) => {
    const mark = choice.defects.length;
    choice.checkKeys(known, "none");
    const applied = readApplied(choice, kind);
    return choice.rejectedSince(mark) ? NOBODY : applied;
  });
}

function readApplied(choice: ObjectNode, { namespaced }: PolicyKind): Applied {
  choice.text("group");
  readServiceAccount(choice.object("serviceAccount"));
  const service = choice.object("service");
  service?.checkKeys(SERVICE_KEYS, "none");
  service?.requiredText("name");
  service?.requiredText("namespace");
  for (const key of ["nodeSelector", "externalEntitySelector"]) readSelector(choice, key);
  const pods = readSelector(choice, "podSelector");
  const namespaces = readSelector(choice, "namespaceSelector");
  const alone = ["group", "serviceAccount", "service", "nodeSelector", "externalEntitySelector"];
  if (alone.some((key) => choice.has(key))) return { reach: "selected" };
  // One that selects nothing at all is the whole namespace for a policy that has one, and nobody for one that has none.
  if (!namespaced && pods === undefined && namespaces === undefined) return NOBODY;
  return appliedBySelectors(choice, pods ?? everyLabel, namespaces ?? everyLabel, namespaced);
}

function appliedBySelectors(
  choice: ObjectNode,
  pods: LabelFormula,
  namespaces: LabelFormula,
  namespaced: boolean,
): Applied {
  if (!isSatisfiable(pods) || !isSatisfiable(namespaces)) {
    const detail = "no set of labels satisfies this selector: it applies to no Pod; remove the contradiction";
    choice.report("matches-nothing", choice.pointer, detail);
    return NOBODY;
  }
  const chosen = [{ namespaces: namespaced ? ("own" as const) : namespaces, pods }];
  if (!admitsStranger(pods, []) || !admitsStranger(namespaces, [NAME_OF_NAMESPACE]))
    return { reach: "selected", chosen };
  return { reach: namespaced ? "namespace" : "cluster", chosen };
}

function readSelector(choice: ObjectNode, key: string): LabelFormula | undefined {
  const selector = choice.object(key);
  return selector && readLabelSelector(selector);
}
