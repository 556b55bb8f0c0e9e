/**
 * @module What the parts of an Istio rule (`from[]`, `to[]`, `when[]`) let through, and how they combine: entries of a
 * list are alternatives, fields of an entry must all match.
 */
import { DEFAULT_WIDTH_CONTEXT, everyone, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { measurePeers } from "../model/peer-width.ts";
import { PortSet } from "../model/port-set.ts";
import type { PeerSet, Reach, TrafficRule } from "../model/traffic.ts";

/** Traffic that a part of a rule lets through. */
export interface Restriction {
  readonly peers: PeerSet;
  readonly ports: PortSet;
  readonly operations: TrafficRule["operations"];
}

/** Istio's authorization is about TCP alone: other protocols pass by it. */
export const unrestricted: Restriction = { peers: everyone, ports: PortSet.protocol("TCP"), operations: "all" };

const WIDEST_LAST: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];

/** What both let through; where the model has no word for that, the narrower of the two: never less than both. */
export function both(a: Restriction, b: Restriction): Restriction {
  return {
    peers: peersOfBoth(a.peers, b.peers),
    ports: a.ports.intersect(b.ports),
    operations: a.operations === "some" ? "some" : b.operations,
  };
}

function peersOfBoth(a: PeerSet, b: PeerSet): PeerSet {
  if (a.everyone) return b;
  if (b.everyone) return a;
  if (isAddressesOnly(a) && isAddressesOnly(b)) return peersOf({ addresses: a.addresses.intersect(b.addresses) });
  return isNarrower(b, a) ? b : a;
}

function isAddressesOnly(peers: PeerSet): boolean {
  return peers.identities.length === 0 && peers.pods.length === 0 && peers.unresolved.length === 0;
}

function isNarrower(a: PeerSet, b: PeerSet): boolean {
  const ranksOfB = ranks(b);
  for (const [index, rank] of ranks(a).entries()) {
    const other = ranksOfB[index] ?? 0;
    if (rank !== other) return rank < other;
  }
  return false;
}

/** Width as numbers, the most important one first. */
function ranks(peers: PeerSet): readonly number[] {
  const { reach, unresolved, selfAssignable, ipv4Share, ipv6Share } = measurePeers(peers, DEFAULT_WIDTH_CONTEXT);
  return [WIDEST_LAST.indexOf(reach), Number(unresolved), Number(selfAssignable), Math.max(ipv4Share, ipv6Share)];
}

/**
 * What the alternatives let through together, at most one restriction per kind of operations.
 * @param alternatives restrictions that differ in their peers alone, or in their ports alone
 */
export function either(alternatives: readonly Restriction[]): readonly Restriction[] {
  return (["all", "some"] as const).flatMap((operations) => {
    const alike = alternatives.filter((alternative) => alternative.operations === operations);
    if (alike.length === 0) return [];
    const peers = unionOfPeers(alike.map((alternative) => alternative.peers));
    return [{ peers, ports: PortSet.unionOf(alike.map((alternative) => alternative.ports)), operations }];
  });
}
