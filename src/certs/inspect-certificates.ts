/**
 * @module What the certificates of a folder are and what is wrong with them, for `ringfence certs`. Reads only.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dateProblem, hostsOf, pairProblems, parseCertificates } from "./pem-pair.ts";

/** One certificate file of the folder. A file that isn't there or can't be parsed has problems and no facts. */
export interface CertificateInspection {
  readonly file: string;
  readonly facts?: CertificateFacts;
  /** Empty when the file can be used as it is. */
  readonly problems: readonly string[];
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly hosts: readonly string[];
  /** Colon-separated hexadecimal, as browsers and OpenSSL show it. */
  readonly sha256: string;
}

/**
 * Inspects ca.crt and tls.crt (with tls.key) of a folder.
 * @param now the moment at which they have to be valid
 */
export async function inspectCertificates(folder: string, now = new Date()): Promise<CertificateInspection[]> {
  const authority = await read(join(folder, "ca.crt"));
  const certificate = await read(join(folder, "tls.crt"));
  const key = await read(join(folder, "tls.key"));
  return [
    inspect("ca.crt", authority, (pem) =>
      parseCertificates(pem).flatMap((one) => dateProblem(one, now)?.message ?? []),
    ),
    inspect("tls.crt", certificate, (pem) => [
      ...(key.error === undefined
        ? pairProblems({ certificate: pem, key: key.text }, now).map((problem) => problem.message)
        : [`tls.key: ${key.error}`]),
      ...issuerProblems(pem, authority.text),
    ]),
  ];
}

function inspect(file: string, content: FileContent, judge: (pem: string) => string[]): CertificateInspection {
  if (content.error !== undefined) return { file, problems: [content.error] };
  try {
    const [leaf] = parseCertificates(content.text);
    if (leaf === undefined) return { file, problems: ["there is no PEM certificate in the file"] };
    const facts = {
      subject: oneLine(leaf.subject),
      issuer: oneLine(leaf.issuer),
      notBefore: new Date(leaf.validFrom).toISOString(),
      notAfter: new Date(leaf.validTo).toISOString(),
      hosts: hostsOf(leaf),
      sha256: leaf.fingerprint256,
    };
    return { file, facts, problems: judge(content.text) };
  } catch {
    return { file, problems: ["the certificate can't be parsed"] };
  }
}

function issuerProblems(pem: string, authorityPem: string): string[] {
  const [leaf] = parseCertificates(pem);
  const authorities = parseCertificates(authorityPem);
  const issuer = authorities.find((authority) => leaf?.checkIssued(authority) && leaf.verify(authority.publicKey));
  return authorities.length > 0 && issuer === undefined ? ["the certificate wasn't issued by ca.crt"] : [];
}

// OpenSSL separates the parts of a name with newlines here.
function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}

interface FileContent {
  readonly text: string;
  readonly error?: string;
}

async function read(path: string): Promise<FileContent> {
  try {
    return { text: await readFile(path, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return { text: "", error: code === "ENOENT" ? "the file doesn't exist" : `the file can't be read (${code})` };
  }
}
