/**
 * @module Sets of peers: building, union, and a subtraction that only takes away what is certainly contained.
 */
import { AddressSet } from "./address-set.ts";
import { everyLabel, implies } from "./label-formula.ts";
import type { Entity, IdentityPattern, PeerSet, PodTerm, TextPattern } from "./traffic.ts";

export type { WidthContext } from "./peer-width.ts";
export { DEFAULT_WIDTH_CONTEXT, peerWidth } from "./peer-width.ts";

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

/** A set of the given members; what is not given is empty. Addresses reach Pods unless said otherwise. */
export function peersOf(part: Partial<PeerSet>): PeerSet {
  return { ...nobody, ...part };
}

export function isNobody(peers: PeerSet): boolean {
  return (
    !peers.everyone &&
    peers.addresses.isEmpty() &&
    peers.pods.length === 0 &&
    peers.entities.length === 0 &&
    peers.identities.length === 0 &&
    peers.names.length === 0 &&
    peers.unresolved.length === 0
  );
}

export function unionPeers(a: PeerSet, b: PeerSet): PeerSet {
  return unionOfPeers([a, b]);
}

/**
 * The union of many sets at once. Where one set's addresses reach Pods, all addresses of the union count as doing so.
 */
export function unionOfPeers(sets: readonly PeerSet[]): PeerSet {
  const some = sets.filter((peers) => !isNobody(peers));
  if (some.length <= 1) return some[0] ?? nobody;
  if (some.some((peers) => peers.everyone)) return everyone;
  const withAddresses = some.filter((peers) => !peers.addresses.isEmpty());
  return {
    everyone: false,
    addresses: AddressSet.unionOf(withAddresses.map((peers) => peers.addresses)),
    addressesReachPods: withAddresses.some((peers) => peers.addressesReachPods),
    pods: distinct(some.flatMap((peers) => peers.pods)),
    entities: distinct(some.flatMap((peers) => peers.entities)),
    identities: distinct(some.flatMap((peers) => peers.identities)),
    names: distinct(some.flatMap((peers) => peers.names)),
    unresolved: distinct(some.flatMap((peers) => peers.unresolved)),
  };
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return items.length < 2 ? items : [...new Set(items)];
}

/** What a cluster holds beside Pods. */
const CLUSTER_WITHOUT_PODS: readonly Entity[] = [
  "nodes",
  "own-node",
  "control-plane",
  "ingress-proxies",
  "health-checks",
  "starting",
  "unmanaged",
];

/**
 * `a` without what `b` certainly contains. Addresses are exact; labels, identities and names are only taken away where
 * every object that `a` can mean is one that `b` means. Nothing that `b` could not resolve is taken away.
 */
export function subtractPeers(a: PeerSet, b: PeerSet): PeerSet {
  if (isNobody(a) || isNobody(b)) return a;
  if (isEverybody(b)) return nobody;
  const everyPod = holdsEveryPod(b);
  if (isEverybody(a)) {
    const cutsSomething = everyPod || !b.addresses.isEmpty() || b.entities.includes("outside");
    return cutsSomething ? subtractMembers(everybodyAsMembers(b), b, everyPod) : a;
  }
  const left = subtractMembers(a, b, everyPod);
  return isUnchanged(left, a) ? a : left;
}

/** For a result of `subtractMembers`: whether nothing was taken away. */
function isUnchanged(left: PeerSet, a: PeerSet): boolean {
  return (
    left.addresses.equals(a.addresses) &&
    (left.addressesReachPods === a.addressesReachPods || a.addresses.isEmpty()) &&
    sameItems(left.entities, a.entities) &&
    left.pods.length === a.pods.length &&
    left.identities.length === a.identities.length &&
    left.names.length === a.names.length &&
    left.unresolved.length === a.unresolved.length
  );
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Whether the set certainly contains everyone, however it is written. */
function isEverybody({ everyone: all, entities, addresses, addressesReachPods }: PeerSet): boolean {
  if (all || entities.includes("everyone")) return true;
  const everyAddress = addresses.equals(AddressSet.everything);
  const outside = everyAddress || entities.includes("outside");
  return outside && ((everyAddress && addressesReachPods) || entities.includes("cluster"));
}

function holdsEveryPod({ entities, pods }: PeerSet): boolean {
  return (
    entities.includes("cluster") ||
    pods.some((term) => term.namespaces !== "own" && isTautology(term.namespaces) && isTautology(term.pods))
  );
}

function isTautology(formula: PodTerm["pods"]): boolean {
  return implies(everyLabel, formula);
}

/** Everyone in terms that `taken` can be subtracted from: addresses, or where the API keeps Pods apart, cluster and outside. */
function everybodyAsMembers(taken: PeerSet): PeerSet {
  const apart =
    taken.entities.includes("cluster") ||
    taken.entities.includes("outside") ||
    (!taken.addresses.isEmpty() && !taken.addressesReachPods);
  return apart
    ? peersOf({ entities: ["cluster"], addresses: AddressSet.everything, addressesReachPods: false })
    : peersOf({ addresses: AddressSet.everything });
}

function subtractMembers(a: PeerSet, b: PeerSet, everyPod: boolean): PeerSet {
  const outside = withoutOutside(a, b);
  return {
    everyone: false,
    addresses: outside.addresses,
    // An address of a Pod is taken away with the Pod. What stays counts as outside; Nodes are not told apart from it.
    addressesReachPods: outside.addressesReachPods && !everyPod,
    pods: everyPod ? [] : a.pods.filter((term) => !b.pods.some((taken) => coversTerm(taken, term))),
    entities: outside.entities.flatMap((entity) => withoutEntity(entity, b, everyPod)),
    identities: a.identities.filter((identity) => !b.identities.some((taken) => coversIdentity(taken, identity))),
    names: a.names.filter((name) => !b.names.includes(name)),
    unresolved: a.unresolved.filter((reference) => !b.unresolved.includes(reference)),
  };
}

type Outside = Pick<PeerSet, "addresses" | "addressesReachPods" | "entities">;

/** The addresses that stay; the entity `outside` is turned into the addresses that stay of it. */
function withoutOutside(a: PeerSet, b: PeerSet): Outside {
  const outsideTaken = b.entities.includes("outside") ? AddressSet.everything : b.addresses;
  const addressesReachPods = a.addressesReachPods && !a.addresses.isEmpty();
  // Where a's addresses may be Pods, only b's addresses that may be Pods as well are certain to contain them.
  const podsTaken = b.addressesReachPods ? b.addresses : AddressSet.nothing;
  const addresses = a.addresses.subtract(addressesReachPods ? podsTaken : outsideTaken);
  if (addressesReachPods || outsideTaken.isEmpty() || !a.entities.includes("outside")) {
    return { addresses, addressesReachPods, entities: a.entities };
  }
  return {
    addresses: addresses.union(AddressSet.everything.subtract(outsideTaken)),
    addressesReachPods,
    entities: a.entities.filter((entity) => entity !== "outside"),
  };
}

function withoutEntity(entity: Entity, b: PeerSet, everyPod: boolean): readonly Entity[] {
  if (b.entities.includes(entity)) return [];
  if (b.entities.includes("cluster") && CLUSTER_WITHOUT_PODS.includes(entity)) return [];
  return entity === "cluster" && everyPod ? CLUSTER_WITHOUT_PODS : [entity];
}

/** Whether every Pod that `narrow` chooses is certainly chosen by `wide`. */
export function coversTerm(wide: PodTerm, narrow: PodTerm): boolean {
  return coversNamespaces(wide.namespaces, narrow.namespaces) && implies(narrow.pods, wide.pods);
}

function coversNamespaces(wide: PodTerm["namespaces"], narrow: PodTerm["namespaces"]): boolean {
  if (wide === "own") return narrow === "own";
  return narrow === "own" ? isTautology(wide) : implies(narrow, wide);
}

function coversIdentity(wide: IdentityPattern, narrow: IdentityPattern): boolean {
  return (
    coversText(wide.trustDomain, narrow.trustDomain) &&
    coversText(wide.namespace, narrow.namespace) &&
    coversText(wide.serviceAccount, narrow.serviceAccount)
  );
}

function coversText(wide: TextPattern, narrow: TextPattern): boolean {
  if (!("value" in wide)) return wide.match === "any" || narrow.match !== "any";
  if (!("value" in narrow)) return false;
  // An exact text may lie in any pattern; a pattern only in one of its own kind: a longer prefix in a shorter one.
  if (narrow.match !== wide.match && narrow.match !== "exact") return false;
  if (wide.match === "exact") return narrow.match === "exact" && narrow.value === wide.value;
  return wide.match === "prefix" ? narrow.value.startsWith(wide.value) : narrow.value.endsWith(wide.value);
}
