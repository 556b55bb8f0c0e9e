/**
 * @module Rules of Cilium policies (`ingress`, `egressDeny`, ...) in the terms of the model.
 */
import { everyone, isNobody, nobody, peersOf, unionPeers } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, PeerSet, TrafficRule } from "../model/traffic.ts";
import type { SelectorScope } from "./cilium-endpoints.ts";
import { peerKeys, type RulePeers, readRulePeers } from "./cilium-peers.ts";
import { type PortGroup, readPorts } from "./cilium-ports.ts";
import type { ObjectNode } from "./fields.ts";

/** What of the policy its rules depend on. */
export interface RuleScope extends SelectorScope {
  /** The policy is for nodes. */
  readonly host: boolean;
}

export interface Section {
  readonly key: "ingress" | "ingressDeny" | "egress" | "egressDeny";
  readonly direction: Direction;
  readonly action: "allow" | "deny";
}

export const SECTIONS: readonly Section[] = [
  { key: "ingress", direction: "ingress", action: "allow" },
  { key: "ingressDeny", direction: "ingress", action: "deny" },
  { key: "egress", direction: "egress", action: "allow" },
  { key: "egressDeny", direction: "egress", action: "deny" },
];

const DENY_KEYS: Readonly<Record<Direction, ReadonlySet<string>>> = {
  ingress: new Set([...peerKeys("ingress"), "toPorts", "icmps"]),
  egress: new Set([...peerKeys("egress").filter((key) => key !== "toFQDNs"), "toPorts", "icmps"]),
};
const ALLOW_KEYS: Readonly<Record<Direction, ReadonlySet<string>>> = {
  ingress: new Set([...DENY_KEYS.ingress, "authentication"]),
  egress: new Set([...DENY_KEYS.egress, "toFQDNs", "authentication"]),
};
const AUTHENTICATION_KEYS: ReadonlySet<string> = new Set(["mode"]);
const AUTHENTICATION_MODES: readonly string[] = ["disabled", "required", "test-always-fail"];

/** The rules of one section. */
export function readSection(spec: ObjectNode, section: Section, scope: RuleScope): readonly TrafficRule[] {
  return spec.objects(section.key, "none").flatMap((rule) => readRule(rule, section, scope));
}

/** A rule of Cilium is several of the model where layer 7 restricts some of its ports and others not. */
function readRule(rule: ObjectNode, { direction, action }: Section, scope: RuleScope): readonly TrafficRule[] {
  const allows = action === "allow";
  const bound = allows ? "most" : "least";
  rule.checkKeys((allows ? ALLOW_KEYS : DENY_KEYS)[direction], "widens");
  if (allows) checkAuthentication(rule);
  const { peers, pointer, emptyList } = readRulePeers(rule, direction, bound, scope);
  const groups = readPorts(rule, { direction, host: scope.host, bound });
  if (allows && emptyList !== undefined && groups !== undefined) noteEmptyList(rule, emptyList);
  return flowsOf(peers, groups).map((group) => ({
    pointer: rule.pointer,
    direction,
    action,
    peers: group.peers,
    peersPointer: pointer,
    ports: group.ports,
    portsPointer: portsPointer(rule),
    operations: group.operations,
    staged: false,
  }));
}

interface RuleFlow {
  readonly peers: PeerSet;
  readonly ports: PortSet;
  readonly operations: "some" | "all";
}

/** Without peers a rule is for anyone on its ports, without ports for its peers on every port, without both for nobody. */
function flowsOf(peers: RulePeers["peers"], groups: readonly PortGroup[] | undefined): readonly RuleFlow[] {
  if (groups === undefined) {
    const ports = peers === undefined ? PortSet.nothing : PortSet.everything;
    return [{ peers: peers ?? nobody, ports, operations: "all" }];
  }
  const chosen = peers ?? everyone;
  return groups.map(({ ports, operations, listener }) => ({
    // Where a listener sends the traffic is written in another object.
    peers:
      listener === undefined || isNobody(chosen) ? chosen : unionPeers(chosen, peersOf({ unresolved: [listener] })),
    ports,
    operations,
  }));
}

function portsPointer(rule: ObjectNode): string {
  if (rule.has("toPorts")) return rule.at("toPorts");
  return rule.has("icmps") ? rule.at("icmps") : rule.pointer;
}

function noteEmptyList(rule: ObjectNode, pointer: string): void {
  const detail =
    "an empty list is nobody, until a client drops it when it writes the object: then the rule is open to anyone; " +
    "name the peers or remove the rule";
  rule.report("matches-nothing", pointer, detail);
}

function checkAuthentication(rule: ObjectNode): void {
  const authentication = rule.object("authentication");
  if (authentication === undefined) return;
  authentication.checkKeys(AUTHENTICATION_KEYS, "widens");
  const mode = authentication.requiredText("mode");
  const pointer = authentication.at("mode");
  if (mode === "disabled") {
    authentication.report("inert-section", pointer, "switches mutual authentication off for this traffic");
  } else if (mode !== undefined && !AUTHENTICATION_MODES.includes(mode)) {
    const detail = `unknown mode ${quote(mode)}, known are ${AUTHENTICATION_MODES.join(", ")}`;
    authentication.report("invalid-value", pointer, detail);
  }
}
