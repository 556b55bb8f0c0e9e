/**
 * @module Identities in Linkerd's policies: `ACCOUNT.NAMESPACE.serviceaccount.identity.CONTROL-PLANE.TRUST-DOMAIN`, or
 * `*.` in front of the rest of one, or `*` (linkerd2, policy-controller/core/src/identity_match.rs).
 */
import { everyLabel } from "../model/label-formula.ts";
import { peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { IdentityPattern, PeerSet, TextPattern } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import type { LinkerdPlace } from "./linkerd-object.ts";

/** Clients by identity. */
export interface Clients {
  readonly peers: PeerSet;
  /** Whether each of them is a service account of its own, and not one that Pods share. */
  readonly areExact: boolean;
}

export const ANY: TextPattern = { match: "any" };
export const ANY_IDENTITY: IdentityPattern = { trustDomain: ANY, namespace: ANY, serviceAccount: ANY };

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SPIFFE = "spiffe://";
const ACCOUNT_WORD = "serviceaccount";
/** What every Pod has that names no service account. */
const SHARED_ACCOUNT = "default";
const ACCOUNT_KEYS: ReadonlySet<string> = new Set(["name", "namespace"]);

/** The clients of a list of identities. */
export function readIdentities(node: ObjectNode, key: string, place: LinkerdPlace): Clients {
  const patterns = node.texts(key).flatMap(({ value, pointer }) => {
    const pattern = identityPattern(value);
    if (pattern === undefined) {
      const detail =
        `${quote(value)} is no identity: write ACCOUNT.NAMESPACE.serviceaccount.identity.CONTROL-PLANE.TRUST-DOMAIN, ` +
        "and * only as the whole first part";
      node.report("invalid-value", pointer, detail);
    }
    return pattern ?? [];
  });
  return clientsOf(patterns, place);
}

/** Undefined for what the API refuses. */
function identityPattern(text: string): IdentityPattern | undefined {
  if (text.startsWith(SPIFFE)) return spiffePattern(text.slice(SPIFFE.length));
  const [first = "", ...rest] = text.split(".");
  if (!rest.every((label) => LABEL.test(label))) return undefined;
  if (first === "*") return patternOfSuffix(rest);
  if (!LABEL.test(first)) return undefined;
  const labels = [first, ...rest];
  const word = labels.indexOf(ACCOUNT_WORD);
  // An identity of another form is that of one client: what it says stands for the namespace.
  if (word < 2) return { ...ANY_IDENTITY, namespace: exactly(text) };
  return {
    trustDomain: exactly(labels.slice(word + 1).join(".")),
    namespace: exactly(labels[word - 1] ?? ""),
    serviceAccount: exactly(labels.slice(0, word - 1).join(".")),
  };
}

/** SPIFFE IDs are exact, `*` is no character of theirs. */
function spiffePattern(text: string): IdentityPattern | undefined {
  const slash = text.indexOf("/");
  if (slash < 1 || text.includes("*") || slash === text.length - 1) return undefined;
  return { ...ANY_IDENTITY, trustDomain: exactly(text.slice(0, slash)), namespace: exactly(text.slice(slash + 1)) };
}

/** A suffix that doesn't reach back to a namespace is every identity of the mesh. */
function patternOfSuffix(labels: readonly string[]): IdentityPattern {
  const word = labels.indexOf(ACCOUNT_WORD);
  const trustDomain: TextPattern =
    labels.length === 0 ? ANY : { match: "suffix", value: labels.slice(word + 1).join(".") };
  const namespace = labels[word - 1];
  if (word < 1 || namespace === undefined) return { ...ANY_IDENTITY, trustDomain };
  const account = labels.slice(0, word - 1).join(".");
  const serviceAccount: TextPattern = account === "" ? ANY : { match: "suffix", value: `.${account}` };
  return { trustDomain, namespace: exactly(namespace), serviceAccount };
}

/** The clients of a list of service accounts, of the own namespace where they name none. */
export function readServiceAccounts(node: ObjectNode, key: string, place: LinkerdPlace): Clients {
  const patterns = node.objects(key, "none").flatMap((account) => {
    account.checkKeys(ACCOUNT_KEYS, "none");
    const name = account.requiredText("name");
    const namespace = account.text("namespace");
    return name === undefined ? [] : [accountPattern(name, namespace, place)];
  });
  return clientsOf(patterns, place);
}

/** One service account, whatever the trust domain. */
export function accountPattern(name: string, namespace: string | undefined, place: LinkerdPlace): IdentityPattern {
  const where = namespace || place.namespace;
  return {
    ...ANY_IDENTITY,
    // Without a namespace it is one that isn't known, and still one.
    namespace: exactly(where ?? "(own namespace)"),
    serviceAccount: exactly(name),
  };
}

/** The clients that have one of the identities. */
export function clientsOf(patterns: readonly IdentityPattern[], place: LinkerdPlace): Clients {
  const others = patterns.filter((pattern) => !isOwnNamespace(pattern, place));
  const own = others.length < patterns.length ? [{ namespaces: "own", pods: everyLabel } as const] : [];
  return { peers: peersOf({ identities: others, pods: own }), areExact: patterns.every(isExact) };
}

/** Whether the policy's own namespace is meant, all of it. */
function isOwnNamespace({ namespace, serviceAccount }: IdentityPattern, place: LinkerdPlace): boolean {
  return namespace.match === "exact" && namespace.value === place.namespace && serviceAccount.match === "any";
}

function isExact({ namespace, serviceAccount }: IdentityPattern): boolean {
  if (serviceAccount.match === "exact") return serviceAccount.value !== SHARED_ACCOUNT;
  return serviceAccount.match === "any" && namespace.match === "exact" && isWholeIdentity(namespace.value);
}

/** Whether the text that stands for a namespace is a whole identity of another form. */
function isWholeIdentity(text: string): boolean {
  return text.includes(".") || text.includes("/");
}

export function exactly(value: string): TextPattern {
  return { match: "exact", value };
}
