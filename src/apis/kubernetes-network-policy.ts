/**
 * @module NetworkPolicy of networking.k8s.io: defaults and semantics of the API server 1.36.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { admitsStranger, isSatisfiable } from "../model/label-formula.ts";
import { quote } from "../model/quote.ts";
import type { Defect, Direction, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { type AddedPeerKind, readPeers } from "./network-policy-peers.ts";
import { readPorts } from "./network-policy-ports.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";
import { nearest } from "./suggest.ts";

// `status` was part of the API from 1.24 to 1.27; old exports still carry it.
const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["podSelector", "ingress", "egress", "policyTypes"]);

/** The two directions as the API spells them. */
const SECTIONS: Record<Direction, { type: string; peers: string; ruleKeys: ReadonlySet<string> }> = {
  ingress: { type: "Ingress", peers: "from", ruleKeys: new Set(["from", "ports"]) },
  egress: { type: "Egress", peers: "to", ruleKeys: new Set(["to", "ports"]) },
};
const TYPES: readonly string[] = [SECTIONS.ingress.type, SECTIONS.egress.type];

/** Which directions a policy selects; `readable` is false where the API server refuses what is written. */
interface PolicyTypes {
  readonly ingress: boolean;
  readonly egress: boolean;
  readonly readable: boolean;
}

/** Reader of networking.k8s.io NetworkPolicy. */
export const networkPolicyReader: ApiReader = {
  group: "networking.k8s.io",
  kinds: ["NetworkPolicy"],
  resources: [
    { kind: "NetworkPolicy", plural: "networkpolicies", versions: ["v1"], scope: "Namespaced", subresources: [] },
  ],
  read: (object) => readNetworkPolicy(object),
};

/**
 * Reads an object that is built like a NetworkPolicy, whatever its kind.
 * @param addedPeer what an API has as peers of egress rules beside those of NetworkPolicy
 */
export function readNetworkPolicy(object: JsonObject, addedPeer?: AddedPeerKind): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readPolicy(object, addedPeer), defects };
}

function readPolicy(object: JsonObject, addedPeer?: AddedPeerKind): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(SPEC_KEYS, "drops");
  const types = readPolicyTypes(spec);
  const subject = readSubject(spec);
  const rules: TrafficRule[] = [];
  readSection(spec, "ingress", types, rules);
  readSection(spec, "egress", types, rules, addedPeer);
  return {
    scope: "namespace",
    subject,
    isolates: { ingress: types.ingress, egress: types.egress },
    evaluation: "deny-overrides",
    rules,
    defects,
  };
}

/** Without policyTypes a policy selects Ingress, and Egress only if it has at least one egress rule. */
function readPolicyTypes(spec: ObjectNode): PolicyTypes {
  const mark = spec.defects.length;
  const entries = spec.texts("policyTypes");
  if (entries.length > TYPES.length) {
    spec.report("invalid-value", spec.at("policyTypes"), `at most two policyTypes are allowed, not ${entries.length}`);
  }
  const types = new Set<string>();
  for (const { value, pointer } of entries) {
    types.add(value);
    if (TYPES.includes(value)) continue;
    const meant = nearest(value, TYPES);
    const advice = meant === undefined ? `known are ${TYPES.join(", ")}` : `did you mean ${quote(meant)}?`;
    spec.report("invalid-value", pointer, `unknown policy type ${quote(value)}, ${advice}`);
  }
  const readable = !spec.rejectedSince(mark);
  if (readable && entries.length === 0) {
    const egress = spec.value["egress"];
    return { ingress: true, egress: Array.isArray(egress) && egress.length > 0, readable };
  }
  return { ingress: types.has(SECTIONS.ingress.type), egress: types.has(SECTIONS.egress.type), readable };
}

function readSubject(spec: ObjectNode): PolicyReading["subject"] {
  const mark = spec.defects.length;
  const formula = readLabelSelector(spec.objectOrEmpty("podSelector"));
  const pointer = spec.at("podSelector");
  if (!isSatisfiable(formula)) {
    // A selector that the API server refuses is noted already.
    const detail = "no set of labels satisfies this selector: the policy applies to no Pod; remove the contradiction";
    if (!spec.rejectedSince(mark)) spec.report("matches-nothing", pointer, detail);
    return { reach: "nobody", pointer, chosen: [] };
  }
  const reach = admitsStranger(formula, []) ? "namespace" : "selected";
  return { reach, pointer, chosen: [{ namespaces: "own", pods: formula }] };
}

function readSection(
  spec: ObjectNode,
  direction: Direction,
  types: PolicyTypes,
  rules: TrafficRule[],
  addedPeer?: AddedPeerKind,
): void {
  const section = SECTIONS[direction];
  const inert = types.readable && !types[direction];
  if (inert) noteInertSection(spec, direction);
  for (const rule of spec.objects(direction, "widens")) {
    rule.checkKeys(section.ruleKeys, "widens");
    rules.push({
      pointer: rule.pointer,
      direction,
      action: "allow",
      peers: readPeers(rule, section.peers, addedPeer),
      peersPointer: rule.has(section.peers) ? rule.at(section.peers) : rule.pointer,
      ports: readPorts(rule),
      portsPointer: rule.has("ports") ? rule.at("ports") : rule.pointer,
      operations: "all",
      staged: inert,
    });
  }
}

/** A section that is written although its type isn't selected: its rules do nothing, and the direction stays open. */
function noteInertSection(spec: ObjectNode, direction: Direction): void {
  if (!Array.isArray(spec.value[direction])) return;
  const detail =
    `the policy does not select ${SECTIONS[direction].type} in "policyTypes": this section does nothing and ` +
    `${direction} stays open; add ${SECTIONS[direction].type} or remove the section`;
  spec.report("inert-section", spec.at(direction), detail);
}
