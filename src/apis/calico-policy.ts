/**
 * @module Calico's NetworkPolicy and GlobalNetworkPolicy, and the staged kinds of both (projectcalico/calico, API v3).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { admitsStranger, everyLabel, type LabelFormula } from "../model/label-formula.ts";
import { isNobody } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, Direction, PodTerm, PolicyReading } from "../model/traffic.ts";
import {
  ANY_NAMESPACE,
  type LabelChoice,
  peersByLabels,
  podTerm,
  readSelector,
  SERVICE_ACCOUNT_PREFIX,
  withPrefix,
} from "./calico-labels.ts";
import { readRules } from "./calico-rules.ts";
import { ObjectNode } from "./fields.ts";
import type { ObjectReading } from "./reading.ts";
import { nearest } from "./suggest.ts";

/** What the kinds differ in. */
export interface PolicyKind {
  readonly namespaced: boolean;
  readonly staged: boolean;
  /** Whether Calico's API server has filled in `types` by the time that the agent reads the policy. */
  readonly defaultsTypes: boolean;
}

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS = [
  "tier",
  "order",
  "selector",
  "serviceAccountSelector",
  "ingress",
  "egress",
  "types",
  "performanceHints",
];
const HOST_FLAGS = ["doNotTrack", "preDNAT", "applyOnForward"];
const GLOBAL_KEYS = ["namespaceSelector", ...HOST_FLAGS];
const STAGED_ACTIONS: readonly string[] = ["Set", "Delete", "Learn", "Ignore"];
const DIRECTIONS = ["ingress", "egress"] as const;
const TYPES: Readonly<Record<Direction, string>> = { ingress: "Ingress", egress: "Egress" };
const DEFAULT_TIER = "default";
/** Tiers behind which no tier decides by default: kube-baseline comes after the default one, and passes. */
const LAST_TIERS: readonly string[] = [DEFAULT_TIER, "kube-baseline"];

/** Which directions a policy selects. */
type Types = Readonly<Record<Direction, boolean>>;
const BOTH: Types = { ingress: true, egress: true };

/** Reads a whole object of one of the kinds. */
export function readCalicoPolicy(object: JsonObject, kind: PolicyKind): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readPolicy(object, kind), defects };
}

function readPolicy(object: JsonObject, kind: PolicyKind): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(specKeys(kind), "drops");
  const tier = spec.text("tier") || DEFAULT_TIER;
  const types = readTypes(spec, kind);
  const subject = readSubject(spec, kind);
  if (kind.staged) noteStaged(spec);
  return {
    scope: readScope(spec, kind),
    subject,
    isolates: kind.staged ? { ingress: false, egress: false } : types,
    evaluation: "first-match",
    rank: { tier, order: readOrder(spec) },
    rules: DIRECTIONS.flatMap((direction) =>
      readRules(spec, direction, {
        namespaced: kind.namespaced,
        lastTier: LAST_TIERS.includes(tier),
        staged: kind.staged || !types[direction],
      }),
    ),
    defects,
  };
}

function specKeys({ namespaced, staged }: PolicyKind): ReadonlySet<string> {
  return new Set([...SPEC_KEYS, ...(namespaced ? [] : GLOBAL_KEYS), ...(staged ? ["stagedAction"] : [])]);
}

/** The place in the tier; a policy without `order` comes last. */
export function readOrder(spec: ObjectNode): number {
  const order = spec.value["order"];
  // An order may be a fraction.
  if (typeof order === "number") return order;
  if (order !== undefined && order !== null) {
    spec.report("wrong-type", spec.at("order"), '"order" must be a number');
  }
  return Number.MAX_SAFE_INTEGER;
}

function readTypes(spec: ObjectNode, kind: PolicyKind): Types {
  if (!spec.has("types")) return defaultTypes(spec, kind);
  const written = spec.texts("types");
  if (Array.isArray(spec.value["types"]) && written.length === 0) {
    spec.report("missing-field", spec.at("types"), '"types" is empty; the API wants Ingress, Egress or both');
  }
  const known = Object.values(TYPES);
  for (const { value, pointer } of written) {
    if (known.includes(value)) continue;
    const meant = nearest(value, known);
    const advice = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${quote(meant)}?`;
    spec.report("invalid-value", pointer, `unknown type ${quote(value)}, ${advice}`);
  }
  const selects = (direction: Direction) => written.some(({ value }) => value === TYPES[direction]);
  if (!DIRECTIONS.some(selects)) return BOTH;
  const types = { ingress: selects("ingress"), egress: selects("egress") };
  for (const direction of DIRECTIONS) {
    if (types[direction] || spec.count(direction) === 0) continue;
    const detail =
      `the policy does not select ${TYPES[direction]} in "types": this section does nothing and ` +
      `${direction} stays open; add ${TYPES[direction]} or remove the section`;
    spec.report("inert-section", spec.at(direction), detail);
  }
  return types;
}

/**
 * Without `types`: both directions where both have rules, egress alone where only it has, else ingress. What is written
 * past Calico's API server stays without, and its agent then applies both.
 */
function defaultTypes(spec: ObjectNode, { defaultsTypes }: PolicyKind): Types {
  const egress = spec.count("egress") > 0;
  const types = { ingress: !egress || spec.count("ingress") > 0, egress };
  if (!defaultsTypes) {
    if (types.ingress && types.egress) return BOTH;
    const detail =
      'without "types" a policy of this group applies to both directions, and through Calico\'s API server to the one ' +
      'with rules only; write "types"';
    spec.report("inert-section", spec.pointer, detail);
    return BOTH;
  }
  if (types.ingress || !spec.has("ingress")) return types;
  const detail =
    'without "types" this empty section may or may not deny all ingress, which depends on how Calico is installed; ' +
    'write "types"';
  spec.report("inert-section", spec.at("ingress"), detail);
  return types;
}

function readSubject(spec: ObjectNode, { namespaced }: PolicyKind): PolicyReading["subject"] {
  const mark = spec.defects.length;
  const pointer = spec.at("selector");
  const selector = readSelector(spec, "selector", "none") ?? everyLabel;
  const accounts = readSelector(spec, "serviceAccountSelector", "none");
  const namespaces = namespaced ? "own" : readSelector(spec, "namespaceSelector", "none", ANY_NAMESPACE);
  // The agent drops a policy whose selector it can't read.
  if (spec.rejectedSince(mark)) return { reach: "nobody", pointer, chosen: [] };
  const parts: readonly LabelFormula[] =
    accounts === undefined ? [selector] : [selector, withPrefix(accounts, SERVICE_ACCOUNT_PREFIX)];
  const choice = { namespaces, endpoints: { all: parts } } as const;
  const term = podTerm(choice);
  return { reach: subjectReach(choice, term, spec), pointer, chosen: term === undefined ? [] : [term] };
}

function subjectReach(
  choice: LabelChoice,
  term: PodTerm | undefined,
  spec: ObjectNode,
): PolicyReading["subject"]["reach"] {
  if (term === undefined) {
    if (!isNobody(peersByLabels(choice, "most"))) return "selected";
    const detail = "no set of labels satisfies this selector: the policy applies to nothing; remove the contradiction";
    spec.report("matches-nothing", spec.at("selector"), detail);
    return "nobody";
  }
  if (!admitsStranger(term.pods, [])) return "selected";
  if (term.namespaces === "own") return "namespace";
  return admitsStranger(term.namespaces, ["kubernetes.io/metadata.name"]) ? "cluster" : "selected";
}

/** Flags that have a meaning for host endpoints only, and conditions among them. */
function readScope(spec: ObjectNode, { namespaced }: PolicyKind): PolicyReading["scope"] {
  if (namespaced) return "namespace";
  const [doNotTrack, preDnat, onForward] = HOST_FLAGS.map((flag) => spec.flag(flag));
  if (doNotTrack && preDnat) {
    spec.report("conflicting-fields", spec.at("preDNAT"), '"preDNAT" excludes "doNotTrack"; make it two policies');
  }
  if (preDnat && spec.count("egress") > 0) {
    spec.report("conflicting-fields", spec.at("egress"), 'a policy with "preDNAT" has no egress rules');
  }
  return doNotTrack || preDnat || onForward ? "host" : "cluster";
}

/** Notes that nothing of the policy is enforced yet. */
export function noteStaged(spec: ObjectNode): void {
  const action = spec.text("stagedAction");
  const isKnown = action === undefined || action === "" || STAGED_ACTIONS.includes(action);
  const pointer = spec.has("stagedAction") ? spec.at("stagedAction") : spec.pointer;
  if (!isKnown) {
    const detail = `unknown staged action ${quote(action)}; known are ${STAGED_ACTIONS.join(", ")}`;
    spec.report("invalid-value", pointer, detail);
  }
  const detail =
    action === "Delete"
      ? "proposes to delete a policy: once that is committed, nothing isolates what it isolated"
      : "a staged policy isolates nothing until it is committed";
  spec.report("no-isolation", pointer, detail);
}
