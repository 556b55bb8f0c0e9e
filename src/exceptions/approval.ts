/**
 * @module Approvals as text: a compact JWS of exactly one form. Signing and checking the signature is jose's; the form is
 * checked here first, because jose takes padding, inner line breaks, stray bits and duplicate claims
 * (reliability-security.md J5, J6). jose is loaded with the first approval: most objects carry none.
 */
import type { KeyObject } from "node:crypto";
import { IntakeError } from "../intake/document.ts";
import { isJsonObject, type JsonValue } from "../intake/json-value.ts";
import { parseStrictJson } from "../intake/strict-json.ts";
import { LONGEST_APPROVAL } from "./annotations.ts";
import { type ApprovalClaims, IDENTIFIER, readClaims } from "./approval-claims.ts";

/** `typ` of every approval: no other kind of token can be taken for one. */
export const TOKEN_TYPE = "ringfence-exception+jwt";

/** The two algorithms; a key has one of them and is never used with the other. */
export type Algorithm = "ES256" | "EdDSA";

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
/** Both algorithms' signatures have this length. */
const SIGNATURE_BYTES = 64;
const DEPTH = 32;

/** An approval whose form is good. Its signature has not been looked at. */
export interface UnverifiedApproval {
  readonly algorithm: Algorithm;
  /** Names the key. */
  readonly kid: string;
  readonly claims: ApprovalClaims;
}

/**
 * Takes an approval apart without believing it.
 * @returns what it says, or why it has not the form of an approval
 */
export function parseApproval(token: string): UnverifiedApproval | string {
  if (token.length > LONGEST_APPROVAL) return `longer than ${LONGEST_APPROVAL} characters`;
  const [, header = "", payload = "", signature = ""] = COMPACT.exec(token) ?? [];
  if (header === "") return "not three parts of base64url with dots between them";
  const [headerBytes, payloadBytes, signatureBytes] = [header, payload, signature].map(canonicalBytes);
  if (headerBytes === undefined || payloadBytes === undefined || signatureBytes?.length !== SIGNATURE_BYTES) {
    return "a part is not written in canonical base64url, or has the wrong length";
  }
  try {
    const head = readHeader(parseStrictJson(headerBytes, { source: "header", depth: DEPTH }).value);
    if (typeof head === "string") return head;
    const claims = readClaims(parseStrictJson(payloadBytes, { source: "payload", depth: DEPTH }).value);
    return typeof claims === "string" ? claims : { ...head, claims };
  } catch (cause) {
    if (cause instanceof IntakeError) return `the ${cause.source} is not strict JSON: ${cause.message}`;
    throw cause;
  }
}

/**
 * Whether a key signed an approval.
 * @param algorithm the key's; an approval that says another one isn't signed
 */
export async function isSignedBy(token: string, algorithm: Algorithm, key: KeyObject): Promise<boolean> {
  const { compactVerify } = await import("jose");
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
    return true;
  } catch {
    // Whatever jose doesn't accept isn't signed.
    return false;
  }
}

/**
 * Signs an approval.
 * @throws TypeError where the claims have not the form that {@link parseApproval} accepts: nothing is signed then
 */
export async function signApproval(
  claims: ApprovalClaims,
  { algorithm, kid, key }: { readonly algorithm: Algorithm; readonly kid: string; readonly key: KeyObject },
): Promise<string> {
  const { CompactSign } = await import("jose");
  const payload = new TextEncoder().encode(JSON.stringify(claims));
  const token = await new CompactSign(payload).setProtectedHeader({ alg: algorithm, kid, typ: TOKEN_TYPE }).sign(key);
  const parsed = parseApproval(token);
  if (typeof parsed === "string") throw new TypeError(parsed);
  return token;
}

/** Bytes of base64url in its one spelling: no padding, no stray bits at the end. */
function canonicalBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Exactly alg, kid and typ: with jku, jwk, x5c or crit a token would bring its own key or its own rules. */
function readHeader(header: JsonValue): { algorithm: Algorithm; kid: string } | string {
  if (!isJsonObject(header)) return "the header is no object";
  const { alg, kid, typ } = header;
  if (Object.keys(header).length !== 3) return "the header has not exactly alg, kid and typ";
  if (typ !== TOKEN_TYPE) return `"typ" is not ${TOKEN_TYPE}`;
  if (alg !== "ES256" && alg !== "EdDSA") return '"alg" is neither ES256 nor EdDSA';
  if (typeof kid !== "string" || !IDENTIFIER.test(kid)) return '"kid" is no id of a key';
  return { algorithm: alg, kid };
}
