/**
 * @module The development certificates of a folder: ca.crt, ca.key, tls.crt and tls.key, made when they are missing or
 * can't be used any more. They are for a developer's machine and for tests; a cluster gets its own.
 */
import type { X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withFolderLock } from "./folder-lock.ts";
import { createAuthority, issueCertificate } from "./issue-certificate.ts";
import { type PemPair, pairProblems, parseCertificates } from "./pem-pair.ts";

export interface DevelopmentCertificateOptions {
  /** DNS names and addresses beside localhost, 127.0.0.1 and ::1, which are always in. */
  readonly hosts?: readonly string[];
  readonly now?: Date;
}

/** Where the four files are, and what this call did to them. */
export interface DevelopmentCertificates {
  readonly authorityCertificate: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
  /** `everything`: clients have to trust the new ca.crt; `certificate`: only tls.crt and tls.key are new. */
  readonly renewed: "nothing" | "certificate" | "everything";
}

/** The folder can't be used; the message says why and what to do. */
export class CertificateFolderError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CertificateFolderError";
  }
}

const AUTHORITY_NAME = "Ringfence development CA";
const ALWAYS_HOSTS = ["localhost", "127.0.0.1", "::1"];
const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 365;
const LEAF_DAYS = 30;
// A certificate is renewed after two thirds of its life, and an authority while a full leaf still fits into its own.
const RENEW_LEAF_MS = (LEAF_DAYS / 3) * DAY_MS;
const RENEW_AUTHORITY_MS = (LEAF_DAYS + 1) * DAY_MS;
const FILES = { authority: ["ca.crt", "ca.key"], server: ["tls.crt", "tls.key"] } as const;

/**
 * Makes sure that a folder holds a development CA and a server certificate that are valid, belong together and are for
 * all hosts. What is usable stays as it is; several processes may call it on one folder at once.
 * @throws {CertificateFolderError} the folder can't be read or written, or holds certificates that aren't ours
 * @throws {TypeError} a host is neither a DNS name nor an IP address
 */
export async function ensureDevelopmentCertificates(
  folder: string,
  options: DevelopmentCertificateOptions = {},
): Promise<DevelopmentCertificates> {
  const now = options.now ?? new Date();
  const hosts = [...new Set([...ALWAYS_HOSTS, ...(options.hosts ?? [])])];
  try {
    await mkdir(folder, { recursive: true });
    // Without the lock first: a folder in which all is well may be mounted read-only.
    if ((await survey(folder, hosts, now)).renew === "nothing") return result(folder, "nothing");
    return await withFolderLock(folder, async () => result(folder, await renew(folder, hosts, now)));
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new CertificateFolderError(
      `the certificate folder ${folder} can't be used: ${error.message}; name a folder that this user can write`,
      { cause: error },
    );
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

interface Survey {
  readonly authority: PemPair;
  readonly renew: DevelopmentCertificates["renewed"];
}

async function survey(folder: string, hosts: readonly string[], now: Date): Promise<Survey> {
  const authority = await readPair(folder, FILES.authority);
  const server = await readPair(folder, FILES.server);
  refuseForeign(folder, [authority, server]);
  if (!isUsable(authority, now, RENEW_AUTHORITY_MS)) return { authority, renew: "everything" };
  const serves = isUsable(server, now, RENEW_LEAF_MS, hosts) && isIssuedBy(server, authority);
  return { authority, renew: serves ? "nothing" : "certificate" };
}

async function renew(folder: string, hosts: readonly string[], now: Date): Promise<DevelopmentCertificates["renewed"]> {
  const found = await survey(folder, hosts, now);
  if (found.renew === "nothing") return found.renew;
  let authority = found.authority;
  if (found.renew === "everything") {
    authority = await createAuthority({ commonName: AUTHORITY_NAME, days: AUTHORITY_DAYS, now });
    await writePair(folder, FILES.authority, authority);
  }
  await writePair(folder, FILES.server, await issueServer(authority, hosts, now));
  return found.renew;
}

function issueServer(authority: PemPair, hosts: readonly string[], now: Date): Promise<PemPair> {
  return issueCertificate(authority, { commonName: "ringfence", hosts, usage: "server", days: LEAF_DAYS, now });
}

function isUsable(pair: PemPair, now: Date, renewBeforeMs: number, hosts: readonly string[] = []): boolean {
  if (pairProblems(pair, now, hosts).length > 0) return false;
  return pairProblems(pair, new Date(now.getTime() + renewBeforeMs)).length === 0;
}

function isIssuedBy(leaf: PemPair, authority: PemPair): boolean {
  const [certificate] = parseCertificates(leaf.certificate);
  const [issuer] = parseCertificates(authority.certificate);
  if (certificate === undefined || issuer === undefined) return false;
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

// A user's own certificates in this folder are never overwritten, not even broken or expired ones.
function refuseForeign(folder: string, pairs: readonly PemPair[]): void {
  for (const pair of pairs) {
    const foreign = readable(pair.certificate).find((certificate) => certificate.issuer !== `CN=${AUTHORITY_NAME}`);
    if (foreign !== undefined) {
      throw new CertificateFolderError(
        `${folder} holds a certificate that Ringfence didn't make (issuer ${JSON.stringify(foreign.issuer)}); ` +
          "it is left alone: name another folder for the development certificates, or pass your own with --tls-cert and --tls-key",
      );
    }
  }
}

function readable(pem: string): X509Certificate[] {
  try {
    return parseCertificates(pem);
  } catch {
    return [];
  }
}

async function readPair(folder: string, [certificate, key]: readonly [string, string]): Promise<PemPair> {
  return {
    certificate: await readIfThere(join(folder, certificate)),
    key: await readIfThere(join(folder, key)),
  };
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

async function writePair(folder: string, [certificate, key]: readonly [string, string], pair: PemPair): Promise<void> {
  await replace(join(folder, key), pair.key, 0o600);
  await replace(join(folder, certificate), pair.certificate, 0o644);
}

// A reader sees the old file or the new one, never half of one.
async function replace(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, path);
}

function result(folder: string, renewed: DevelopmentCertificates["renewed"]): DevelopmentCertificates {
  return {
    authorityCertificate: join(folder, FILES.authority[0]),
    authorityKey: join(folder, FILES.authority[1]),
    certificate: join(folder, FILES.server[0]),
    key: join(folder, FILES.server[1]),
    renewed,
  };
}
