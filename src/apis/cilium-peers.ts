/**
 * @module The other side of a Cilium rule: its members `fromEndpoints`, `toEntities`, `toFQDNs` and so on, of which one
 * rule may have one (Cilium 1.19, pkg/policy/api and pkg/policy/utils/parserules.go).
 */
import { admitsStranger } from "../model/label-formula.ts";
import { nobody } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, Entity, PeerSet } from "../model/traffic.ts";
import { addCidrRules, readCidrs } from "./cilium-addresses.ts";
import { addEndpoints, type SelectorScope } from "./cilium-endpoints.ts";
import { readSelector } from "./cilium-labels.ts";
import { addNames } from "./cilium-names.ts";
import { type Bound, PeerBuilder } from "./cilium-peer-builder.ts";
import type { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { nearest } from "./suggest.ts";

/** How to read one member into a set of peers. */
type MemberReader = (peers: PeerBuilder, rule: ObjectNode, key: string, scope: SelectorScope) => void;

interface Member {
  readonly key: string;
  readonly read: MemberReader;
  /** The agent takes an empty list for nobody. For the others it doesn't look, and the rule is open to anyone. */
  readonly emptyIsNobody: boolean;
}

export interface RulePeers {
  /** undefined: the rule names no peers, which is anyone if it has ports, and nobody without. */
  readonly peers: PeerSet | undefined;
  readonly pointer: string;
  /** JSON Pointer of an empty list that stands for nobody. */
  readonly emptyList: string | undefined;
}

const ENTITIES: ReadonlyMap<string, Entity | "none"> = new Map([
  ["all", "everyone"],
  ["world", "outside"],
  ["cluster", "cluster"],
  ["host", "own-node"],
  ["remote-node", "nodes"],
  ["kube-apiserver", "control-plane"],
  ["ingress", "ingress-proxies"],
  ["health", "health-checks"],
  ["init", "starting"],
  ["unmanaged", "unmanaged"],
  ["none", "none"],
]);

const SERVICE_KEYS: ReadonlySet<string> = new Set(["k8sService", "k8sServiceSelector"]);
const NAMED_SERVICE_KEYS: ReadonlySet<string> = new Set(["serviceName", "namespace"]);
const SELECTED_SERVICE_KEYS: ReadonlySet<string> = new Set(["selector", "namespace"]);
const GROUP_KEYS: ReadonlySet<string> = new Set(["aws"]);
const AWS_KEYS: ReadonlySet<string> = new Set(["labels", "region", "securityGroupsIds", "securityGroupsNames"]);

const MEMBERS: Readonly<Record<Direction, readonly Member[]>> = {
  ingress: [
    { key: "fromEndpoints", read: readEndpoints, emptyIsNobody: true },
    { key: "fromEntities", read: readEntities, emptyIsNobody: true },
    { key: "fromCIDR", read: readAddresses, emptyIsNobody: true },
    { key: "fromCIDRSet", read: addCidrRules, emptyIsNobody: true },
    { key: "fromNodes", read: readNodes, emptyIsNobody: true },
    { key: "fromGroups", read: readGroups, emptyIsNobody: false },
  ],
  egress: [
    { key: "toEndpoints", read: readEndpoints, emptyIsNobody: true },
    { key: "toEntities", read: readEntities, emptyIsNobody: true },
    { key: "toCIDR", read: readAddresses, emptyIsNobody: true },
    { key: "toCIDRSet", read: addCidrRules, emptyIsNobody: true },
    { key: "toNodes", read: readNodes, emptyIsNobody: true },
    { key: "toGroups", read: readGroups, emptyIsNobody: false },
    { key: "toServices", read: readServices, emptyIsNobody: false },
    { key: "toFQDNs", read: addNames, emptyIsNobody: false },
  ],
};

/** Members that old agents apply to all rules of the policy; agents from 1.19 on refuse them. */
const REQUIRES: Readonly<Record<Direction, string>> = { ingress: "fromRequires", egress: "toRequires" };

/** Every key by which a rule of a direction names peers. */
export function peerKeys(direction: Direction): readonly string[] {
  return [...MEMBERS[direction].map(({ key }) => key), REQUIRES[direction]];
}

/** The peers of one rule. */
export function readRulePeers(rule: ObjectNode, direction: Direction, bound: Bound, scope: SelectorScope): RulePeers {
  const peers = new PeerBuilder(bound);
  const filled: string[] = [];
  let emptyList: string | undefined;
  let isWrong = false;
  for (const { key, read, emptyIsNobody } of MEMBERS[direction]) {
    const list = rule.list(key);
    if (list === undefined) isWrong ||= rule.has(key);
    else if (list.length > 0) {
      filled.push(key);
      read(peers, rule, key, scope);
    } else if (emptyIsNobody) emptyList ??= rule.at(key);
  }
  if (filled.length > 1) reportCombination(rule, filled);
  const [only] = filled;
  const pointer = filled.length === 1 && only !== undefined ? rule.at(only) : rule.pointer;
  // What narrows a denial further leaves nothing of it that is certain.
  const isNarrowed = (rule.list(REQUIRES[direction])?.length ?? 0) > 0 && bound === "least";
  if (emptyList !== undefined || isNarrowed) return { peers: nobody, pointer: emptyList ?? pointer, emptyList };
  // A list of the wrong type is no missing one: the API refuses it.
  return { peers: filled.length === 0 && !isWrong ? undefined : peers.build(), pointer, emptyList };
}

function reportCombination(rule: ObjectNode, filled: readonly string[]): void {
  const detail = `${filled.join(" and ")} exclude each other; the agent refuses the policy; make it one rule each`;
  rule.report("conflicting-fields", rule.pointer, detail);
}

function readEndpoints(peers: PeerBuilder, rule: ObjectNode, key: string, scope: SelectorScope): void {
  for (const selector of rule.objects(key, "none")) {
    const requirements = readSelector(selector);
    if (requirements !== undefined) addEndpoints(peers, requirements, scope);
  }
}

function readEntities(peers: PeerBuilder, rule: ObjectNode, key: string): void {
  for (const { value, pointer } of rule.texts(key)) {
    const entity = ENTITIES.get(value);
    if (entity === undefined) {
      const meant = nearest(value, ENTITIES.keys());
      const advice =
        meant === undefined ? `known are ${[...ENTITIES.keys()].join(", ")}` : `did you mean ${quote(meant)}?`;
      rule.report("invalid-value", pointer, `unknown entity ${quote(value)}, ${advice}`);
    } else if (entity !== "none") peers.entities.push(entity);
  }
}

function readAddresses(peers: PeerBuilder, rule: ObjectNode, key: string): void {
  peers.addresses.push(readCidrs(rule, key, peers.bound));
}

/** Nodes by their labels, which are not known here: all other nodes, or in a denial none for certain. */
function readNodes(peers: PeerBuilder, rule: ObjectNode, key: string): void {
  for (const selector of rule.objects(key, "none")) {
    const requirements = readSelector(selector);
    if (requirements === undefined) continue;
    if (peers.bound === "most" || requirements.length === 0) peers.entities.push("nodes");
  }
}

/** Security groups of a cloud provider. An entry without a provider is nobody. */
function readGroups(peers: PeerBuilder, rule: ObjectNode, key: string): void {
  for (const group of rule.objects(key, "none")) {
    group.checkKeys(GROUP_KEYS, "widens");
    const aws = group.object("aws");
    aws?.checkKeys(AWS_KEYS, "widens");
    if (aws !== undefined) peers.addUnresolved("AWS security groups");
  }
}

/**
 * Services stand for the Pods behind them, or for whatever addresses their EndpointSlices hold: whoever edits those
 * edits the policy.
 */
function readServices(peers: PeerBuilder, rule: ObjectNode, key: string): void {
  for (const service of rule.objects(key, "none")) {
    service.checkKeys(SERVICE_KEYS, "widens");
    const named = service.object("k8sService");
    const selected = service.object("k8sServiceSelector");
    if (named !== undefined) readNamedService(peers, named);
    if (selected !== undefined) readSelectedServices(peers, selected);
    if (named === undefined && selected === undefined && !service.has("k8sService")) {
      const detail = "names no Service: write k8sService or k8sServiceSelector";
      service.report("matches-nothing", service.pointer, detail);
    }
  }
}

function readNamedService(peers: PeerBuilder, service: ObjectNode): void {
  service.checkKeys(NAMED_SERVICE_KEYS, "widens");
  const namespace = service.text("namespace") || "(any namespace)";
  peers.addUnresolved(`Service ${namespace}/${service.text("serviceName") ?? ""}`);
}

function readSelectedServices(peers: PeerBuilder, service: ObjectNode): void {
  service.checkKeys(SELECTED_SERVICE_KEYS, "widens");
  const selector = service.requiredObject("selector");
  const namespace = service.text("namespace") ?? "";
  const formula = selector === undefined ? undefined : readLabelSelector(selector);
  if (formula === undefined) return;
  const isEvery = admitsStranger(formula, []);
  if (namespace === "" && isEvery && peers.bound === "most") peers.entities.push("cluster");
  const which = isEvery ? "every Service" : "Services by label";
  peers.addUnresolved(namespace === "" ? `${which} of every namespace` : `${which} of ${namespace}`);
}
