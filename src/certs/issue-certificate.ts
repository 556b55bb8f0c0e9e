/**
 * @module Issues certificate authorities and leaf certificates (ECDSA P-256) that OpenSSL and Go's verifier accept.
 * The library behind it takes about 100 ms to load and is loaded at the first use.
 */
import "./reflect-metadata.ts";
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Extension, JsonName, X509Certificate } from "@peculiar/x509";
import { quote } from "../model/quote.ts";
import type { PemPair } from "./pem-pair.ts";

/** Who may show the certificate in a handshake; `both` is for peers that call each other. */
export type CertificateUsage = "server" | "client" | "both";

export interface AuthorityRequest {
  readonly commonName: string;
  /** Life from now on. */
  readonly days: number;
  readonly now?: Date;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads the organisations of a client certificate as its groups. */
  readonly organization?: string | readonly string[];
  /** DNS names and IP addresses. */
  readonly hosts?: readonly string[];
  readonly usage: CertificateUsage;
  /** Life from now on, cut to the life of the authority; 30 unless said. */
  readonly days?: number;
  readonly now?: Date;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;
// A verifier whose clock is behind must not find the certificate "not yet valid".
const CLOCK_SKEW_MS = 60 * 60 * 1000;
const DEFAULT_DAYS = 30;
// RFC 1123 labels, with a wildcard for the leftmost one; verifiers ignore or refuse a certificate with other names.
const DNS_NAME = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

const loadX509 = () => import("@peculiar/x509");
type X509 = Awaited<ReturnType<typeof loadX509>>;

/** Makes a certificate authority that signs leaf certificates and nothing below it. */
export async function createAuthority(request: AuthorityRequest): Promise<PemPair> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [request.commonName] }],
      ...validity(request.now, request.days),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: `${certificate.toString("pem")}\n`, key: await privateKeyPem(x509, keys.privateKey) };
}

/**
 * Issues a leaf certificate and its key.
 * @param authority an ECDSA P-256 authority, as `createAuthority` makes it
 * @throws {TypeError} a host is neither a DNS name nor an IP address
 */
export async function issueCertificate(authority: PemPair, request: CertificateRequest): Promise<PemPair> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await generateKeys();
  const { notBefore, notAfter } = validity(request.now, request.days ?? DEFAULT_DAYS);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: subjectOf(request),
      issuer: issuer.subjectName,
      notBefore,
      notAfter: notAfter < issuer.notAfter ? notAfter : issuer.notAfter,
      publicKey: keys.publicKey,
      signingKey: await importSigningKey(authority.key),
      signingAlgorithm: ALGORITHM,
      extensions: await leafExtensions(x509, request, issuer, keys.publicKey),
    },
    webcrypto,
  );
  return { certificate: `${certificate.toString("pem")}\n`, key: await privateKeyPem(x509, keys.privateKey) };
}

function subjectOf(request: CertificateRequest): JsonName {
  const organizations = request.organization === undefined ? [] : [request.organization].flat();
  return [...organizations.map((name) => ({ O: [name] })), { CN: [request.commonName] }];
}

async function leafExtensions(
  x509: X509,
  request: CertificateRequest,
  issuer: X509Certificate,
  publicKey: webcrypto.CryptoKey,
): Promise<Extension[]> {
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(extendedUsages(x509, request.usage), false),
    await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export(webcrypto), false, webcrypto),
    await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
  ];
  const hosts = request.hosts ?? [];
  if (hosts.length > 0) {
    extensions.push(new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName)));
  }
  return extensions;
}

function alternativeName(host: string): { type: "dns" | "ip"; value: string } {
  if (isIP(host) !== 0) return { type: "ip", value: host };
  if (DNS_NAME.test(host)) return { type: "dns", value: host };
  throw new TypeError(`${quote(host)} is neither a DNS name nor an IP address`);
}

function extendedUsages({ ExtendedKeyUsage }: X509, usage: CertificateUsage): string[] {
  switch (usage) {
    case "server":
      return [ExtendedKeyUsage.serverAuth];
    case "client":
      return [ExtendedKeyUsage.clientAuth];
    case "both":
      return [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];
  }
}

function validity(now = new Date(), days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - CLOCK_SKEW_MS), notAfter: new Date(now.getTime() + days * DAY_MS) };
}

// RFC 5280, 4.1.2.2: positive and at most 20 octets; 0x01 in front keeps it positive and free of leading zeros.
function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function importSigningKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", new Uint8Array(der), ALGORITHM, false, ["sign"]);
}

async function privateKeyPem({ PemConverter }: X509, key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}
