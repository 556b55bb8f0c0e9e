/**
 * @module Rules of Calico's policies (`spec.ingress[]`, `spec.egress[]`), of which the first match decides.
 */
import { nobody, peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, PeerSet, RuleAction, TrafficRule } from "../model/traffic.ts";
import { WHOLE_FAMILY } from "./calico-addresses.ts";
import { readEntity } from "./calico-entity.ts";
import { checkPorts, readPorts } from "./calico-ports.ts";
import type { ObjectNode } from "./fields.ts";
import { nearest } from "./suggest.ts";

const RULE_KEYS: ReadonlySet<string> = new Set([
  "action",
  "ipVersion",
  "protocol",
  "notProtocol",
  "icmp",
  "notICMP",
  "source",
  "destination",
  "http",
  "metadata",
]);
const ICMP_KEYS: ReadonlySet<string> = new Set(["type", "code"]);
const HTTP_KEYS: ReadonlySet<string> = new Set(["methods", "paths"]);
const ACTIONS: ReadonlyMap<string, RuleAction> = new Map([
  ["Allow", "allow"],
  ["Deny", "deny"],
  ["Pass", "pass"],
  ["Log", "log"],
]);
/** Fields that the model has no place for: a rule that denies by them may deny hardly anything. */
const NARROWING_KEYS = ["icmp", "notICMP", "http"];

/** What the reading of a rule depends on. */
export interface RuleContext {
  readonly namespaced: boolean;
  /** Whether no tier comes next, so that what is passed goes to the profile of the Namespace, which allows all. */
  readonly lastTier: boolean;
  readonly staged: boolean;
}

/** The rules of one direction. A rule whose action is unknown is refused and contributes nothing. */
export function readRules(spec: ObjectNode, direction: Direction, context: RuleContext): readonly TrafficRule[] {
  return spec.objects(direction, "none").flatMap((rule) => readRule(rule, direction, context));
}

function readRule(rule: ObjectNode, direction: Direction, context: RuleContext): readonly TrafficRule[] {
  const written = readAction(rule);
  const action = written === "pass" && context.lastTier ? "allow" : written;
  const bound = (action ?? "allow") === "allow" ? "most" : "least";
  rule.checkKeys(RULE_KEYS, bound === "most" ? "widens" : "none");
  const source = rule.objectOrEmpty("source");
  const destination = rule.objectOrEmpty("destination");
  checkPorts(rule, source);
  const ports = readPorts(rule, destination);
  const [peer, own] = direction === "ingress" ? [source, destination] : [destination, source];
  const entityContext = { namespaced: context.namespaced, bound } as const;
  const peers = ofFamily(rule, readEntity(peer, entityContext));
  const ofOwnSide = readEntity(own, entityContext);
  checkIcmp(rule);
  checkHttp(rule, direction, written);
  if (action === undefined) return [];
  const isNarrowed = !ofOwnSide.everyone || narrowsOtherwise(rule, source);
  const decided = bound === "least" && isNarrowed ? nobody : peers;
  noteWholePass(rule, action, decided, ports);
  const byService = direction === "egress" && destination.has("services") && !peers.everyone;
  return [
    {
      pointer: rule.pointer,
      direction,
      action,
      peers: decided,
      peersPointer: peer === source ? pointerOf(rule, "source") : pointerOf(rule, "destination"),
      ports,
      portsPointer: destination.has("ports") ? destination.at("ports") : rule.pointer,
      // A Service is reached on its own ports only, which can't be seen here.
      operations: rule.has("http") || byService ? "some" : "all",
      ...(written === "pass" && context.lastTier ? { passes: true } : {}),
      staged: context.staged,
    },
  ];
}

function pointerOf(rule: ObjectNode, key: string): string {
  return rule.has(key) ? rule.at(key) : rule.pointer;
}

function readAction(rule: ObjectNode): RuleAction | undefined {
  const written = rule.requiredText("action");
  if (written === undefined) return undefined;
  const action = ACTIONS.get(written);
  if (action !== undefined) return action;
  const meant = nearest(written, ACTIONS.keys());
  const advice = meant === undefined ? `known are ${[...ACTIONS.keys()].join(", ")}` : `did you mean ${quote(meant)}?`;
  rule.report("invalid-value", rule.at("action"), `unknown action ${quote(written)}, ${advice}`);
  return undefined;
}

/** Everyone of one address family, where `ipVersion` says so. */
function ofFamily(rule: ObjectNode, peers: PeerSet): PeerSet {
  const version = rule.integer("ipVersion");
  if (version === undefined) return peers;
  if (version !== 4 && version !== 6) {
    rule.report("invalid-value", rule.at("ipVersion"), `"ipVersion" is 4 or 6, not ${version}`);
    return peers;
  }
  return peers.everyone ? peersOf({ addresses: WHOLE_FAMILY[version] }) : peers;
}

/** Whether the rule is narrowed by something beside peers and ports. Source ports are one such thing. */
function narrowsOtherwise(rule: ObjectNode, source: ObjectNode): boolean {
  if (NARROWING_KEYS.some((key) => rule.has(key))) return true;
  return source.has("ports") || source.has("notPorts") || (rule.has("ipVersion") && !isPlain(rule));
}

/** Whether the rule names no peers, so that its address family says all about them. */
function isPlain(rule: ObjectNode): boolean {
  return !rule.has("source") && !rule.has("destination");
}

function checkIcmp(rule: ObjectNode): void {
  rule.object("icmp")?.checkKeys(ICMP_KEYS, "widens");
  rule.object("notICMP")?.checkKeys(ICMP_KEYS, "none");
  if (rule.has("icmp") && !rule.has("protocol")) {
    rule.report("missing-field", rule.at("icmp"), '"icmp" needs "protocol" ICMP or ICMPv6 beside it');
  }
}

function checkHttp(rule: ObjectNode, direction: Direction, action: RuleAction | undefined): void {
  const http = rule.object("http");
  http?.checkKeys(HTTP_KEYS, "widens");
  if (http === undefined || (direction === "ingress" && action === "allow")) return;
  rule.report("conflicting-fields", rule.at("http"), '"http" is for ingress rules that allow; the API refuses others');
}

/** Whatever this policy would isolate is left to the tiers that follow. */
function noteWholePass(rule: ObjectNode, action: RuleAction, peers: PeerSet, ports: PortSet): void {
  if (action !== "pass" || !peers.everyone || !ports.equals(PortSet.everything)) return;
  const detail = "everything is passed on to the next tier: this policy isolates nothing; name what is to be passed";
  rule.report("no-isolation", rule.pointer, detail);
}
