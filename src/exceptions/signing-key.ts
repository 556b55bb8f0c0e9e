/**
 * @module An approver's private key: read from a file that nobody else may read, made by `keygen`, never printed.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type webcrypto,
} from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { isJsonObject, type JsonObject } from "../intake/json-value.ts";
import { parseStrictJson } from "../intake/strict-json.ts";
import { quote } from "../model/quote.ts";
import type { Algorithm } from "./approval.ts";
import { IDENTIFIER } from "./approval-claims.ts";
import { algorithmOf } from "./approver-keys.ts";

const LARGEST_KEY_FILE = 16 * 1024;
/** Whatever the group or everybody else may do. */
const OTHERS = 0o077;

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** A private key that can't be used: why, and what to do. Never holds a part of the key. */
export class SigningKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SigningKeyError";
  }
}

/**
 * Reads a private key: PEM (PKCS #8) or JWK.
 * @param kid the key's id where the file doesn't say it; its thumbprint (RFC 7638) unless given
 * @throws SigningKeyError
 */
export function readSigningKey(path: string, kid?: string): SigningKey {
  const text = readPrivate(path);
  const { key, ownId } = text.trimStart().startsWith("{") ? fromJwk(text, path) : fromPem(text, path);
  const publicJwk = createPublicKey(key).export({ format: "jwk" }) as JsonObject;
  const algorithm = algorithmOf(publicJwk);
  if (algorithm === undefined) {
    throw new SigningKeyError(
      `${quote(path)} is for another algorithm: a key for ES256 (P-256) or EdDSA (Ed25519) is needed`,
    );
  }
  const id = kid ?? ownId ?? thumbprint(publicJwk);
  if (!IDENTIFIER.test(id))
    throw new SigningKeyError(`${quote(id)} is no id of a key: at most 64 letters, digits, - and _`);
  return { kid: id, algorithm, key };
}

export interface KeyPair {
  readonly kid: string;
  /** To keep: holds the secret. */
  readonly privateJwk: JsonObject;
  /** To publish: an entry of a JWK set. */
  readonly publicJwk: JsonObject;
}

/** Makes a pair for an approver. The id is the public key's thumbprint. */
export function makeKeyPair(algorithm: Algorithm, approver: string): KeyPair {
  const { privateKey } =
    algorithm === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const { d, ...coordinates } = privateKey.export({ format: "jwk" }) as Record<string, string>;
  const kid = thumbprint(coordinates);
  const publicJwk = { kid, alg: algorithm, use: "sig", approver, ...coordinates };
  return { kid, publicJwk, privateJwk: { ...publicJwk, d } };
}

/** RFC 7638: SHA-256 over the required members in the order of their names. */
function thumbprint({ crv, kty, x, y }: JsonObject): string {
  const members = y === undefined ? { crv, kty, x } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

/** Looked at after opening, so that it is the same file. */
function readPrivate(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    throw new SigningKeyError(
      `${quote(path)}: the key can't be read (${(cause as NodeJS.ErrnoException).code ?? "?"})`,
    );
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile() || facts.size > LARGEST_KEY_FILE) throw new SigningKeyError(`${quote(path)} is no key file`);
    if ((facts.mode & OTHERS) !== 0) {
      throw new SigningKeyError(`${quote(path)} can be used by others on this machine: chmod 600 it, and use it again`);
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function fromPem(text: string, path: string): { key: KeyObject; ownId: undefined } {
  if (!text.includes("-----BEGIN PRIVATE KEY-----")) throw unusable(path);
  try {
    return { key: createPrivateKey(text), ownId: undefined };
  } catch {
    throw unusable(path);
  }
}

function fromJwk(text: string, path: string): { key: KeyObject; ownId: string | undefined } {
  try {
    const { value } = parseStrictJson(Buffer.from(text), { source: path, depth: 4 });
    if (!isJsonObject(value) || algorithmOf(value) === undefined) throw unusable(path);
    const { kty, crv, x, y, d, kid } = value as Record<string, string>;
    const parts = y === undefined ? { kty, crv, x, d } : { kty, crv, x, y, d };
    return { key: createPrivateKey({ key: parts as webcrypto.JsonWebKey, format: "jwk" }), ownId: kid };
  } catch {
    throw unusable(path);
  }
}

function unusable(path: string): SigningKeyError {
  return new SigningKeyError(
    `${quote(path)} is no usable private key: PEM (PKCS #8, without a passphrase) or JWK, for ES256 or EdDSA`,
  );
}
