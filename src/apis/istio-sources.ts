/**
 * @module Sources of Istio's rules (`from[].source`), as istiod 1.31 reads and its validation checks them.
 *
 * Fields that exclude (`notPrincipals`, ...) leave nearly everybody, unauthenticated peers too, so that they don't
 * narrow; excluded addresses are taken away exactly. A token (`requestPrincipals`) restricts requests and not who may
 * connect: whoever has one comes from anywhere.
 */
import { AddressSet, parseAddress, parseCidr } from "../model/address-set.ts";
import { nobody, peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import {
  type PolicyPlace,
  readNamespaces,
  readPrincipals,
  readServiceAccounts,
  readTrustDomains,
  readValues,
} from "./istio-identities.ts";
import { both, either, type Restriction, unrestricted } from "./istio-restriction.ts";

type PeersReader = (source: ObjectNode, key: string, place: PolicyPlace) => PeerSet;

const FROM_KEYS: ReadonlySet<string> = new Set(["source"]);
const IDENTITY_FIELDS: ReadonlyMap<string, PeersReader> = new Map<string, PeersReader>([
  ["principals", readPrincipals],
  ["namespaces", readNamespaces],
  ["serviceAccounts", readServiceAccounts],
  ["trustDomains", readTrustDomains],
]);
const EXCLUDED_IDENTITIES = ["notPrincipals", "notNamespaces", "notServiceAccounts", "notTrustDomains"];
const SOURCE_KEYS: ReadonlySet<string> = new Set([
  ...IDENTITY_FIELDS.keys(),
  ...EXCLUDED_IDENTITIES,
  "requestPrincipals",
  "notRequestPrincipals",
  "ipBlocks",
  "notIpBlocks",
  "remoteIpBlocks",
  "notRemoteIpBlocks",
]);
/** What a proxy or, without a trusted one, the client itself says of where a request comes from. */
const REPORTED_ADDRESSES = "addresses that a proxy reports";

/** What the sources of a rule let through: everything where it names none. */
export function readSources(rule: ObjectNode, place: PolicyPlace, allows: boolean): readonly Restriction[] {
  const entries = rule.objects("from", allows ? "widens" : "none");
  if (entries.length === 0) return [unrestricted];
  return either(entries.map((entry) => readEntry(entry, place, allows)));
}

function readEntry(entry: ObjectNode, place: PolicyPlace, allows: boolean): Restriction {
  entry.checkKeys(FROM_KEYS, allows ? "widens" : "none");
  const source = entry.objectOrEmpty("source");
  source.checkKeys(SOURCE_KEYS, allows ? "widens" : "none");
  checkNotEmpty(entry, source, SOURCE_KEYS);
  checkServiceAccounts(source);
  let restriction = unrestricted;
  for (const [key, read] of IDENTITY_FIELDS) {
    if (source.count(key) > 0) restriction = both(restriction, withPeers(read(source, key, place)));
  }
  // Their mistakes are worth telling, although they don't narrow.
  for (const key of EXCLUDED_IDENTITIES) readExcluded(source, key, place);
  restriction = both(restriction, readAddressFields(source, "ipBlocks", "notIpBlocks"));
  restriction = both(restriction, readAddressFields(source, "remoteIpBlocks", "notRemoteIpBlocks"));
  readValues(source, "notRequestPrincipals");
  return both(restriction, readTokens(source, "requestPrincipals"));
}

function withPeers(peers: PeerSet): Restriction {
  return { ...unrestricted, peers };
}

/** Notes an entry that restricts nothing; Istio reads it as if it weren't there, and its validation refuses it. */
export function checkNotEmpty(entry: ObjectNode, content: ObjectNode, keys: ReadonlySet<string>): void {
  for (const key of keys) if (content.has(key) && !isEmptyList(content, key)) return;
  entry.report("missing-field", entry.pointer, "an entry that names nothing matches everything; Istio refuses it");
}

function isEmptyList(node: ObjectNode, key: string): boolean {
  return Array.isArray(node.value[key]) && node.count(key) === 0;
}

function checkServiceAccounts(source: ObjectNode): void {
  for (const accounts of ["serviceAccounts", "notServiceAccounts"]) {
    if (source.count(accounts) === 0) continue;
    for (const other of ["principals", "notPrincipals", "namespaces", "notNamespaces"]) {
      if (source.count(other) === 0) continue;
      const detail = `${quote(accounts)} excludes ${quote(other)}; keep one`;
      source.report("conflicting-fields", source.at(accounts), detail);
    }
  }
}

function readExcluded(source: ObjectNode, key: string, place: PolicyPlace): void {
  const positive = `${key.charAt(3).toLowerCase()}${key.slice(4)}`;
  IDENTITY_FIELDS.get(positive)?.(source, key, place);
}

function readAddressFields(node: ObjectNode, included: string, excluded: string): Restriction {
  return withAddresses(node, included, excluded, included === "remoteIpBlocks");
}

/**
 * Addresses that a list names, without those that another excludes.
 * @param areReported whether they are what a proxy says, and not those of the connection
 */
export function withAddresses(node: ObjectNode, included: string, excluded: string, areReported: boolean): Restriction {
  const without = readAddresses(node, excluded);
  if (node.count(included) === 0) {
    return without.isEmpty()
      ? unrestricted
      : withPeers(peersOf({ addresses: AddressSet.everything.subtract(without) }));
  }
  const addresses = readAddresses(node, included).subtract(without);
  return withPeers(peersOf({ addresses, unresolved: areReported ? [REPORTED_ADDRESSES] : [] }));
}

/** The addresses and prefixes of a list; those that Istio's validation refuses contribute nothing. */
export function readAddresses(node: ObjectNode, key: string): AddressSet {
  const sets: AddressSet[] = [];
  for (const { value, pointer } of node.texts(key)) {
    const parsed = value.includes("/") ? parseCidr(value) : parseAddress(value);
    if (parsed === undefined || parsed.notes.includes("leading-zeros")) {
      node.report("invalid-value", pointer, `${quote(value)} is neither an address nor a prefix such as 10.9.8.0/24`);
      continue;
    }
    if (parsed.notes.includes("ipv4-mapped")) {
      node.report("ambiguous-address", pointer, `${quote(value)} is IPv4 written as IPv6; write it as IPv4`);
    }
    sets.push(parsed.set);
  }
  return AddressSet.unionOf(sets);
}

/** Requests with a token of one of the subjects (`ISSUER/SUBJECT`). */
export function readTokens(node: ObjectNode, key: string): Restriction {
  if (node.count(key) === 0) return unrestricted;
  let living = 0;
  for (const { value, pointer } of readValues(node, key)) {
    const literal = value.startsWith("*") ? value.slice(1) : value.endsWith("*") ? value.slice(0, -1) : value;
    if (!literal.includes("*")) living += 1;
    else {
      const detail = `${quote(value)} matches no token: * is a wildcard at the beginning or the end only`;
      node.report("matches-nothing", pointer, detail);
    }
  }
  return living === 0 ? withPeers(nobody) : { ...unrestricted, operations: "some" };
}
