/**
 * @module Certificate, key and client authorities as they were read and found good, and the whole set of TLS options.
 */
import { createHash, type X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type TlsOptions } from "node:tls";
import { dateProblem, pairProblems, parseCertificates } from "../certs/pem-pair.ts";

const READING_ATTEMPTS = 3;

export interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
  /** PEM bundle of the authorities whose clients may connect; without it everybody may. */
  readonly clientAuthority?: string;
}

/** The files' texts as they are on disk, good or not. */
export interface TlsTexts {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority: string | undefined;
  /** Changes when one of the texts does. */
  readonly digest: string;
}

/** Texts that have been found good. */
export interface TlsMaterial extends TlsTexts {
  readonly notAfter: Date;
}

/** The files can't serve. The message says which and why, and never quotes from them. */
export class TlsMaterialError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TlsMaterialError";
  }
}

/**
 * Reads the files.
 * @throws {TlsMaterialError} a file can't be read
 */
export function readTlsTexts(paths: TlsPaths): Promise<TlsTexts> {
  return readSettled(() => readOnce(paths));
}

/**
 * Reads until two readings agree: a swap between the files of one reading gives a pair that never existed, and a file
 * may be gone for a moment. After a few tries the last reading counts.
 */
export async function readSettled(read: () => Promise<TlsTexts>): Promise<TlsTexts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const first = await read();
      const second = await read();
      if (first.digest === second.digest || attempt === READING_ATTEMPTS) return second;
    } catch (error) {
      if (attempt === READING_ATTEMPTS) throw error;
    }
  }
}

async function readOnce(paths: TlsPaths): Promise<TlsTexts> {
  const certificate = await read(paths.certificate);
  const key = await read(paths.key);
  const clientAuthority = paths.clientAuthority === undefined ? undefined : await read(paths.clientAuthority);
  const hash = createHash("sha256");
  for (const text of [certificate, key, clientAuthority ?? ""]) hash.update(`${text.length}:`).update(text);
  return { certificate, key, clientAuthority, digest: hash.digest("hex") };
}

/**
 * Judges the texts as a whole: key and certificate match, dates, order of the chain, host names, client authorities.
 * @param hosts names of which each has to be in the certificate
 * @throws {TlsMaterialError} they can't serve now
 */
export function checkTlsMaterial(texts: TlsTexts, paths: TlsPaths, hosts: readonly string[], now: Date): TlsMaterial {
  const [problem] = pairProblems(texts, now, hosts);
  if (problem !== undefined) throw new TlsMaterialError(`${paths.certificate} can't be served: ${problem.message}`);
  if (texts.clientAuthority !== undefined) checkAuthorities(texts.clientAuthority, paths.clientAuthority ?? "", now);
  const [leaf] = parseCertificates(texts.certificate) as [X509Certificate];
  const material = { ...texts, notAfter: new Date(leaf.validTo) };
  try {
    createSecureContext(buildTlsOptions(material));
  } catch (error) {
    throw new TlsMaterialError(`${paths.certificate} can't be served: TLS refuses it`, { cause: error });
  }
  return material;
}

/**
 * The whole set of TLS options. A reload replaces all of them at once: what is left out there is forgotten, so start
 * and reload both take them from here.
 */
export function buildTlsOptions(material: TlsMaterial): TlsOptions {
  const clients = material.clientAuthority;
  return {
    cert: material.certificate,
    key: material.key,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    // The API server speaks HTTP/1.1 to webhooks, and nothing else is offered to anybody.
    ALPNProtocols: ["http/1.1"],
    ...(clients === undefined ? {} : { ca: clients, requestCert: true, rejectUnauthorized: true }),
  };
}

function checkAuthorities(pem: string, path: string, now: Date): void {
  let authorities: X509Certificate[];
  try {
    authorities = parseCertificates(pem);
  } catch (error) {
    throw new TlsMaterialError(`${path}: a client authority can't be parsed`, { cause: error });
  }
  if (authorities.some((authority) => !authority.ca)) {
    throw new TlsMaterialError(`${path}: a certificate in it is no authority (CA)`);
  }
  // An expired one may stay in a bundle beside its successor.
  if (!authorities.some((authority) => dateProblem(authority, now) === undefined)) {
    throw new TlsMaterialError(`${path}: no client authority in it is valid now`);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "it doesn't exist" : `it can't be read (${code})`;
    throw new TlsMaterialError(`${path}: ${why}`, { cause: error });
  }
}
