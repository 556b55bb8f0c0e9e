/**
 * @module Certificates for the control plane under test: an authority, and leaves for servers and clients.
 */
import { createAuthority as createProductAuthority, issueCertificate } from "../../src/certs/issue-certificate.ts";
import type { PemPair } from "../../src/certs/pem-pair.ts";

export interface CertificateAuthority {
  /** The authority's own certificate, PEM: what verifies its leaves. */
  readonly certificate: string;
  /** Issues a server certificate for IP addresses and DNS names. */
  issueServer(hosts: readonly string[]): Promise<PemPair>;
  /** Issues a client certificate; Kubernetes reads the common name as the user, organisations as its groups. */
  issueClient(commonName: string, organizations?: readonly string[]): Promise<PemPair>;
}

/** Makes an authority that lives in memory and is valid for a day, as its leaves are. */
export async function createAuthority(commonName: string): Promise<CertificateAuthority> {
  const authority = await createProductAuthority({ commonName, days: 1 });
  return {
    certificate: authority.certificate,
    issueServer: (hosts) => issueCertificate(authority, { commonName: "server", hosts, usage: "server" }),
    issueClient: (name, organization = []) =>
      issueCertificate(authority, { commonName: name, organization, usage: "client" }),
  };
}
