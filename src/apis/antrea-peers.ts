/**
 * @module Peers of Antrea's rules (`from[]`, `to[]`): which field decides, and what the controller does where several are
 * written (antrea-io/antrea, networkpolicy/crd_utils.go, validate.go and grouping/group_entity_index.go).
 */
import { AddressSet, parseCidr } from "../model/address-set.ts";
import { everyLabel, type LabelFormula, noLabel } from "../model/label-formula.ts";
import { everyone, nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, IdentityPattern, PeerSet } from "../model/traffic.ts";
import { readAntreaName } from "./antrea-names.ts";
import type { ObjectNode } from "./fields.ts";
import { isLabelKey } from "./kubernetes-names.ts";
import { readLabelSelector } from "./label-selector.ts";

const COMMON_KEYS = ["podSelector", "namespaceSelector", "ipBlock", "group", "nodeSelector"];
const CLUSTER_KEYS = [...COMMON_KEYS, "namespaces", "serviceAccount"];
const NAMESPACE_KEYS = [...COMMON_KEYS, "externalEntitySelector"];
const PEER_KEYS = {
  cluster: { ingress: new Set([...CLUSTER_KEYS, "scope"]), egress: new Set([...CLUSTER_KEYS, "fqdn"]) },
  namespace: { ingress: new Set([...NAMESPACE_KEYS, "scope"]), egress: new Set([...NAMESPACE_KEYS, "fqdn"]) },
} as const;
/** Fields beside which the webhook refuses every other one. */
const ALONE = ["group", "serviceAccount", "nodeSelector"];
/** Of these the controller looks at the first one that is written, and passes over the others. */
const BY_PRECEDENCE = ["ipBlock", "fqdn"];
const BLOCK_KEYS: ReadonlySet<string> = new Set(["cidr", "except"]);
const NAMESPACES_KEYS: ReadonlySet<string> = new Set(["match", "sameLabels"]);
const NAME_KEYS: ReadonlySet<string> = new Set(["name", "namespace"]);
const SCOPES: readonly string[] = ["Cluster", "ClusterSet"];
/** The label that the API server gives every namespace, with its name. */
const NAME_OF_NAMESPACE = "kubernetes.io/metadata.name";

/** Where a rule stands. */
export interface PeerContext {
  /** Whether the policy has a namespace, to which its selectors of Pods are limited. */
  readonly namespaced: boolean;
  readonly direction: Direction;
  /** As the most that a peer can mean, or as the least. */
  readonly bound: "most" | "least";
}

/** The peers of a rule: everyone where it names none. What Antrea refuses contributes nobody. */
export function readPeers(rule: ObjectNode, key: string, context: PeerContext): PeerSet {
  const list = rule.list(key);
  if (list === undefined) return rule.has(key) ? nobody : everyone;
  if (list.length === 0) return everyone;
  return unionOfPeers(rule.objects(key, "none").map((peer) => readPeer(peer, context)));
}

function readPeer(peer: ObjectNode, context: PeerContext): PeerSet {
  const mark = peer.defects.length;
  const known = PEER_KEYS[context.namespaced ? "namespace" : "cluster"][context.direction];
  peer.checkKeys(known, context.bound === "most" ? "widens" : "none");
  const readers: readonly [string, () => PeerSet | undefined][] = [
    ["ipBlock", () => readBlock(peer.object("ipBlock"))],
    ["group", () => readGroup(peer, context)],
    ["fqdn", () => readFqdn(peer)],
    ["serviceAccount", () => readServiceAccount(peer.object("serviceAccount"))],
    ["nodeSelector", () => readNodes(peer.object("nodeSelector"))],
  ];
  // Each is read, because each may have defects; the controller takes the first one.
  const written = readers.filter(([key]) => known.has(key) && isWritten(peer, key));
  const single = written.map(([, read]) => read()).find((peers) => peers !== undefined);
  const selected = readSelectors(peer, context);
  checkAlone(peer, known);
  if (peer.rejectedSince(mark)) return nobody;
  noteIgnored(peer, known);
  return single ?? selected;
}

/** An empty text counts as not written, as it does in Go. */
function isWritten(peer: ObjectNode, key: string): boolean {
  return peer.has(key) && peer.value[key] !== "";
}

function checkAlone(peer: ObjectNode, known: ReadonlySet<string>): void {
  const written = [...known].filter((key) => isWritten(peer, key));
  const alone = ALONE.find((key) => written.includes(key));
  if (alone === undefined || written.length === 1) return;
  peer.report("conflicting-fields", peer.at(alone), `${quote(alone)} excludes every other field; make it two peers`);
}

/** Notes what is accepted beside an address or a name, and has no effect. Not a rejection: the peer is as wide as that. */
function noteIgnored(peer: ObjectNode, known: ReadonlySet<string>): void {
  const written = [...known].filter((key) => isWritten(peer, key));
  const deciding = BY_PRECEDENCE.find((key) => written.includes(key));
  if (deciding === undefined || written.length === 1) return;
  for (const key of written) {
    if (key === deciding) continue;
    const detail = `${quote(key)} has no effect beside ${quote(deciding)}: Antrea passes it over; make it two peers`;
    peer.report("conflicting-fields", peer.at(key), detail, "widens");
  }
}

/** Addresses as Go's net package reads them: host bits are cut off. */
export function readBlock(block: ObjectNode | undefined): PeerSet | undefined {
  if (block === undefined) return undefined;
  block.checkKeys(BLOCK_KEYS, "widens");
  const written = block.requiredText("cidr");
  const set = written === undefined ? undefined : readCidr(block, block.at("cidr"), written);
  const exceptions = block.texts("except").flatMap(({ value, pointer }) => {
    const exception = readCidr(block, pointer, value);
    if (exception !== undefined && set !== undefined && (!set.covers(exception) || exception.equals(set))) {
      block.report("invalid-value", pointer, `${quote(value)} must lie inside "cidr" and be smaller than it`);
    }
    return exception ?? [];
  });
  return peersOf({ addresses: (set ?? AddressSet.nothing).subtract(AddressSet.unionOf(exceptions)) });
}

function readCidr(block: ObjectNode, pointer: string, text: string): AddressSet | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined || cidr.notes.includes("leading-zeros")) {
    block.report("invalid-value", pointer, `${quote(text)} is no CIDR such as 10.9.8.0/24 or 2001:db8::/64`);
    return undefined;
  }
  if (cidr.notes.includes("ipv4-mapped")) {
    const detail = `${quote(text)} is IPv4 written as IPv6, which agents may apply to either; write it as IPv4`;
    block.report("ambiguous-address", pointer, detail);
  }
  return cidr.set;
}

function readGroup(peer: ObjectNode, { namespaced }: PeerContext): PeerSet | undefined {
  const name = peer.text("group");
  if (name === undefined) return undefined;
  return peersOf({ unresolved: [`${namespaced ? "Group" : "ClusterGroup"} ${name}`] });
}

function readFqdn(peer: ObjectNode): PeerSet | undefined {
  const text = peer.text("fqdn");
  return text === undefined ? undefined : readAntreaName(peer, peer.at("fqdn"), text);
}

/** The identity of a service account. */
export function readServiceAccount(account: ObjectNode | undefined): PeerSet | undefined {
  if (account === undefined) return undefined;
  account.checkKeys(NAME_KEYS, "none");
  const name = account.requiredText("name");
  const namespace = account.requiredText("namespace");
  if (name === undefined || namespace === undefined) return nobody;
  const identity: IdentityPattern = {
    trustDomain: { match: "any" },
    namespace: { match: "exact", value: namespace },
    serviceAccount: { match: "exact", value: name },
  };
  return peersOf({ identities: [identity] });
}

function readNodes(selector: ObjectNode | undefined): PeerSet | undefined {
  if (selector === undefined) return undefined;
  return readLabelSelector(selector) === noLabel ? nobody : peersOf({ entities: ["nodes"] });
}

/** Pods and external entities by labels. */
function readSelectors(peer: ObjectNode, context: PeerContext): PeerSet {
  const pods = readSelector(peer, "podSelector");
  const namespaces = readSelector(peer, "namespaceSelector");
  const entities = context.namespaced ? readSelector(peer, "externalEntitySelector") : undefined;
  const relative = context.namespaced ? undefined : readNamespaces(peer, context.bound);
  const elsewhere = readScope(peer, context);
  // A peer that selects nothing at all is its own namespace for a policy that has one, and nobody for one that has none.
  const isEmpty = pods === undefined && namespaces === undefined && entities === undefined && relative === undefined;
  if (isEmpty && !context.namespaced) return nobody;
  const unresolved = [...elsewhere, ...(entities === undefined ? [] : ["ExternalEntities by label"])];
  if (entities !== undefined && pods === undefined) return peersOf({ unresolved });
  const where = relative ?? namespaces ?? (context.namespaced ? "own" : everyLabel);
  return peersOf({ pods: [{ namespaces: where, pods: pods ?? everyLabel }], unresolved });
}

function readSelector(peer: ObjectNode, key: string): LabelFormula | undefined {
  const selector = peer.object(key);
  return selector && readLabelSelector(selector);
}

/** Namespaces relative to the one of the Pods that the policy applies to; as the least, only what is certain. */
function readNamespaces(peer: ObjectNode, bound: PeerContext["bound"]): "own" | LabelFormula | undefined {
  const namespaces = peer.object("namespaces");
  if (namespaces === undefined) return undefined;
  namespaces.checkKeys(NAMESPACES_KEYS, "widens");
  if (peer.has("namespaceSelector")) {
    const detail = '"namespaces" excludes "namespaceSelector"; make it two peers';
    peer.report("conflicting-fields", namespaces.pointer, detail);
  }
  const match = namespaces.text("match");
  const labels = namespaces.texts("sameLabels");
  if (match !== undefined && match !== "Self") {
    namespaces.report("invalid-value", namespaces.at("match"), `unknown match ${quote(match)}, known is Self`);
  }
  if (match !== undefined && namespaces.has("sameLabels")) {
    namespaces.report("conflicting-fields", namespaces.at("sameLabels"), '"match" excludes "sameLabels"; keep one');
  }
  for (const { value, pointer } of labels) {
    if (!isLabelKey(value)) namespaces.report("invalid-value", pointer, `${quote(value)} can't be the key of a label`);
  }
  if (match !== undefined || labels.some(({ value }) => value === NAME_OF_NAMESPACE)) return "own";
  if (labels.length === 0) {
    namespaces.report("missing-field", namespaces.pointer, '"namespaces" must name "match" or "sameLabels"');
    return noLabel;
  }
  // Namespaces share a value that can't be seen here; that they have the label is the most that is known.
  if (bound === "least") return noLabel;
  return { all: labels.map(({ value }) => ({ key: value, operator: "Exists", values: [] })) };
}

/** Other clusters that a peer reaches into. */
function readScope(peer: ObjectNode, { direction }: PeerContext): readonly string[] {
  if (direction === "egress") return [];
  const scope = peer.text("scope");
  if (scope === undefined || scope === "") return [];
  if (!SCOPES.includes(scope)) {
    peer.report("invalid-value", peer.at("scope"), `unknown scope ${quote(scope)}, known are ${SCOPES.join(", ")}`);
  }
  return scope === "ClusterSet" ? ["other clusters of the ClusterSet"] : [];
}
