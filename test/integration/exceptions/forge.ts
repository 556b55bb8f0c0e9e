/**
 * @module Approvers with real keys, and approvals of any form, good or forged.
 */
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { ApprovalClaims } from "../../../src/exceptions/approval-claims.ts";
import { type Algorithm, TOKEN_TYPE } from "../../../src/exceptions/approval.ts";
import { makeKeyPair } from "../../../src/exceptions/signing-key.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";

/** 2026-12-01T00:00:00Z. */
export const ISSUED = 1_796_083_200;

export interface Approver {
  readonly name: string;
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
  readonly publicJwk: JsonObject;
  readonly privateJwk: JsonObject;
}

/** A new approver with a new key. */
export function makeApprover(name: string, algorithm: Algorithm = "ES256"): Approver {
  const { kid, publicJwk, privateJwk } = makeKeyPair(algorithm, name);
  return {
    name,
    kid,
    algorithm,
    publicJwk,
    privateJwk,
    key: createPrivateKey({ key: privateJwk, format: "jwk" }),
  };
}

/** A JWK set as bytes. */
export function keySet(...keys: readonly JsonObject[]): Buffer {
  return Buffer.from(JSON.stringify({ keys }));
}

/** Good claims, with changes. */
export function claims(changes: Readonly<Record<string, unknown>> = {}): ApprovalClaims {
  return {
    iss: "ringfence",
    sub: "bob",
    requester: "alice",
    aud: "prod",
    jti: "3f0c2a5e-0001",
    iat: ISSUED,
    nbf: ISSUED - 60,
    exp: ISSUED + 86_400,
    guardrails: ["any-any"],
    object: { group: "networking.k8s.io", kind: "NetworkPolicy", namespace: "shop", name: "web" },
    reason: "SEC-123",
    excuses: { traffic: null, findings: [{ guardrail: "any-any", message: "allows anyone on every port" }] },
    ...changes,
  };
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content).toString("base64url");
}

/** The header that belongs to an approver's key, with changes. */
export function header({ algorithm, kid }: Approver, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ alg: algorithm, kid, typ: TOKEN_TYPE, ...changes });
}

/** Signs any two texts as header and payload, without a look at them. */
export function signRaw(approver: Approver, head: string, payload: string): string {
  const input = `${base64url(head)}.${base64url(payload)}`;
  const signature =
    approver.algorithm === "ES256"
      ? sign("sha256", Buffer.from(input), { key: approver.key, dsaEncoding: "ieee-p1363" })
      : sign(null, Buffer.from(input), approver.key);
  return `${input}.${base64url(signature)}`;
}

/** An approval as the command would sign it, with changes in its claims. */
export function approval(approver: Approver, changes: Readonly<Record<string, unknown>> = {}): string {
  return signRaw(approver, header(approver), JSON.stringify(claims({ sub: approver.name, ...changes })));
}
