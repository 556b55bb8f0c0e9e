import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, type ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createAuthority, issueCertificate } from "../../../src/certs/issue-certificate.ts";
import type { PemPair } from "../../../src/certs/pem-pair.ts";
import { issueServing, type RunningServer, startServer, until } from "./running-server.ts";
import type { WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

const DAY_MS = 24 * 60 * 60 * 1000;
const CLIENT = "kube-apiserver";
let clientAuthority: PemPair;
let otherAuthority: PemPair;
let running: RunningServer;
let caller: PemPair;

beforeAll(async () => {
  clientAuthority = await createAuthority({ commonName: "client CA", days: 2 });
  otherAuthority = await createAuthority({ commonName: "client CA", days: 2 });
  caller = await clientPair(CLIENT);
  running = await startServer({
    clientAuthority: clientAuthority.certificate,
    allowedClients: [CLIENT, "apiserver.example.com"],
    tlsHosts: ["localhost"],
    tlsPollMs: 30,
  });
});

afterAll(() => running.stop());

async function clientPair(commonName: string, hosts: string[] = [], authority = clientAuthority): Promise<PemPair> {
  return issueCertificate(authority, { commonName, hosts, usage: "client" });
}

function clientWith(pair: PemPair | undefined): WebhookClient {
  return running.client(pair === undefined ? {} : { cert: pair.certificate, key: pair.key });
}

/** The status that a new connection gets, or `refused` when there is no answer. */
async function call(pair: PemPair | undefined): Promise<number | "refused"> {
  const client = clientWith(pair);
  try {
    return (await client.review("web")).status;
  } catch {
    return "refused";
  } finally {
    client.close();
  }
}

/** One call over a connection with these options; the answer's first line, or `refused`. */
async function rawCall(options: ConnectionOptions): Promise<string> {
  const socket = connect({
    host: "localhost",
    port: running.server.port,
    ca: running.authority.certificate,
    cert: caller.certificate,
    key: caller.key,
    ...options,
  });
  socket.once("secureConnect", () => socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const line = await new Promise<string>((resolve) => {
    socket.once("data", (data) => {
      const line = String(data).split("\r\n")[0] ?? "";
      resolve(socket.isSessionReused() ? `${line}, session resumed` : line);
    });
    socket.once("error", () => resolve("refused"));
    socket.once("close", () => resolve("refused"));
  });
  socket.destroy();
  return line;
}

async function servedCertificate(): Promise<string> {
  const socket = connect({ host: "localhost", port: running.server.port, ca: running.authority.certificate });
  await once(socket, "secureConnect");
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256 ?? "";
  socket.on("error", () => undefined).destroy();
  return fingerprint;
}

function volumeFiles(serving: PemPair, clients: string): Record<string, string> {
  return { "tls.crt": serving.certificate, "tls.key": serving.key, "client-ca.crt": clients };
}

function expired(): Promise<PemPair> {
  return issueCertificate(clientAuthority, {
    commonName: CLIENT,
    usage: "client",
    days: 1,
    now: new Date(Date.now() - 3 * DAY_MS),
  });
}

function serverPair(): Promise<PemPair> {
  return issueCertificate(clientAuthority, { commonName: CLIENT, hosts: ["x"], usage: "server" });
}

function half(text: string): string {
  return text.slice(0, text.length / 2);
}

function damaged(pem: string): string {
  const lines = pem.split("\n");
  return [lines[0], "AAAA", ...lines.slice(2)].join("\n");
}

function issuedAgo(days: number): Promise<PemPair> {
  const now = new Date(Date.now() - days * DAY_MS);
  return issueCertificate(running.authority, {
    commonName: "x",
    hosts: ["localhost"],
    usage: "server",
    days: 1,
    now,
  });
}

function forHost(host: string): Promise<PemPair> {
  return issueCertificate(running.authority, { commonName: "x", hosts: [host], usage: "server" });
}

const refusals = () => running.metric("ringfence_certificate_reloads_total", { result: "refused" });

describe("client certificates", () => {
  test.each<[what: string, expected: number | "refused", pair: () => Promise<PemPair | undefined>]>([
    ["none", "refused", async () => undefined],
    ["an allowed common name", 200, async () => caller],
    ["an allowed DNS name", 200, () => clientPair("anyone", ["apiserver.example.com"])],
    ["an allowed DNS name in other letters", 200, () => clientPair("anyone", ["APISERVER.example.com"])],
    ["another name", 403, () => clientPair("mallory")],
    ["a longer name", 403, () => clientPair(`${CLIENT}.evil`)],
    ["the common name in other letters", 403, () => clientPair(CLIENT.toUpperCase())],
    ["a wildcard that would match", 403, () => clientPair("anyone", ["*.example.com"])],
    ["an empty name", 403, () => clientPair("")],
    ["an allowed name by an authority of the same name", "refused", () => clientPair(CLIENT, [], otherAuthority)],
    ["an allowed name, expired", "refused", () => expired()],
    ["an allowed name, for servers only", "refused", () => serverPair()],
  ])("%s: %s", async (_what, expected, pair) => {
    expect(await call(await pair())).toBe(expected);
  });

  test("of strangers don't open /metrics either, and are told why", async () => {
    const answer = await clientWith(await clientPair("mallory")).send({ method: "GET", path: "/metrics" });
    expect([answer.status, answer.text]).toEqual([
      403,
      "the client certificate's name isn't among the allowed clients\n",
    ]);
    expect(answer.headers.connection).toBe("close");
  });
});

describe("changed files", () => {
  test("are in force after each of three swaps, without a lost call", async () => {
    const clients = Array.from({ length: 8 }, () => clientWith(caller));
    const end = new AbortController();
    const failures: unknown[] = [];
    let reconnects = 0;
    const load = clients.map(async (client) => {
      while (!end.signal.aborted) {
        const result = await client.review("web").catch((error: unknown) => ({ error }));
        if (!("response" in result) || !result.response?.allowed) failures.push(result);
        else if (result.headers.connection === "close") reconnects += 1;
      }
    });

    for (let swap = 1; swap <= 3; swap += 1) {
      const serving = await issueServing(running.authority);
      await running.volume.update(volumeFiles(serving, clientAuthority.certificate));
      const expected = new X509Certificate(serving.certificate).fingerprint256;
      await until("the new certificate is served", async () => (await servedCertificate()) === expected);
      await until(
        "the connections of the old one have ended",
        async () => (await running.metric("ringfence_connections", { certificate: "previous" })) === 0,
      );
    }
    end.abort();
    await Promise.all(load);

    expect(failures).toEqual([]);
    expect(reconnects).toBe(3 * clients.length);
    expect(await running.metric("ringfence_certificate_reloads_total", { result: "loaded" })).toBe(3);
  });

  test("take the place of the old client authority too, and an old session doesn't get around that", async () => {
    const session = await new Promise<Buffer>((resolve, reject) => {
      const socket = connect({
        host: "localhost",
        port: running.server.port,
        ca: running.authority.certificate,
        cert: caller.certificate,
        key: caller.key,
      });
      socket.once("session", (ticket) => {
        resolve(ticket);
        socket.destroy();
      });
      socket.once("error", reject);
      socket.resume();
    });
    expect(await rawCall({ session })).toBe("HTTP/1.1 200 OK, session resumed");

    const serving = await issueServing(running.authority);
    const fresh = await clientPair(CLIENT, [], otherAuthority);
    await running.volume.update(volumeFiles(serving, otherAuthority.certificate));
    await until("the new authority is in force", async () => (await call(fresh)) === 200);
    expect(await call(caller)).toBe("refused");
    expect(await rawCall({ session })).toBe("refused");

    await running.volume.update(volumeFiles(serving, clientAuthority.certificate));
    await until("the old authority is back", async () => (await call(caller)) === 200);
  });

  test.each<[what: string, files: (good: PemPair) => Promise<Record<string, string>>, message: RegExp]>([
    [
      "a key of another certificate",
      async (good) => volumeFiles({ ...good, key: caller.key }, clientAuthority.certificate),
      /doesn't belong/,
    ],
    [
      "an empty certificate",
      async (good) => volumeFiles({ ...good, certificate: "" }, clientAuthority.certificate),
      /no PEM certificate/,
    ],
    [
      "half a certificate",
      async (good) => volumeFiles({ ...good, certificate: half(good.certificate) }, clientAuthority.certificate),
      /no PEM certificate/,
    ],
    [
      "a damaged certificate",
      async (good) => volumeFiles({ ...good, certificate: damaged(good.certificate) }, clientAuthority.certificate),
      /can't be parsed/,
    ],
    [
      "half a key",
      async (good) => volumeFiles({ ...good, key: half(good.key) }, clientAuthority.certificate),
      /key can't be parsed/,
    ],
    ["an expired certificate", async () => volumeFiles(await issuedAgo(3), clientAuthority.certificate), /expired at/],
    [
      "a certificate of tomorrow",
      async () => volumeFiles(await issuedAgo(-1), clientAuthority.certificate),
      /valid only from/,
    ],
    [
      "a certificate for another host",
      async () => volumeFiles(await forHost("ringfence.other.svc"), clientAuthority.certificate),
      /isn't for localhost/,
    ],
    [
      "a chain in the wrong order",
      async (good) =>
        volumeFiles({ ...good, certificate: good.certificate + caller.certificate }, clientAuthority.certificate),
      /hasn't issued the one before/,
    ],
    ["no client authority", async (good) => volumeFiles(good, ""), /no client authority/],
    ["a client authority that is none", async (good) => volumeFiles(good, caller.certificate), /no authority \(CA\)/],
    [
      "a damaged client authority",
      async (good) => volumeFiles(good, damaged(clientAuthority.certificate)),
      /can't be parsed/,
    ],
  ])("that can't serve change nothing: %s", async (_what, files, message) => {
    const [before, logged, served] = [await refusals(), running.logLines.length, await servedCertificate()];
    await running.volume.update(await files(await issueServing(running.authority)));
    await until("the files are refused and the reason is told", () =>
      message.test(running.logLines.slice(logged).join("")),
    );
    expect(await refusals()).toBeGreaterThan(before);
    expect(running.logLines.join("")).not.toMatch(/BEGIN|PRIVATE/);
    expect(await servedCertificate()).toBe(served);
    expect(await call(caller)).toBe(200);
  });

  test("that are gone change nothing, are reported once, and are taken when they are back", async () => {
    const [before, served] = [await refusals(), await servedCertificate()];
    await running.volume.update({});
    await until("the files are missed", async () => (await refusals()) > before);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await refusals()).toBe(before + 1);
    expect(await servedCertificate()).toBe(served);
    await running.volume.update(volumeFiles(await issueServing(running.authority), clientAuthority.certificate));
    await until("the new files are served", async () => (await servedCertificate()) !== served);
  });

  test("after all that, nothing has been loosened", async () => {
    expect(await call(caller)).toBe(200);
    expect(await call(undefined)).toBe("refused");
    expect(await call(await clientPair("mallory"))).toBe(403);
    expect(await call(await clientPair(CLIENT, [], otherAuthority))).toBe("refused");
    expect(await rawCall({})).toBe("HTTP/1.1 200 OK");
    expect(await rawCall({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2" })).toBe("refused");
    expect(await rawCall({ ALPNProtocols: ["h2"] })).toBe("refused");
  });
});

test("a server doesn't start with files that can't serve, and says why", async () => {
  const starting = startServer({ tlsHosts: ["ringfence.ringfence.svc"] });
  await expect(starting).rejects.toThrow(
    /tls\.crt can't be served: the certificate isn't for ringfence\.ringfence\.svc/,
  );
});
