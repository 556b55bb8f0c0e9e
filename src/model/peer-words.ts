/**
 * @module Peers in words, for messages: at most 80 printable characters.
 */
import { AddressSet, parseCidr } from "./address-set.ts";
import type { LabelFormula } from "./label-formula.ts";
import { formulaWords } from "./label-formula.ts";
import { quote } from "./quote.ts";
import type { Entity, IdentityPattern, PeerSet, PodTerm, Reach, TextPattern } from "./traffic.ts";
import { joinWords, LONGEST_WORDS } from "./words.ts";

const ENTITY_WORDS: Readonly<Record<Entity, string>> = {
  everyone: "anyone",
  outside: "everything outside the cluster",
  cluster: "the whole cluster",
  nodes: "every node",
  "own-node": "the own node",
  "control-plane": "the control plane",
  "ingress-proxies": "the ingress proxies",
  "health-checks": "the health checks of the nodes",
  starting: "Pods that are starting",
  unmanaged: "unmanaged Pods",
};

/** A set that needs more prefixes than this is told by what it leaves out, where that is shorter. */
const FEW_PREFIXES = 3;

/** Who is meant, in words. */
export function peerWords(peers: PeerSet, reach: Reach): string {
  if (peers.everyone || peers.entities.includes("everyone")) return "anyone";
  return reach === "nobody" ? "nobody" : joinWords(memberWords(peers));
}

function* memberWords(peers: PeerSet): Generator<string> {
  for (const entity of peers.entities) yield ENTITY_WORDS[entity];
  yield* addressWords(peers.addresses);
  for (const term of peers.pods) yield termWords(term);
  for (const identity of peers.identities) yield identityWords(identity);
  for (const name of peers.names) yield quote(name);
  for (const reference of peers.unresolved) yield `unresolved ${quote(reference)}`;
}

function* addressWords(addresses: AddressSet): Generator<string> {
  const prefixes = addresses.prefixes(FEW_PREFIXES + 1);
  if (prefixes.length <= FEW_PREFIXES) {
    yield* prefixes;
    return;
  }
  for (const whole of WHOLE_FAMILIES) {
    const held = addresses.intersect(whole.set).prefixes(LONGEST_WORDS);
    const missing = whole.set.subtract(addresses).prefixes(held.length);
    if (held.length > 1 && missing.length < held.length) yield `${whole.prefix} except ${joinWords(missing)}`;
    else yield* held;
  }
}

const WHOLE_FAMILIES = ["0.0.0.0/0", "::/0"].map((prefix) => ({
  prefix,
  set: parseCidr(prefix)?.set ?? AddressSet.nothing,
}));

function termWords({ namespaces, pods }: PodTerm): string {
  const who = isUnrestricted(pods) ? "every Pod" : `Pods with ${formulaWords(pods, LONGEST_WORDS)}`;
  if (namespaces === "own") return `${who} of its namespace`;
  const where = isUnrestricted(namespaces)
    ? "every namespace"
    : `namespaces with ${formulaWords(namespaces, LONGEST_WORDS)}`;
  return `${who} of ${where}`;
}

function isUnrestricted(formula: LabelFormula): boolean {
  return "all" in formula && formula.all.every(isUnrestricted);
}

function identityWords({ trustDomain, namespace, serviceAccount }: IdentityPattern): string {
  return `identity ${[trustDomain, namespace, serviceAccount].map(patternWords).join("/")}`;
}

function patternWords(pattern: TextPattern): string {
  switch (pattern.match) {
    case "any":
    case "present":
      return "*";
    case "exact":
      return quote(pattern.value);
    case "prefix":
      return quote(`${pattern.value}*`);
    case "suffix":
      return quote(`*${pattern.value}`);
  }
}
