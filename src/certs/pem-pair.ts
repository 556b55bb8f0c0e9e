/**
 * @module A certificate chain and its private key as PEM text, and what can be wrong with them.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** A certificate (leaf first, then its issuers) and the private key of the leaf, both PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

export type PairProblemCode =
  | "no-certificate"
  | "bad-certificate"
  | "bad-key"
  | "mismatch"
  | "not-yet-valid"
  | "expired"
  | "broken-chain"
  | "wrong-host";

/** Why a pair can't serve; the message is a whole sentence part: `the certificate expired at 2026-01-01T00:00:00.000Z`. */
export interface PairProblem {
  readonly code: PairProblemCode;
  readonly message: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * All certificates of a PEM text in their order; text around them is ignored, as OpenSSL and Go do.
 * @throws {Error} a block isn't a certificate
 */
export function parseCertificates(pem: string): X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}

/** The host names and addresses that a certificate is for, bare: `localhost`, `127.0.0.1`, `0:0:0:0:0:0:0:1`. */
export function hostsOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(", ") ?? [];
  return names.map((name) => name.replace(/^(?:DNS|IP Address):/, ""));
}

/** Whether a certificate is for this host: an IP address or a DNS name, never through the common name. */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const match = isIP(host) === 0 ? certificate.checkHost(host, { subject: "never" }) : certificate.checkIP(host);
  return match !== undefined;
}

/** What is wrong with the dates of a certificate. */
export function dateProblem(certificate: X509Certificate, now: Date): PairProblem | undefined {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  if (!(from <= now)) {
    return { code: "not-yet-valid", message: `the certificate is valid only from ${from.toISOString()}` };
  }
  if (!(now < to)) return { code: "expired", message: `the certificate expired at ${to.toISOString()}` };
  return undefined;
}

/**
 * What keeps a pair from serving these hosts now; empty when it can serve.
 * @param hosts names of which every one has to be in the leaf certificate
 */
export function pairProblems(pair: PemPair, now: Date, hosts: readonly string[] = []): PairProblem[] {
  let chain: X509Certificate[];
  try {
    chain = parseCertificates(pair.certificate);
  } catch {
    return [{ code: "bad-certificate", message: "the certificate can't be parsed" }];
  }
  const leaf = chain[0];
  if (leaf === undefined) return [{ code: "no-certificate", message: "there is no PEM certificate in the file" }];
  return [keyProblem(leaf, pair.key), dateProblem(leaf, now), chainProblem(chain), hostProblem(leaf, hosts)].filter(
    (problem) => problem !== undefined,
  );
}

function keyProblem(leaf: X509Certificate, pem: string): PairProblem | undefined {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The parser's own message could quote key material.
    return { code: "bad-key", message: "the private key can't be parsed (PEM, without a passphrase)" };
  }
  if (leaf.checkPrivateKey(key)) return undefined;
  return { code: "mismatch", message: "the private key doesn't belong to the certificate" };
}

function chainProblem(chain: readonly X509Certificate[]): PairProblem | undefined {
  const broken = chain.findIndex((certificate, at) => at > 0 && chain[at - 1]?.checkIssued(certificate) !== true);
  if (broken === -1) return undefined;
  return {
    code: "broken-chain",
    message: `certificate ${broken + 1} of the file hasn't issued the one before it`,
  };
}

function hostProblem(leaf: X509Certificate, hosts: readonly string[]): PairProblem | undefined {
  const missing = hosts.filter((host) => !isFor(leaf, host));
  if (missing.length === 0) return undefined;
  return { code: "wrong-host", message: `the certificate isn't for ${missing.join(", ")}` };
}
