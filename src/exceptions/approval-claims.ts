/**
 * @module What an approver signs, and why an approval may not count.
 */
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { isJsonObject } from "../intake/json-value.ts";
import { isInstant } from "./instant.ts";

/** `iss` of every approval. */
export const ISSUER = "ringfence";

/** How far the approver's clock may be ahead: an approval counts from so many seconds before it was signed. */
export const CLOCK_SKEW_SECONDS = 60;

/** No settings allow more: a year and a day. */
export const LONGEST_APPROVAL_SECONDS = 366 * 86_400;

/** The object that an approval is for. `name` is followed by `*` where the object only has a `generateName`. */
export interface ApprovedObject {
  readonly group: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export interface ApprovedFinding {
  readonly guardrail: string;
  /** As the guardrail gave it. */
  readonly message: string;
}

/** This approval follows earlier ones for the same object. */
export interface Renewal {
  /** 1 for the first renewal. */
  readonly count: number;
  /** `iat` of the very first approval. */
  readonly first: number;
  /** `jti` of the approval before this one. */
  readonly previous: string;
}

/** The payload of an approval; times are seconds since 1970. */
export interface ApprovalClaims {
  readonly iss: typeof ISSUER;
  /** The approver: must be the `approver` of the key. */
  readonly sub: string;
  readonly requester: string;
  /** The cluster's audience, from the settings. */
  readonly aud: string;
  /** The approval's identity; its text is none, because the same signature can be spelt in several ways. */
  readonly jti: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly guardrails: readonly string[];
  readonly object: ApprovedObject;
  readonly reason: string;
  readonly excuses: {
    /** A traffic scope (traffic-scope.ts checks its form), or null where only findings are excused. */
    readonly traffic: JsonObject | null;
    readonly findings: readonly ApprovedFinding[];
  };
  readonly renewal?: Renewal;
}

/** Why an approval or an exception doesn't count. Shown to users as they are; details stay in logs and in `verify`. */
export const REFUSALS = [
  "malformed",
  "unknown-key",
  "bad-signature",
  "wrong-audience",
  "wrong-object",
  "self-approved",
  "unknown-guardrail",
  "not-yet-valid",
  "expired",
  "too-long",
  "revoked",
  "keys-unavailable",
  "no-keys-configured",
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** Names of approvers and requesters: printable ASCII without spaces at the ends, so that no two look alike. */
export const NAME = /^[!-~](?:[ -~]{0,126}[!-~])?$/;
/** Ids of approvals and of keys. */
export const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/;
/** Slugs of guardrails. */
export const SLUG = /^[a-z][a-z0-9-]{0,62}$/;
/** Most guardrails and most findings of one approval. */
export const MOST_GUARDRAILS = 32;
const MOST_FINDINGS = 100;
const LONGEST_REASON = 1000;
const LONGEST_MESSAGE = 2000;

/** Whether two names are the same person's: case and spaces at the ends don't make another. */
export function isSameName(one: string, other: string): boolean {
  return asciiLower(one.trim()) === asciiLower(other.trim());
}

/** Not toLowerCase: that makes a k of the Kelvin sign. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * Checks the form of a payload: exactly the known claims, each of its type, times in order.
 * @returns the claims, or what is wrong with them
 */
export function readClaims(payload: JsonValue): ApprovalClaims | string {
  if (!isJsonObject(payload)) return "the payload is no object";
  const problem = CHECKS.find(([, isGood]) => !isGood(payload))?.[0];
  return problem === undefined ? (payload as unknown as ApprovalClaims) : problem;
}

const CLAIMS: ReadonlySet<string> = new Set([
  "iss",
  "sub",
  "requester",
  "aud",
  "jti",
  "iat",
  "nbf",
  "exp",
  "guardrails",
  "object",
  "reason",
  "excuses",
]);

type Check = readonly [problem: string, isGood: (payload: JsonObject) => boolean];

const CHECKS: readonly Check[] = [
  ["a claim is missing or unknown", (payload) => hasExactly(payload, CLAIMS, ["renewal"])],
  [`"iss" is not ${ISSUER}`, ({ iss }) => iss === ISSUER],
  ['"sub" is no name', ({ sub }) => isText(sub, NAME)],
  ['"requester" is no name', ({ requester }) => isText(requester, NAME)],
  ['"aud" is no name', ({ aud }) => isText(aud, NAME)],
  ['"jti" is no id', ({ jti }) => isText(jti, IDENTIFIER)],
  ['"guardrails" is no list of slugs', ({ guardrails }) => isSlugs(guardrails)],
  ['"object" doesn\'t name an object', ({ object }) => isApprovedObject(object)],
  ['"reason" is missing or too long', ({ reason }) => isBounded(reason, 1, LONGEST_REASON)],
  ['"excuses" has not the form of what is excused', ({ excuses }) => isExcuses(excuses)],
  ['"renewal" has not the form of a renewal', ({ renewal }) => renewal === undefined || isRenewal(renewal)],
  [
    '"iat", "nbf" and "exp" are no times between 2020 and 2100',
    ({ iat, nbf, exp }) => isInstant(iat) && isInstant(nbf) && isInstant(exp),
  ],
  [
    '"iat", "nbf" and "exp" are not in order',
    // As long as nbf can't lie further before iat, "not before" is also the check that iat is not in the future.
    ({ iat, nbf, exp }) => Number(nbf) >= Number(iat) - CLOCK_SKEW_SECONDS && Number(exp) > Number(nbf),
  ],
];

function hasExactly(object: JsonObject, required: ReadonlySet<string>, optional: readonly string[] = []): boolean {
  const keys = Object.keys(object);
  return (
    keys.every((key) => required.has(key) || optional.includes(key)) &&
    [...required].every((key) => Object.hasOwn(object, key))
  );
}

function isText(value: JsonValue | undefined, form: RegExp): boolean {
  return typeof value === "string" && form.test(value);
}

function isBounded(value: JsonValue | undefined, least: number, most: number): boolean {
  return typeof value === "string" && value.length >= least && value.length <= most;
}

function isSlugs(value: JsonValue | undefined): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_GUARDRAILS) return false;
  return value.every((slug) => isText(slug, SLUG)) && new Set(value).size === value.length;
}

const OBJECT_KEYS: ReadonlySet<string> = new Set(["group", "kind", "namespace", "name"]);

function isApprovedObject(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value) || !hasExactly(value, OBJECT_KEYS)) return false;
  const { group, kind, namespace, name } = value;
  return isBounded(group, 0, 253) && isBounded(kind, 1, 253) && isBounded(namespace, 0, 253) && isBounded(name, 1, 254);
}

const EXCUSES_KEYS: ReadonlySet<string> = new Set(["traffic", "findings"]);
const FINDING_KEYS: ReadonlySet<string> = new Set(["guardrail", "message"]);

function isExcuses(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value) || !hasExactly(value, EXCUSES_KEYS)) return false;
  const { traffic, findings } = value;
  if (traffic !== null && !isJsonObject(traffic)) return false;
  return Array.isArray(findings) && findings.length <= MOST_FINDINGS && findings.every(isApprovedFinding);
}

function isApprovedFinding(value: JsonValue): boolean {
  return (
    isJsonObject(value) &&
    hasExactly(value, FINDING_KEYS) &&
    isText(value["guardrail"], SLUG) &&
    isBounded(value["message"], 1, LONGEST_MESSAGE)
  );
}

const RENEWAL_KEYS: ReadonlySet<string> = new Set(["count", "first", "previous"]);

function isRenewal(value: JsonValue): boolean {
  if (!isJsonObject(value) || !hasExactly(value, RENEWAL_KEYS)) return false;
  const { count, first, previous } = value;
  const isCount = typeof count === "number" && Number.isSafeInteger(count) && count >= 1 && count <= 1000;
  return isCount && isInstant(first) && isText(previous, IDENTIFIER);
}
