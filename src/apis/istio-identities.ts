/**
 * @module Identities of workloads as Istio's rules match them: principals (`TRUST-DOMAIN/ns/NAMESPACE/sa/NAME` with a
 * `*` at one end), namespaces (`*` anywhere), service accounts and trust domains (Istio 1.31,
 * pilot/pkg/security/authz/model/generator.go and matcher/string.go).
 */
import { everyLabel } from "../model/label-formula.ts";
import { peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { IdentityPattern, PeerSet, TextPattern } from "../model/traffic.ts";
import type { ObjectNode, TextElement } from "./fields.ts";

/** Where a policy stands. */
export interface PolicyPlace {
  /** The policy's namespace as far as it is written. */
  readonly namespace: string | undefined;
  /** Whether the policy is for the Pods of its own namespace alone. */
  readonly isOwnNamespaceOnly: boolean;
}

/** The namespace that an object gets from most clients where it names none. */
const DEFAULT_NAMESPACE = "default";
/** What every Pod has that names no service account: nearly all Pods. */
const DEFAULT_SERVICE_ACCOUNT = "default";
const MOST_SERVICE_ACCOUNTS = 16;
const ANY: TextPattern = { match: "any" };
const ANY_IDENTITY: IdentityPattern = {
  trustDomain: ANY,
  namespace: ANY,
  serviceAccount: ANY,
};

/** The texts of a list; an empty one, which Istio's validation refuses, is a defect and left out. */
export function readValues(node: ObjectNode, key: string): readonly TextElement[] {
  return node.texts(key).filter(({ value, pointer }) => {
    if (value === "") node.report("invalid-value", pointer, "an empty string matches nothing; Istio refuses it");
    return value !== "";
  });
}

/** The workloads of a list of principals. */
export function readPrincipals(node: ObjectNode, key: string, place: PolicyPlace): PeerSet {
  const identities = readValues(node, key).flatMap(({ value, pointer }) => {
    const identity = value.startsWith("spiffe://") ? undefined : principalPattern(value);
    if (identity === undefined) noteDeadPrincipal(node, pointer, value);
    return identity ?? [];
  });
  return peersOfIdentities(identities, place);
}

function noteDeadPrincipal(node: ObjectNode, pointer: string, value: string): void {
  const why = value.startsWith("spiffe://")
    ? 'Istio puts "spiffe://" in front itself; remove it'
    : "a principal is TRUST-DOMAIN/ns/NAMESPACE/sa/NAME, and * is a wildcard at its beginning or its end only";
  node.report("matches-nothing", pointer, `${quote(value)} matches no identity: ${why}`);
}

/** Undefined where no workload can have such an identity. */
function principalPattern(text: string): IdentityPattern | undefined {
  if (text === "*") return ANY_IDENTITY;
  const match = text.startsWith("*") ? "suffix" : text.endsWith("*") ? "prefix" : "exact";
  const literal = match === "suffix" ? text.slice(1) : match === "prefix" ? text.slice(0, -1) : text;
  if (literal.includes("*")) return undefined;
  const parts = literal.split("/");
  if (match === "suffix") return patternOfSuffix(parts);
  const isWhole = match === "exact" && parts.length === 5;
  return match === "prefix" || isWhole ? patternOfPrefix(parts, match) : otherIdentity(parts, match);
}

/** `last` says how the last part that is written matches. */
function patternOfPrefix(parts: readonly string[], last: "exact" | "prefix"): IdentityPattern | undefined {
  const [trustDomain = "", namespaceWord, namespace, accountWord, serviceAccount] = parts;
  if (!"ns".startsWith(namespaceWord ?? "") || !"sa".startsWith(accountWord ?? "")) return otherIdentity(parts, last);
  const hasOddWord =
    (namespace !== undefined && namespaceWord !== "ns") || (serviceAccount !== undefined && accountWord !== "sa");
  if (hasOddWord || parts.length > 5) return otherIdentity(parts, last);
  return {
    trustDomain: textPattern(parts.length === 1 ? last : "exact", trustDomain),
    namespace: namespace === undefined ? ANY : textPattern(parts.length === 3 ? last : "exact", namespace),
    serviceAccount: serviceAccount === undefined ? ANY : textPattern(last, serviceAccount),
  };
}

/** Identities that other issuers than Istio give (SPIRE): what follows the trust domain stands for the namespace. */
function otherIdentity(parts: readonly string[], match: "exact" | "prefix"): IdentityPattern {
  const [trustDomain = "", ...rest] = parts;
  return {
    trustDomain: textPattern("exact", trustDomain),
    namespace: textPattern(match, rest.join("/")),
    serviceAccount: ANY,
  };
}

function patternOfSuffix(parts: readonly string[]): IdentityPattern {
  const [serviceAccount = "", accountWord, namespace, namespaceWord, trustDomain] = parts.toReversed();
  return {
    trustDomain: trustDomain === undefined ? ANY : textPattern("suffix", trustDomain),
    namespace:
      namespace === undefined || accountWord !== "sa"
        ? ANY
        : textPattern(namespaceWord === undefined ? "suffix" : "exact", namespace),
    serviceAccount: textPattern(accountWord === undefined ? "suffix" : "exact", serviceAccount),
  };
}

function textPattern(match: "exact" | "prefix" | "suffix", value: string): TextPattern {
  return match !== "exact" && value === "" ? ANY : { match, value };
}

/** The workloads of a list of namespaces, whatever their trust domain. */
export function readNamespaces(node: ObjectNode, key: string, place: PolicyPlace): PeerSet {
  const identities = readValues(node, key).map(({ value }) => ({
    ...ANY_IDENTITY,
    namespace: namespacePattern(value),
  }));
  return peersOfIdentities(identities, place);
}

/** A pattern no narrower than the text, in which `*` may stand anywhere. */
function namespacePattern(text: string): TextPattern {
  const first = text.indexOf("*");
  if (first < 0) return { match: "exact", value: text };
  if (first > 0) return { match: "prefix", value: text.slice(0, first) };
  return textPattern("suffix", text.slice(text.lastIndexOf("*") + 1));
}

/** The workloads of a list of `NAMESPACE/NAME`, or `NAME` for the policy's own namespace. */
export function readServiceAccounts(node: ObjectNode, key: string, place: PolicyPlace): PeerSet {
  const count = node.count(key);
  if (count > MOST_SERVICE_ACCOUNTS) {
    const detail = `at most ${MOST_SERVICE_ACCOUNTS} service accounts are allowed, not ${count}`;
    node.report("invalid-value", node.at(key), detail);
  }
  const identities = readValues(node, key).flatMap(({ value, pointer }) => {
    const parts = value.split("/");
    const [namespace = "", name = ""] = parts.length === 1 ? [place.namespace ?? DEFAULT_NAMESPACE, value] : parts;
    if (parts.length > 2 || namespace === "" || name === "" || value.includes("*")) {
      const detail = `${quote(value)} is no service account: write NAMESPACE/NAME or NAME, without wildcards`;
      node.report("invalid-value", pointer, detail);
      return [];
    }
    return { ...ANY_IDENTITY, namespace: exactly(namespace), serviceAccount: exactly(name) };
  });
  return peersOfIdentities(identities, place);
}

function exactly(value: string): TextPattern {
  return { match: "exact", value };
}

/** The workloads of a list of trust domains. */
export function readTrustDomains(node: ObjectNode, key: string, place: PolicyPlace): PeerSet {
  const identities = readValues(node, key).map(({ value }) => ({
    ...ANY_IDENTITY,
    trustDomain: namespacePattern(value),
  }));
  return peersOfIdentities(identities, place);
}

function peersOfIdentities(patterns: readonly IdentityPattern[], place: PolicyPlace): PeerSet {
  const identities = patterns.map(withoutDefaultAccount);
  const others = identities.filter((identity) => !isOwnNamespace(identity, place));
  const own = others.length < identities.length ? [{ namespaces: "own", pods: everyLabel } as const] : [];
  return peersOf({ identities: others, pods: own });
}

/** The default service accounts of every namespace narrow nothing. */
function withoutDefaultAccount(identity: IdentityPattern): IdentityPattern {
  const { namespace, serviceAccount } = identity;
  if (namespace.match !== "any" || !accepts(serviceAccount, DEFAULT_SERVICE_ACCOUNT)) return identity;
  return { ...identity, serviceAccount: ANY };
}

function accepts(pattern: TextPattern, text: string): boolean {
  if (!("value" in pattern)) return true;
  if (pattern.match === "exact") return text === pattern.value;
  return pattern.match === "prefix" ? text.startsWith(pattern.value) : text.endsWith(pattern.value);
}

/** Whether the policy's own namespace is meant, all of it: a namespace that talks to itself. */
function isOwnNamespace({ namespace, serviceAccount }: IdentityPattern, place: PolicyPlace): boolean {
  const isOwn = namespace.match === "exact" && namespace.value === place.namespace;
  return isOwn && place.isOwnNamespaceOnly && serviceAccount.match === "any";
}
