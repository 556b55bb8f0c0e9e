/**
 * @module The spec that AdminNetworkPolicy, BaselineAdminNetworkPolicy and both ClusterNetworkPolicies have in common:
 * an order among policies, a subject, and rules of which the first match decides.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { AddressSet } from "../model/address-set.ts";
import { admitsStranger, everyLabel, isSatisfiable } from "../model/label-formula.ts";
import { isNobody, peersOf, subtractPeers, unionPeers } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, Direction, PeerSet, PolicyReading, RuleAction, TrafficRule } from "../model/traffic.ts";
import { checkExactlyOne, checkMost } from "./cluster-network-policy-lists.ts";
import { type PeersDialect, readPeers, readPodTerms, SUBJECT_KEYS } from "./cluster-network-policy-peers.ts";
import { type PortsDialect, readPorts } from "./cluster-network-policy-ports.ts";
import { ObjectNode } from "./fields.ts";
import type { ObjectReading } from "./reading.ts";
import { nearest } from "./suggest.ts";

/** One API's way to write such a policy. */
export interface PolicyDialect extends PeersDialect, PortsDialect {
  /** Fields of the spec that say where the policy stands among others. */
  readonly orderKeys: readonly ("tier" | "priority")[];
  /** The tier of a kind that doesn't write it. */
  readonly fixedTier?: string;
  /** The only name that an object of this kind may have. */
  readonly onlyName?: string;
  readonly actions: readonly string[];
  readonly mostRules: number;
}

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS = ["subject", "ingress", "egress"];
/** Behind this tier comes nothing but the default, which allows. */
const BASELINE = "Baseline";
const TIERS: readonly string[] = ["Admin", BASELINE];
const HIGHEST_PRIORITY = 1000;
const LONGEST_RULE_NAME = 100;

/** `Accept` took the place of `Allow` in v1alpha2; AWS' guide still says Allow. */
const ACTIONS: ReadonlyMap<string, RuleAction> = new Map([
  ["Accept", "allow"],
  ["Allow", "allow"],
  ["Deny", "deny"],
  ["Pass", "pass"],
]);

/** Reads a whole object in the given dialect. */
export function readClusterPolicy(object: JsonObject, dialect: PolicyDialect): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  checkName(metadata, dialect);
  return { family: "network", labels, policy: readPolicy(object, dialect), defects };
}

function checkName(metadata: ObjectNode, { onlyName }: PolicyDialect): void {
  const name = metadata.text("name");
  if (onlyName === undefined || name === undefined || name === onlyName) return;
  const detail = `the API allows one object of this kind, named ${quote(onlyName)}; it refuses ${quote(name)}`;
  metadata.report("invalid-value", metadata.at("name"), detail);
}

/** The kinds never isolate: what no rule matches is left to other policies, and to Kubernetes' default, which allows. */
function readPolicy(object: JsonObject, dialect: PolicyDialect): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  const common = {
    scope: "cluster",
    isolates: { ingress: false, egress: false },
    evaluation: "first-match",
    defects,
  } as const;
  if (spec === undefined) return { ...common, subject: { reach: "nobody", pointer: "/spec" }, rules: [] };
  spec.checkKeys(new Set([...SPEC_KEYS, ...dialect.orderKeys]), "drops");
  const rank = readRank(spec, dialect);
  return {
    ...common,
    subject: { ...readSubject(spec, dialect), pointer: spec.at("subject") },
    ...(rank === undefined ? {} : { rank }),
    rules: [...readSection(spec, "ingress", rank?.tier, dialect), ...readSection(spec, "egress", rank?.tier, dialect)],
  };
}

/** The place among other policies; undefined where the API refuses what is written. */
function readRank(spec: ObjectNode, { orderKeys, fixedTier }: PolicyDialect): PolicyReading["rank"] {
  const tier = orderKeys.includes("tier") ? readTier(spec) : fixedTier;
  const order = orderKeys.includes("priority") ? readPriority(spec) : 0;
  return tier === undefined || order === undefined ? undefined : { tier, order };
}

function readTier(spec: ObjectNode): string | undefined {
  return readWord(spec, "tier", TIERS);
}

function readPriority(spec: ObjectNode): number | undefined {
  const pointer = spec.at("priority");
  if (!spec.has("priority")) spec.report("missing-field", pointer, '"priority" is missing; the API requires it');
  const priority = spec.integer("priority");
  if (priority === undefined || (priority >= 0 && priority <= HIGHEST_PRIORITY)) return priority;
  spec.report("invalid-value", pointer, `a priority is a number from 0 to ${HIGHEST_PRIORITY}, not ${priority}`);
  return undefined;
}

/** One of a few words; undefined where it is missing. What is no such word is a defect. */
function readWord(node: ObjectNode, key: string, known: readonly string[]): string | undefined {
  const written = node.requiredText(key);
  if (written === undefined || known.includes(written)) return written;
  const meant = nearest(written, known);
  const advice = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${quote(meant)}?`;
  node.report("invalid-value", node.at(key), `unknown ${key} ${quote(written)}, ${advice}`);
  return undefined;
}

function readSubject(spec: ObjectNode, dialect: PolicyDialect): Omit<PolicyReading["subject"], "pointer"> {
  const mark = spec.defects.length;
  const subject = spec.requiredObject("subject");
  if (subject === undefined) return { reach: "nobody", chosen: [] };
  subject.checkKeys(SUBJECT_KEYS, "none");
  checkExactlyOne(subject, SUBJECT_KEYS);
  const [term] = readPodTerms(subject, dialect);
  if (term === undefined || term.namespaces === "own") return { reach: "nobody", chosen: [] };
  if (!isSatisfiable(term.namespaces) || !isSatisfiable(term.pods)) {
    // A selector that the API server refuses is noted already.
    const detail = "no set of labels satisfies this selector: the policy applies to no Pod; remove the contradiction";
    if (!subject.rejectedSince(mark)) subject.report("matches-nothing", subject.pointer, detail);
    return { reach: "nobody", chosen: [] };
  }
  const isEveryPod = admitsStranger(term.namespaces, []) && admitsStranger(term.pods, []);
  return { reach: isEveryPod ? "cluster" : "selected", chosen: [term] };
}

function readSection(
  spec: ObjectNode,
  direction: Direction,
  tier: string | undefined,
  dialect: PolicyDialect,
): readonly TrafficRule[] {
  checkMost(spec, direction, dialect.mostRules);
  return spec.objects(direction, "none").flatMap((rule) => readRule(rule, direction, tier, dialect));
}

/** A rule, or none where its action says nothing that could be told. */
function readRule(
  rule: ObjectNode,
  direction: Direction,
  tier: string | undefined,
  dialect: PolicyDialect,
): readonly TrafficRule[] {
  const peersKey = direction === "ingress" ? "from" : "to";
  const action = readAction(rule, dialect);
  const allows = (action ?? "allow") === "allow";
  // A denial that loses a restriction denies more.
  rule.checkKeys(new Set(["name", "action", peersKey, dialect.portsKey]), allows ? "widens" : "none");
  checkRuleName(rule);
  const peers = readPeers(rule, direction, action ?? "allow", dialect);
  const ports = readPorts(rule, dialect, allows);
  const portsPointer = rule.has(dialect.portsKey) ? rule.at(dialect.portsKey) : rule.pointer;
  checkNamedPorts(rule, peers, ports, portsPointer);
  if (action === undefined) return [];
  const peersPointer = rule.has(peersKey) ? rule.at(peersKey) : rule.pointer;
  const { pointer } = rule;
  if (action === "pass") noteWholePass(rule, direction, peers, ports);
  const passes = action === "pass" && tier === BASELINE ? { passes: true as const } : {};
  const common = { peers, peersPointer, ports, portsPointer, operations: "all", staged: false } as const;
  return [{ pointer, direction, action, ...common, ...passes }];
}

/** Another version's word to allow is refused, and meant as an allowance all the same. */
function readAction(rule: ObjectNode, { actions }: PolicyDialect): RuleAction | undefined {
  const known = readWord(rule, "action", actions);
  if (known !== undefined) return ACTIONS.get(known);
  const written = rule.value["action"];
  return typeof written === "string" && ACTIONS.get(written) === "allow" ? "allow" : undefined;
}

const EVERY_POD = peersOf({ pods: [{ namespaces: everyLabel, pods: everyLabel }] });
/** All that a rule can name: ingress rules name Pods only. */
const WHOLE: Readonly<Record<Direction, PeerSet>> = {
  ingress: EVERY_POD,
  egress: unionPeers(EVERY_POD, peersOf({ addresses: AddressSet.everything })),
};

/** Whatever policies behind this one deny in the same tier, they deny no more. */
function noteWholePass(rule: ObjectNode, direction: Direction, peers: PeerSet, ports: PortSet): void {
  if (!ports.equals(PortSet.everything) || !isNobody(subtractPeers(WHOLE[direction], peers))) return;
  const detail =
    "everything is passed on: no policy behind this one in its tier denies anything, and where no NetworkPolicy " +
    "decides all is allowed; name what is to be passed";
  rule.report("no-isolation", rule.pointer, detail);
}

function checkRuleName(rule: ObjectNode): void {
  const length = Array.from(rule.text("name") ?? "").length;
  if (length <= LONGEST_RULE_NAME) return;
  const detail = `a rule's name has at most ${LONGEST_RULE_NAME} characters, not ${length}`;
  rule.report("invalid-value", rule.at("name"), detail);
}

/** Only Pods have ports with names. */
function checkNamedPorts(rule: ObjectNode, peers: PeerSet, ports: PortSet, pointer: string): void {
  const isPodsOnly = peers.addresses.isEmpty() && peers.entities.length === 0 && peers.names.length === 0;
  if (isPodsOnly || ports.namesOf("TCP").size === 0) return;
  const detail = "networks, nodes and domain names have no ports with names; write numbers, or a rule for Pods alone";
  rule.report("conflicting-fields", pointer, detail);
}
