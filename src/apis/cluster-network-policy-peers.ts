/**
 * @module Subjects and peers of the cluster-wide policies (`subject`, `from[]`, `to[]`): AdminNetworkPolicy,
 * BaselineAdminNetworkPolicy and both ClusterNetworkPolicies share them (network-policy-api apis/v1alpha1 and
 * apis/v1beta1, and AWS' copy of them).
 */
import { AddressSet } from "../model/address-set.ts";
import { everyLabel, implies, isSatisfiable } from "../model/label-formula.ts";
import { nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import type { Direction, PeerSet, PodTerm, RuleAction } from "../model/traffic.ts";
import { checkCount, checkExactlyOne, readTextSet } from "./cluster-network-policy-lists.ts";
import { readDomainNames } from "./cluster-network-policy-names.ts";
import type { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { readCidr } from "./network-policy-peers.ts";

/** What differs between the APIs. */
export interface PeersDialect {
  /** What a peer can be, of which it must be exactly one. */
  readonly peerKeys: Readonly<Record<Direction, ReadonlySet<string>>>;
  readonly mostPeers: number;
  readonly requiresNamespaceSelector: boolean;
  /** Actions of rules that may name domain names. */
  readonly domainNameActions: readonly RuleAction[];
}

export const SUBJECT_KEYS: ReadonlySet<string> = new Set(["namespaces", "pods"]);
const NAMESPACED_POD_KEYS: ReadonlySet<string> = new Set(["namespaceSelector", "podSelector"]);
const MOST_NETWORKS = 25;
const MOST_DOMAIN_NAMES = 25;

/**
 * The peers of a rule. What can't be told exactly, or is refused by some versions of the API only, is read as the most
 * that it can mean in a rule that allows, and as the least in one that denies or passes.
 */
export function readPeers(rule: ObjectNode, direction: Direction, action: RuleAction, dialect: PeersDialect): PeerSet {
  const key = direction === "ingress" ? "from" : "to";
  const list = rule.list(key);
  if (list === undefined && rule.has(key)) return nobody;
  checkCount(rule, key, dialect.mostPeers);
  const keys = dialect.peerKeys[direction];
  return unionOfPeers(rule.objects(key, "none").map((peer) => readPeer(peer, keys, action, dialect)));
}

function readPeer(peer: ObjectNode, keys: ReadonlySet<string>, action: RuleAction, dialect: PeersDialect): PeerSet {
  const mark = peer.defects.length;
  peer.checkKeys(keys, "none");
  checkExactlyOne(peer, keys);
  const peers = [peersOf({ pods: readPodTerms(peer, dialect) })];
  if (keys.has("nodes")) peers.push(readNodes(peer, action));
  if (keys.has("networks")) peers.push(readNetworks(peer, action));
  if (keys.has("domainNames")) peers.push(readNames(peer, action, dialect));
  return action !== "allow" && peer.rejectedSince(mark) ? nobody : unionOfPeers(peers);
}

/** Pods by the labels of their namespaces, or by both labels; none where neither can be read. */
export function readPodTerms(node: ObjectNode, dialect: PeersDialect): readonly PodTerm[] {
  const terms: PodTerm[] = [];
  const namespaces = node.object("namespaces");
  if (namespaces !== undefined) terms.push({ namespaces: readLabelSelector(namespaces), pods: everyLabel });
  const pods = node.object("pods");
  if (pods !== undefined) terms.push(readNamespacedPods(pods, dialect));
  return terms;
}

function readNamespacedPods(node: ObjectNode, dialect: PeersDialect): PodTerm {
  node.checkKeys(NAMESPACED_POD_KEYS, "widens");
  const namespaceSelector = dialect.requiresNamespaceSelector
    ? node.requiredObject("namespaceSelector")
    : node.object("namespaceSelector");
  const podSelector = node.requiredObject("podSelector");
  return {
    namespaces: namespaceSelector === undefined ? everyLabel : readLabelSelector(namespaceSelector),
    pods: podSelector === undefined ? everyLabel : readLabelSelector(podSelector),
  };
}

/** The model doesn't tell nodes apart by label: some nodes are all of them when allowed, and none when denied. */
function readNodes(peer: ObjectNode, action: RuleAction): PeerSet {
  const selector = peer.object("nodes");
  if (selector === undefined) return nobody;
  const formula = readLabelSelector(selector);
  const counts = action === "allow" ? isSatisfiable(formula) : implies(everyLabel, formula);
  return counts ? peersOf({ entities: ["nodes"] }) : nobody;
}

/** Addresses are those of Pods too, as the API says. */
function readNetworks(peer: ObjectNode, action: RuleAction): PeerSet {
  const sets: AddressSet[] = [];
  for (const { value, pointer } of readTextSet(peer, "networks", MOST_NETWORKS)) {
    const mark = peer.defects.length;
    const cidr = readCidr(peer, pointer, value);
    const isAmbiguous = peer.defects.length > mark;
    if (cidr !== undefined && (action === "allow" || !isAmbiguous)) sets.push(cidr.set);
  }
  return sets.length === 0 ? nobody : peersOf({ addresses: AddressSet.unionOf(sets) });
}

function readNames(peer: ObjectNode, action: RuleAction, dialect: PeersDialect): PeerSet {
  const names = readDomainNames(peer, "domainNames", MOST_DOMAIN_NAMES);
  if (!peer.has("domainNames") || dialect.domainNameActions.includes(action)) return names;
  const detail = `domain names are for rules that ${dialect.domainNameActions.join(" or ")}; the API supports no others`;
  peer.report("conflicting-fields", peer.at("domainNames"), detail);
  return nobody;
}
