import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createAuthority, issueCertificate } from "./issue-certificate.ts";
import { isFor, type PemPair, pairProblems } from "./pem-pair.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

const HOUR_MS = 60 * 60 * 1000;
let authority: PemPair;
let server: PemPair;

beforeAll(async () => {
  authority = await createAuthority({ commonName: "test CA", days: 40 });
  server = await issueCertificate(authority, {
    commonName: "server",
    hosts: ["localhost", "127.0.0.1", "::1", "ringfence.ringfence.svc"],
    usage: "server",
  });
});

describe("what a leaf certificate says", () => {
  test.each<[host: string, expected: boolean, why: string]>([
    ["localhost", true, "named"],
    ["127.0.0.1", true, "address"],
    ["::1", true, "address, short form"],
    ["0:0:0:0:0:0:0:1", true, "the same address, long form"],
    ["ringfence.ringfence.svc", true, "the name that the API server asks for"],
    ["ringfence.other.svc", false, "another namespace"],
    ["server", false, "the common name is no host name"],
    ["127.0.0.2", false, "another address"],
  ])("for %s: %s (%s)", (host, expected) => {
    expect(isFor(new X509Certificate(server.certificate), host)).toBe(expected);
  });

  test("is valid from an hour ago, for clocks that are behind, and for 30 days", () => {
    const certificate = new X509Certificate(server.certificate);
    expect(Math.abs(Date.parse(certificate.validFrom) - (Date.now() - HOUR_MS))).toBeLessThan(60_000);
    expect(Math.abs(Date.parse(certificate.validTo) - (Date.now() + 30 * 24 * HOUR_MS))).toBeLessThan(60_000);
  });

  test.each<[host: string, why: string]>([
    ["", "empty"],
    ["a b", "space"],
    ["https://localhost", "URL"],
    ["localhost:8443", "port"],
    ["a..b", "empty label"],
    ["127.0.0.1/32", "prefix"],
    ["*", "bare wildcard"],
    ["a.*.b", "wildcard inside"],
  ])("refuses the host %j (%s)", async (host) => {
    await expect(issueCertificate(authority, { commonName: "x", hosts: [host], usage: "server" })).rejects.toThrow(
      "is neither a DNS name nor an IP address",
    );
  });

  test("never outlives its authority", async () => {
    const long = await issueCertificate(authority, { commonName: "long", usage: "client", days: 400 });
    expect(new X509Certificate(long.certificate).validTo).toBe(new X509Certificate(authority.certificate).validTo);
  });

  test("carries the organisations that Kubernetes reads as groups", async () => {
    const admin = await issueCertificate(authority, {
      commonName: "admin",
      organization: ["team-a", "system:masters"],
      usage: "client",
    });
    expect(new X509Certificate(admin.certificate).subject.split("\n")).toEqual([
      "O=team-a",
      "O=system:masters",
      "CN=admin",
    ]);
  });

  test("has a key of its own that serves", () => {
    expect(pairProblems(server, new Date(), ["localhost"])).toEqual([]);
    expect(pairProblems({ ...server, key: authority.key }, new Date()).map((problem) => problem.code)).toEqual([
      "mismatch",
    ]);
  });

  test("has another serial number each time", async () => {
    const again = await issueCertificate(authority, { commonName: "server", usage: "server" });
    expect(new X509Certificate(again.certificate).serialNumber).not.toBe(
      new X509Certificate(server.certificate).serialNumber,
    );
  });
});

describe("a real handshake", () => {
  const open = new Set<TLSSocket>();
  const listener = createServer({});
  let port: number;

  beforeAll(async () => {
    listener.setSecureContext({ cert: server.certificate, key: server.key });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    port = (listener.address() as AddressInfo).port;
  });

  afterAll(() => {
    for (const socket of open) socket.destroy();
    listener.close();
  });

  async function handshake(ca: string, servername: string): Promise<string> {
    const socket = connect({ host: "127.0.0.1", port, ca, servername });
    open.add(socket);
    try {
      await once(socket, "secureConnect");
      return "accepted";
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? "failed";
    }
  }

  test("is accepted by a client that trusts the authority", async () => {
    expect(await handshake(authority.certificate, "localhost")).toBe("accepted");
  });

  test("is refused under another host name", async () => {
    expect(await handshake(authority.certificate, "ringfence.other.svc")).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("is refused by a client that trusts another authority of the same name", async () => {
    const other = await createAuthority({ commonName: "test CA", days: 1 });
    expect(await handshake(other.certificate, "localhost")).toMatch(/UNABLE_TO_VERIFY|SIGNATURE|UNABLE_TO_GET_ISSUER/);
  });
});
