/**
 * @module CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy of cilium.io: defaults and semantics of Cilium 1.19,
 * and the wider reading where older agents differ.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { admitsStranger, implies, isSatisfiable, type LabelFormula, noLabel } from "../model/label-formula.ts";
import type { Defect, Direction, PodTerm, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { podFormula, subjectPods } from "./cilium-endpoints.ts";
import { readSelector, type SourcedRequirement } from "./cilium-labels.ts";
import { type RuleScope, readSection, SECTIONS, type Section } from "./cilium-rules.ts";
import { ObjectNode } from "./fields.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "specs", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set([
  "endpointSelector",
  "nodeSelector",
  ...SECTIONS.map(({ key }) => key),
  "enableDefaultDeny",
  "labels",
  "description",
  "log",
]);
const DEFAULT_DENY_KEYS: ReadonlySet<string> = new Set(["ingress", "egress"]);

/** Reader of the two policies, which differ in their scope only. */
export const ciliumNetworkPolicyReader: ApiReader = {
  group: "cilium.io",
  kinds: ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"],
  resources: [
    {
      kind: "CiliumNetworkPolicy",
      plural: "ciliumnetworkpolicies",
      versions: ["v2"],
      scope: "Namespaced",
      subresources: [],
    },
    {
      kind: "CiliumClusterwideNetworkPolicy",
      plural: "ciliumclusterwidenetworkpolicies",
      versions: ["v2"],
      scope: "Cluster",
      subresources: [],
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readPolicy(object), defects };
}

function readPolicy(object: JsonObject): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const clusterwide = object["kind"] === "CiliumClusterwideNetworkPolicy";
  const single = root.object("spec");
  const nodes = [...(single === undefined ? [] : [single]), ...root.objects("specs", "none")];
  if (nodes.length === 0 && !root.has("spec")) {
    root.report(
      "missing-field",
      root.at("spec"),
      'neither "spec" nor "specs" says anything; the agent refuses the policy',
    );
  }
  const specs = nodes.map((node) => readSpec(node, clusterwide));
  // A policy that the API or the agent refuses is not enforced: what it selects stays as open as it was.
  const isEnforced = !root.rejectedSince(0);
  const isolates = (direction: Direction) => isEnforced && specs.some((spec) => spec.isolates[direction]);
  return {
    scope: clusterwide ? (specs.some(({ subject }) => subject.host) ? "host" : "cluster") : "namespace",
    subject: widestSubject(specs, root),
    isolates: { ingress: isolates("ingress"), egress: isolates("egress") },
    evaluation: "deny-overrides",
    rules: specs.flatMap((spec) => (coversAll(spec, specs) ? [...spec.allows, ...spec.denials] : spec.allows)),
    defects,
  };
}

interface Subject {
  /** The policy is for nodes. */
  readonly host: boolean;
  /** Which labels it selects, as they are written. */
  readonly formula: LabelFormula;
  /** The Pods among them; undefined where it is not known which. */
  readonly chosen: readonly PodTerm[] | undefined;
  readonly reach: PolicyReading["subject"]["reach"];
  readonly pointer: string;
}

interface SpecReading {
  readonly subject: Subject;
  readonly isolates: PolicyReading["isolates"];
  readonly allows: readonly TrafficRule[];
  readonly denials: readonly TrafficRule[];
}

/**
 * Whether the denials of a spec hold for all that the allow rules of the object are for. The model has one subject per
 * object; a denial for a part of it takes nothing away from the others, so it is left out.
 */
function coversAll(denying: SpecReading, specs: readonly SpecReading[]): boolean {
  return specs.every(
    ({ allows, subject }) =>
      allows.length === 0 ||
      (subject.host === denying.subject.host && implies(subject.formula, denying.subject.formula)),
  );
}

function widestSubject(specs: readonly SpecReading[], root: ObjectNode): PolicyReading["subject"] {
  const widestFirst = ["cluster", "namespace", "selected", "nobody"] as const;
  const reach = widestFirst.find((candidate) => specs.some(({ subject }) => subject.reach === candidate)) ?? "nobody";
  const subject = specs.find((spec) => spec.subject.reach === reach)?.subject;
  const chosen = specs.map((spec) => spec.subject.chosen);
  const pods = chosen.every((terms) => terms !== undefined) ? { chosen: chosen.flat() } : {};
  return { reach, pointer: subject?.pointer ?? root.at("spec"), ...pods };
}

function readSpec(spec: ObjectNode, clusterwide: boolean): SpecReading {
  spec.checkKeys(SPEC_KEYS, "drops");
  const { subject, requirements } = readSubject(spec, clusterwide);
  const scope: RuleScope = {
    clusterwide,
    host: subject.host,
    appliesToStarting: requirements.some(({ source, name }) => source === "reserved" && name === "init"),
  };
  const rules = (action: Section["action"]) =>
    SECTIONS.filter((section) => section.action === action).flatMap((section) => readSection(spec, section, scope));
  const [allows, denials] = [rules("allow"), rules("deny")];
  return { subject, isolates: readIsolation(spec), allows, denials };
}

function readSubject(
  spec: ObjectNode,
  clusterwide: boolean,
): { subject: Subject; requirements: readonly SourcedRequirement[] } {
  const host = spec.has("nodeSelector");
  const key = host ? "nodeSelector" : "endpointSelector";
  checkSelectors(spec, clusterwide);
  const selector = spec.object(key);
  const requirements = selector === undefined ? undefined : readSelector(selector);
  const formula = requirements === undefined ? noLabel : podFormula(requirements);
  const pointer = spec.at(key);
  const reach = requirements === undefined ? "nobody" : subjectReach(requirements, formula, clusterwide);
  if (requirements !== undefined && reach === "nobody") {
    const detail = "no set of labels satisfies this selector: the policy applies to nothing; remove the contradiction";
    spec.report("matches-nothing", pointer, detail);
  }
  const chosen = host || requirements === undefined ? [] : subjectPods(requirements, clusterwide);
  return { subject: { host, formula, chosen, reach, pointer }, requirements: requirements ?? [] };
}

function checkSelectors(spec: ObjectNode, clusterwide: boolean): void {
  const [endpoints, nodes] = [spec.has("endpointSelector"), spec.has("nodeSelector")];
  if (!endpoints && !nodes) {
    spec.report(
      "missing-field",
      spec.pointer,
      "one of endpointSelector and nodeSelector is required; {} is everything",
    );
  }
  if (nodes && endpoints) {
    spec.report(
      "conflicting-fields",
      spec.at("nodeSelector"),
      "endpointSelector and nodeSelector exclude each other; remove one",
    );
  } else if (nodes && !clusterwide) {
    const detail = "policies for nodes must be CiliumClusterwideNetworkPolicies; the agent refuses this one";
    spec.report("conflicting-fields", spec.at("nodeSelector"), detail);
  }
}

/** Requirements on reserved labels choose no Pods, but what has the label. */
function subjectReach(
  requirements: readonly SourcedRequirement[],
  formula: LabelFormula,
  clusterwide: boolean,
): Subject["reach"] {
  if (requirements.some(({ source }) => source === "reserved" || source === "node")) return "selected";
  if (!isSatisfiable(formula)) return "nobody";
  if (!admitsStranger(formula, [])) return "selected";
  return clusterwide ? "cluster" : "namespace";
}

/** A direction with rules is isolated, unless the policy says otherwise. Empty lists are no rules. */
function readIsolation(spec: ObjectNode): PolicyReading["isolates"] {
  const defaultDeny = spec.objectOrEmpty("enableDefaultDeny");
  defaultDeny.checkKeys(DEFAULT_DENY_KEYS, "drops");
  const isOff = { ingress: isFalse(defaultDeny, "ingress"), egress: isFalse(defaultDeny, "egress") };
  if (SECTIONS.every(({ key }) => spec.count(key) === 0)) {
    noteNoRules(spec);
    return { ingress: false, egress: false };
  }
  const isIsolated = (direction: Direction) => {
    const allows = spec.count(direction);
    if (allows === 0 && Array.isArray(spec.value[direction])) noteEmptySection(spec, direction);
    if (allows > 0 && isOff[direction]) noteNoDefaultDeny(defaultDeny, direction);
    return !isOff[direction] && allows + spec.count(`${direction}Deny`) > 0;
  };
  return { ingress: isIsolated("ingress"), egress: isIsolated("egress") };
}

/** Whether a field says false, which is something else than saying nothing. */
function isFalse(node: ObjectNode, key: string): boolean {
  return !node.flag(key) && node.value[key] === false;
}

function noteNoRules(spec: ObjectNode): void {
  const empty = SECTIONS.filter(({ key, action }) => action === "allow" && Array.isArray(spec.value[key]));
  for (const { direction } of empty) noteEmptySection(spec, direction);
  if (empty.length > 0) return;
  const detail = "the policy has no rules: it isolates nothing; write ingress: [{}] and egress: [{}] for default deny";
  spec.report("no-isolation", spec.pointer, detail);
}

function noteEmptySection(spec: ObjectNode, direction: Direction): void {
  const detail = `an empty list does nothing in Cilium, and ${direction} stays open; write [{}] for default deny`;
  spec.report("inert-section", spec.at(direction), detail);
}

function noteNoDefaultDeny(defaultDeny: ObjectNode, direction: Direction): void {
  const detail = `${direction} stays open: these rules allow what nothing denies; remove the field or set it to true`;
  defaultDeny.report("no-isolation", defaultDeny.at(direction), detail);
}
