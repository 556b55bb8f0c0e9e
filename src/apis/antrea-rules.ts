/**
 * @module Rules of Antrea's policies (`spec.ingress[]`, `spec.egress[]`), of which the first match decides. Nothing is
 * denied but by a rule that says so.
 */
import { nobody, peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, PeerSet, RuleAction, TrafficRule } from "../model/traffic.ts";
import { readPeers } from "./antrea-peers.ts";
import { readLayer7, readPortsAndProtocols, readServices } from "./antrea-ports.ts";
import type { ObjectNode } from "./fields.ts";
import { nearest } from "./suggest.ts";

const ACTIONS: ReadonlyMap<string, RuleAction> = new Map([
  ["Allow", "allow"],
  ["Drop", "deny"],
  ["Reject", "deny"],
  ["Pass", "pass"],
]);
const COMMON_KEYS = ["action", "ports", "protocols", "l7Protocols", "name", "enableLogging", "logLabel", "appliedTo"];
const RULE_KEYS: Readonly<Record<Direction, ReadonlySet<string>>> = {
  ingress: new Set([...COMMON_KEYS, "from"]),
  egress: new Set([...COMMON_KEYS, "to", "toServices"]),
};
const EXCLUDED_BY_SERVICES = ["to", "ports", "protocols"];
const BASELINE_TIER = "baseline";

/** What the reading of a rule depends on. */
export interface RuleContext {
  readonly namespaced: boolean;
  readonly tier: string;
  /** Whether rules apply to different Pods, so that none of them decides before another. */
  readonly isApart: boolean;
}

/** The rules of one direction. A rule without an action that exists is refused and contributes nothing. */
export function readRules(spec: ObjectNode, direction: Direction, context: RuleContext): readonly TrafficRule[] {
  return spec.objects(direction, "none").flatMap((rule) => readRule(rule, direction, context));
}

function readRule(rule: ObjectNode, direction: Direction, context: RuleContext): readonly TrafficRule[] {
  const action = readAction(rule, context.tier);
  const bound = (action ?? "allow") === "allow" ? "most" : "least";
  // A denial that loses a restriction denies more.
  rule.checkKeys(RULE_KEYS[direction], bound === "most" ? "widens" : "none");
  rule.flag("enableLogging");
  rule.text("logLabel");
  const peersKey = direction === "ingress" ? "from" : "to";
  const { ports, pointer: portsPointer, isNarrower } = readPortsAndProtocols(rule);
  const named = readPeers(rule, peersKey, { namespaced: context.namespaced, direction, bound });
  const services = direction === "egress" ? readServices(rule, context.namespaced) : [];
  checkServices(rule, direction);
  const operations = readLayer7(rule, action ?? "allow");
  if (action === undefined) return [];
  const byService = services.length > 0;
  const peers = byService ? peersOf({ unresolved: services }) : named;
  const isUncertain = bound === "least" && (isNarrower || context.isApart);
  const decided = isUncertain ? nobody : peers;
  noteWholePass(rule, action, decided, ports);
  return [
    {
      pointer: rule.pointer,
      direction,
      action,
      peers: decided,
      peersPointer: peersPointer(rule, byService ? "toServices" : peersKey),
      ports,
      portsPointer,
      // A Service is reached on its own ports only, which can't be seen here.
      operations: byService ? "some" : operations,
      staged: false,
    },
  ];
}

function peersPointer(rule: ObjectNode, key: string): string {
  return rule.has(key) ? rule.at(key) : rule.pointer;
}

function readAction(rule: ObjectNode, tier: string): RuleAction | undefined {
  const written = rule.requiredText("action");
  if (written === undefined) return undefined;
  const action = ACTIONS.get(written);
  if (action === "pass" && tier.toLowerCase() === BASELINE_TIER) {
    rule.report("conflicting-fields", rule.at("action"), "nothing comes behind the baseline tier: Antrea refuses Pass");
    return undefined;
  }
  if (action !== undefined) return action;
  const known = [...ACTIONS.keys()];
  const meant = nearest(written, known);
  const advice = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${quote(meant)}?`;
  rule.report("invalid-value", rule.at("action"), `unknown action ${quote(written)}, ${advice}`);
  return undefined;
}

function checkServices(rule: ObjectNode, direction: Direction): void {
  if (direction === "ingress" || rule.count("toServices") === 0) return;
  for (const key of EXCLUDED_BY_SERVICES) {
    if (!rule.has(key)) continue;
    rule.report("conflicting-fields", rule.at(key), `"toServices" excludes ${quote(key)}; make it two rules`);
  }
}

/** What is passed reaches the NetworkPolicies behind Antrea's tiers, and where there are none it is allowed. */
function noteWholePass(rule: ObjectNode, action: RuleAction, peers: PeerSet, ports: PortSet): void {
  if (action !== "pass" || !peers.everyone || !ports.equals(PortSet.everything)) return;
  const detail =
    "everything is passed on to the NetworkPolicies behind: no rule of a later tier but the baseline denies anything; " +
    "name what is to be passed";
  rule.report("no-isolation", rule.pointer, detail);
}
