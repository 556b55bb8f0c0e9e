/**
 * @module The width of a set of peers: how far it reaches, by meaning.
 *
 * Labels are judged by the stranger test: a Pod in some other namespace, both carrying none of the labels that the
 * policy names. Whoever admits the stranger admits all namespaces; `NotIn`, `DoesNotExist` and unions of opposites
 * come out right without looking at their spelling.
 */
import type { AddressSet } from "./address-set.ts";
import { admitsStranger, isSatisfiable } from "./label-formula.ts";
import { coversMostNames } from "./name-cover.ts";
import { peerWords } from "./peer-words.ts";
import type { Entity, IdentityPattern, NamePattern, PeerSet, PodTerm, Reach, TextPattern } from "./traffic.ts";
import type { PeersWidth } from "./width.ts";

/** What an organisation's objects carry whether or not a policy names it. */
export interface WidthContext {
  /** Label keys that every Namespace has, so that `Exists` on them is no restriction. */
  readonly alwaysPresentNamespaceKeys: readonly string[];
  /** Label keys that nearly every Pod has. */
  readonly commonPodKeys: readonly string[];
}

/** The API server itself labels every Namespace with its name; the Pod keys are what controllers and Helm charts set. */
export const DEFAULT_WIDTH_CONTEXT: WidthContext = {
  alwaysPresentNamespaceKeys: ["kubernetes.io/metadata.name"],
  commonPodKeys: ["pod-template-hash", "app", "app.kubernetes.io/name"],
};

const WIDEST_LAST: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];

const ENTITY_REACH: Readonly<Record<Entity, Reach>> = {
  everyone: "anyone",
  outside: "external",
  cluster: "cluster",
  nodes: "selected",
  "own-node": "selected",
  "control-plane": "selected",
  "ingress-proxies": "selected",
  "health-checks": "selected",
  starting: "selected",
  unmanaged: "selected",
};

/** What one member of a set adds. */
interface MemberWidth {
  readonly reach: Reach;
  readonly selfAssignable?: boolean;
  readonly nearlyAll?: boolean;
  readonly withinOwnNamespace?: boolean;
}

/** A width without its words, which only messages need. */
export type PeersMeasure = Omit<PeersWidth, "words">;

/** Whether one reach is narrower than the other (a negative number), as in a sort. */
export function compareReach(a: Reach, b: Reach): number {
  return WIDEST_LAST.indexOf(a) - WIDEST_LAST.indexOf(b);
}

export function peerWidth(peers: PeerSet, context: WidthContext): PeersWidth {
  const measure = measurePeers(peers, context);
  return { ...measure, words: peerWords(peers, measure.reach) };
}

export function measurePeers(peers: PeerSet, context: WidthContext): PeersMeasure {
  const names = reachOfNames(peers.names);
  const members: readonly MemberWidth[] = [
    { reach: peers.everyone ? "anyone" : "nobody" },
    { reach: reachOfAddresses(peers.addresses, peers.addressesReachPods) },
    ...peers.entities.map((entity) => ({ reach: ENTITY_REACH[entity] })),
    ...peers.pods.map((term) => widthOfTerm(term, context)),
    ...peers.identities.map(widthOfIdentity),
    { reach: reachOfNamespaces(peers.identities) },
    { reach: names },
    { reach: peers.unresolved.length > 0 ? "selected" : "nobody" },
  ];
  const reach = combinedReach(members.map((member) => member.reach));
  const others = members.filter((member) => member.withinOwnNamespace !== true);
  const holdsStrangers = reach === "all-namespaces" || reach === "cluster" || reach === "anyone";
  // Every name is every address that has one.
  const everyAddress =
    peers.everyone || names === "external" || peers.entities.some((one) => one === "everyone" || one === "outside");
  return {
    reach,
    ipv4Share: everyAddress ? 1 : peers.addresses.share(4),
    ipv6Share: everyAddress ? 1 : peers.addresses.share(6),
    nat64Share: everyAddress ? 1 : peers.addresses.nat64Share(),
    selfAssignable: !holdsStrangers && members.some((member) => member.selfAssignable === true),
    nearlyAll: !holdsStrangers && members.some((member) => member.nearlyAll === true),
    unresolved: peers.unresolved.length > 0,
    besideOwnNamespace: reach === "own-namespace" && others.some((member) => member.reach === "selected"),
  };
}

/** The widest of the members, where inside and outside together are anyone. */
function combinedReach(reaches: readonly Reach[]): Reach {
  const inside = reaches.includes("cluster") || reaches.includes("all-namespaces");
  if (inside && reaches.includes("external")) return "anyone";
  return WIDEST_LAST.findLast((reach) => reaches.includes(reach)) ?? "nobody";
}

/** One family is enough: whoever has all of IPv4 needs no IPv6. */
function reachOfAddresses(addresses: AddressSet, reachPods: boolean): Reach {
  if (addresses.isEmpty()) return "nobody";
  const families = ([4, 6] as const).filter((family) => addresses.coversPublic(family));
  if (families.length === 0) return "selected";
  return reachPods && families.some((family) => addresses.coversPrivate(family)) ? "anyone" : "external";
}

function widthOfTerm({ namespaces, pods }: PodTerm, context: WidthContext): MemberWidth {
  const everyPod = admitsStranger(pods, []);
  if (!everyPod && !isSatisfiable(pods)) return { reach: "nobody" };
  if (namespaces === "own") return { reach: everyPod ? "own-namespace" : "selected", withinOwnNamespace: true };
  if (!admitsStranger(namespaces, context.alwaysPresentNamespaceKeys)) {
    return { reach: isSatisfiable(namespaces) ? "selected" : "nobody" };
  }
  if (everyPod) return { reach: "all-namespaces" };
  return { reach: "selected", selfAssignable: true, nearlyAll: admitsStranger(pods, context.commonPodKeys) };
}

/** Trust domains don't narrow: every workload of one is still everybody who can be named. */
function widthOfIdentity({ namespace, serviceAccount }: IdentityPattern): MemberWidth {
  if (!isAnyText(namespace)) return { reach: "selected" };
  return isAnyText(serviceAccount) ? { reach: "all-namespaces" } : { reach: "selected", selfAssignable: true };
}

/** Namespaces by patterns that are most namespaces together. */
function reachOfNamespaces(identities: readonly IdentityPattern[]): Reach {
  if (identities.length < 2) return "nobody";
  const whole = identities.filter(({ serviceAccount }) => isAnyText(serviceAccount));
  return coversMostNames(whole.map(({ namespace }) => namespace)) ? "all-namespaces" : "nobody";
}

function isAnyText(pattern: TextPattern): boolean {
  if (!("value" in pattern)) return true;
  return pattern.match !== "exact" && pattern.value === "";
}

/** Nearly every public name has two to four labels; patterns that match all of those match the internet. */
const COMMON_NAME_LENGTHS = [2, 3, 4];

function reachOfNames(names: readonly NamePattern[]): Reach {
  if (names.length === 0) return "nobody";
  const wildcards = names
    .map((name) => name.split("."))
    .filter((labels) => labels.every((label) => /^\*+$/.test(label)));
  const matchesLength = (length: number) => wildcards.some((labels) => matchesEveryName(labels, length));
  return COMMON_NAME_LENGTHS.every(matchesLength) ? "external" : "selected";
}

/** Whether a pattern of nothing but wildcards matches every name of so many labels. `**` stands for any number, zero too. */
function matchesEveryName(labels: readonly string[], length: number): boolean {
  const single = labels.filter((label) => label === "*").length;
  return single === labels.length ? single === length : single <= length;
}
