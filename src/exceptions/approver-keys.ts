/**
 * @module The approvers' public keys: a JWK set in which every key says whose it is.
 */
import { createPublicKey, type KeyObject, type webcrypto } from "node:crypto";
import { IntakeError } from "../intake/document.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { parseStrictJson } from "../intake/strict-json.ts";
import { quote } from "../model/quote.ts";
import type { Algorithm } from "./approval.ts";
import { IDENTIFIER, NAME } from "./approval-claims.ts";

/** Bytes of a set: room for some hundreds of keys. */
export const LARGEST_KEY_SET = 64 * 1024;

export interface ApproverKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  /** The one person who may approve with it. */
  readonly approver: string;
  readonly key: KeyObject;
}

export interface ApproverKeys {
  readonly byId: ReadonlyMap<string, ApproverKey>;
  /** Keys of the set that are not used, and why. One bad key doesn't take the others away. */
  readonly problems: readonly string[];
}

/** A set that can't be read at all. */
export class KeySetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KeySetError";
  }
}

/** Where the keys come from. */
export interface KeySource {
  /** The keys as they are known now, or null while none are (never read, or too long ago). Never waits. */
  current(): ApproverKeys | null;
  /** Called before approvals are verified, by those who can wait: for a source that isn't read before it is needed. */
  ready?(): Promise<void>;
}

/**
 * Reads a JWK set. A set without keys is one: then nobody may approve.
 * @throws KeySetError for what is no JWK set
 */
export function parseKeySet(bytes: Uint8Array): ApproverKeys {
  if (bytes.length > LARGEST_KEY_SET) throw new KeySetError(`the key set is larger than ${LARGEST_KEY_SET} bytes`);
  const keys = keyList(bytes);
  const byId = new Map<string, ApproverKey>();
  const problems: string[] = [];
  const repeated = repeatedIds(keys);
  for (const [index, jwk] of keys.entries()) {
    const key = readKey(jwk, repeated);
    if (typeof key === "string") problems.push(`/keys/${index}: ${key}`);
    else byId.set(key.kid, key);
  }
  return { byId, problems };
}

function keyList(bytes: Uint8Array): readonly JsonValue[] {
  let value: JsonValue;
  try {
    ({ value } = parseStrictJson(bytes, { source: "key set", depth: 16 }));
  } catch (cause) {
    if (cause instanceof IntakeError) throw new KeySetError(`the key set is no JSON: ${cause.message}`);
    throw cause;
  }
  const keys = isJsonObject(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys)) throw new KeySetError('this is no JWK set: a list "keys" is missing');
  return keys as readonly JsonValue[];
}

function repeatedIds(keys: readonly JsonValue[]): ReadonlySet<JsonValue | undefined> {
  const seen = new Set<JsonValue | undefined>();
  const repeated = new Set<JsonValue | undefined>();
  for (const key of keys) {
    if (!isJsonObject(key)) continue;
    if (seen.has(key["kid"])) repeated.add(key["kid"]);
    seen.add(key["kid"]);
  }
  return repeated;
}

function readKey(jwk: JsonValue, repeated: ReadonlySet<JsonValue | undefined>): ApproverKey | string {
  if (!isJsonObject(jwk)) return "no key";
  const { kid, approver } = jwk;
  if (typeof kid !== "string" || !IDENTIFIER.test(kid)) return 'it needs an id "kid" of letters, digits, - and _';
  if (repeated.has(kid)) return `another key has the same kid ${quote(kid)}: neither is used`;
  if (typeof approver !== "string" || !NAME.test(approver))
    return `${quote(kid)} needs "approver", the approver's name`;
  // Whoever published it has lost it.
  if (jwk["d"] !== undefined || jwk["k"] !== undefined) return `${quote(kid)} holds the secret part: make a new key`;
  const algorithm = algorithmOf(jwk);
  if (algorithm === undefined)
    return `${quote(kid)} is neither an ES256 key (EC, P-256) nor an EdDSA key (OKP, Ed25519)`;
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return `${quote(kid)} is not for signatures ("use")`;
  if (jwk["alg"] !== algorithm) return `${quote(kid)} needs "alg": "${algorithm}"`;
  try {
    const { kty, crv, x, y } = jwk as Record<string, string>;
    const parts = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
    return { kid, algorithm, approver, key: createPublicKey({ key: parts as webcrypto.JsonWebKey, format: "jwk" }) };
  } catch {
    return `${quote(kid)} is no usable key: its coordinates are wrong`;
  }
}

/** The algorithm that a key is for, by its type; undefined for every type that isn't used. */
export function algorithmOf({ kty, crv }: JsonObject): Algorithm | undefined {
  if (kty === "EC" && crv === "P-256") return "ES256";
  return kty === "OKP" && crv === "Ed25519" ? "EdDSA" : undefined;
}
