/**
 * @module Peers of NetworkPolicy rules (`from[]`, `to[]`), checked as the API server 1.36 checks them.
 */
import { AddressSet, type AddressNote, type ParsedCidr, parseCidr } from "../model/address-set.ts";
import { everyLabel } from "../model/label-formula.ts";
import { everyone, nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, PodTerm } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";

const PEER_KEYS: ReadonlySet<string> = new Set(["podSelector", "namespaceSelector", "ipBlock"]);
const IP_BLOCK_KEYS: ReadonlySet<string> = new Set(["cidr", "except"]);

/** What API servers up to 1.35 accept and newer ones refuse: programs disagree on what it means. */
const AMBIGUOUS: ReadonlyMap<AddressNote, string> = new Map([
  ["host-bits", "has bits set beyond its prefix length; write the network's own address"],
  ["leading-zeros", "has leading zeros, which some programs read as octal; remove them"],
  [
    "ipv4-mapped",
    "is IPv4 written as IPv6, which some network plugins apply to IPv4 and others never; write it as IPv4",
  ],
]);

/** A kind of peer that another API adds to those of NetworkPolicy; a peer that has it must have nothing else. */
export interface AddedPeerKind {
  readonly key: string;
  read(peer: ObjectNode): PeerSet;
}

/**
 * The peers of a rule: everyone where it names none. Peers that the API server rejects contribute nobody.
 * @param key `from` or `to`
 */
export function readPeers(rule: ObjectNode, key: string, added?: AddedPeerKind): PeerSet {
  const list = rule.list(key);
  // A list of the wrong type is no "everyone": the API server refuses it.
  if (list === undefined) return rule.has(key) ? nobody : everyone;
  if (list.length === 0) return everyone;
  const pods: PodTerm[] = [];
  const addresses: AddressSet[] = [];
  const others: PeerSet[] = [];
  const known = added === undefined ? PEER_KEYS : new Set([...PEER_KEYS, added.key]);
  for (const peer of rule.objects(key, "none")) {
    peer.checkKeys(known, "widens");
    if (added !== undefined && peer.has(added.key)) others.push(readAddedPeer(peer, added));
    else readPeer(peer, pods, addresses);
  }
  return unionOfPeers([peersOf({ pods, addresses: AddressSet.unionOf(addresses) }), ...others]);
}

function readAddedPeer(peer: ObjectNode, added: AddedPeerKind): PeerSet {
  for (const key of PEER_KEYS) {
    if (!peer.has(key)) continue;
    peer.report("conflicting-fields", peer.at(key), `${quote(key)} excludes ${quote(added.key)}; make it two peers`);
  }
  return added.read(peer);
}

function readPeer(peer: ObjectNode, pods: PodTerm[], addresses: AddressSet[]): void {
  const mark = peer.defects.length;
  const podSelector = peer.object("podSelector");
  const namespaceSelector = peer.object("namespaceSelector");
  const block = peer.object("ipBlock");
  const podFormula = podSelector && readLabelSelector(podSelector);
  const namespaceFormula = namespaceSelector && readLabelSelector(namespaceSelector);
  const blockAddresses = block && readIpBlock(block);
  checkCombination(peer);
  if (peer.rejectedSince(mark)) return;
  if (blockAddresses !== undefined) addresses.push(blockAddresses);
  else pods.push({ namespaces: namespaceFormula ?? "own", pods: podFormula ?? everyLabel });
}

function checkCombination(peer: ObjectNode): void {
  const selectors = peer.has("podSelector") || peer.has("namespaceSelector");
  if (peer.has("ipBlock") && selectors) {
    peer.report(
      "conflicting-fields",
      peer.at("ipBlock"),
      "a peer is either an ipBlock or selectors; make it two peers",
    );
  }
  if (!peer.has("ipBlock") && !selectors) {
    peer.report(
      "missing-field",
      peer.pointer,
      "an empty peer: it must have a podSelector, a namespaceSelector or an ipBlock",
    );
  }
}

function readIpBlock(block: ObjectNode): AddressSet {
  block.checkKeys(IP_BLOCK_KEYS, "widens");
  const written = block.requiredText("cidr");
  const cidr = written === undefined ? undefined : readCidr(block, block.at("cidr"), written);
  const exceptions: AddressSet[] = [];
  for (const { value, pointer } of block.texts("except")) {
    const exception = readCidr(block, pointer, value);
    if (cidr === undefined || exception === undefined) continue;
    if (!isStrictSubset(exception, cidr)) {
      block.report("invalid-value", pointer, `${quote(value)} must lie inside "cidr" and be smaller than it`);
    }
    exceptions.push(exception.set);
  }
  if (cidr === undefined) return AddressSet.nothing;
  return exceptions.length === 0 ? cidr.set : cidr.set.subtract(AddressSet.unionOf(exceptions));
}

/** The set of a CIDR; undefined, with a defect, for what is none. One that programs read differently is a defect too. */
export function readCidr(node: ObjectNode, pointer: string, text: string): ParsedCidr | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) {
    node.report("invalid-value", pointer, `${quote(text)} is no CIDR such as 10.9.8.0/24 or 2001:db8::/64`);
    return undefined;
  }
  for (const note of cidr.notes) {
    const why = AMBIGUOUS.get(note);
    if (why !== undefined) node.report("ambiguous-address", pointer, `${quote(text)} ${why}`);
  }
  return cidr;
}

function isStrictSubset(inner: ParsedCidr, outer: ParsedCidr): boolean {
  return inner.prefixLength > outer.prefixLength && outer.set.covers(inner.set);
}
