/**
 * @module Sets of peers: union, subtraction and how far they reach.
 */
import { AddressSet } from "./address-set.ts";
import type { PeerSet } from "./traffic.ts";
import type { PeersWidth } from "./width.ts";

export const nobody: PeerSet = {
  everyone: false,
  addresses: AddressSet.nothing,
  addressesReachPods: true,
  pods: [],
  entities: [],
  identities: [],
  names: [],
  unresolved: [],
};

export const everyone: PeerSet = { ...nobody, everyone: true };

export interface WidthContext {
  readonly alwaysPresentNamespaceKeys: readonly string[];
  readonly commonPodKeys: readonly string[];
}

export const DEFAULT_WIDTH_CONTEXT: WidthContext = {
  alwaysPresentNamespaceKeys: ["kubernetes.io/metadata.name"],
  commonPodKeys: ["pod-template-hash", "app", "app.kubernetes.io/name"],
};

export function peersOf(part: Partial<PeerSet>): PeerSet {
  return { ...nobody, ...part };
}

export function unionPeers(_a: PeerSet, _b: PeerSet): PeerSet {
  throw new Error("being written");
}
export function subtractPeers(_a: PeerSet, _b: PeerSet): PeerSet {
  throw new Error("being written");
}
export function peerWidth(_peers: PeerSet, _context: WidthContext): PeersWidth {
  throw new Error("being written");
}
