/**
 * @module The approvers' keys: sets with bad keys in them, a real https server that misbehaves (J8 of
 * reliability-security.md §11), and a source that is down for a day.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ensureDevelopmentCertificates } from "../../../src/certs/development-ca.ts";
import { parseKeySet } from "../../../src/exceptions/approver-keys.ts";
import { ApprovalVerifier } from "../../../src/exceptions/approval-verifier.ts";
import { fetchKeySet, keySetUrlProblem, loadKeyFile } from "../../../src/exceptions/key-set-loader.ts";
import { RefreshedKeys } from "../../../src/exceptions/refreshed-keys.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { approval, keySet, makeApprover } from "./forge.ts";

const bob = makeApprover("bob");
const carol = makeApprover("carol", "EdDSA");
const GOOD = keySet(bob.publicJwk, carol.publicJwk);

const changed = (changes: JsonObject): JsonObject => ({ ...bob.publicJwk, ...changes });

describe("keys of a set that aren't used, and don't take the others away", () => {
  const rows: readonly (readonly [string, JsonObject | string, string])[] = [
    ["a symmetric key", { kty: "oct", kid: "a", alg: "HS256", k: "AAAA", approver: "bob" }, "holds the secret part"],
    ["a private key", bob.privateJwk, "holds the secret part"],
    [
      "an RSA key",
      { kty: "RSA", kid: "a", alg: "RS256", n: "AQAB", e: "AQAB", approver: "bob" },
      "neither an ES256 key",
    ],
    [
      "another curve",
      { kty: "EC", crv: "P-384", kid: "a", alg: "ES384", x: "AA", y: "AA", approver: "bob" },
      "neither an ES256 key",
    ],
    ["X25519", { kty: "OKP", crv: "X25519", kid: "a", alg: "EdDSA", x: "AA", approver: "bob" }, "neither an ES256 key"],
    ["no approver", changed({ approver: undefined }), 'needs "approver"'],
    ["an approver that is no name", changed({ approver: " bob" }), 'needs "approver"'],
    ["a list of approvers", changed({ approver: ["bob", "carol"] }), 'needs "approver"'],
    ["no kid", changed({ kid: undefined }), 'needs an id "kid"'],
    ["a kid that is a path", changed({ kid: "../x" }), 'needs an id "kid"'],
    ["no alg", changed({ alg: undefined }), 'needs "alg": "ES256"'],
    ["the alg of another key", changed({ alg: "EdDSA" }), 'needs "alg": "ES256"'],
    ["for encryption", changed({ use: "enc" }), "not for signatures"],
    ["not on the curve", changed({ x: "AAAA" }), "its coordinates are wrong"],
    ["no coordinates", changed({ x: undefined, y: undefined }), "its coordinates are wrong"],
    ["no object", "key", "no key"],
  ];
  test.each(rows)("%s", (_, key, problem) => {
    const { byId, problems } = parseKeySet(keySet(key as JsonObject, carol.publicJwk));
    expect([...byId.keys()]).toEqual([carol.kid]);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toMatch(/^\/keys\/0: /);
  });

  test("two keys with one id: neither", () => {
    const { byId, problems } = parseKeySet(keySet(bob.publicJwk, changed({ approver: "eve" }), carol.publicJwk));
    expect([...byId.keys()]).toEqual([carol.kid]);
    expect(problems).toHaveLength(2);
  });

  test.each([
    ["an object without keys", "{}"],
    ["keys that are an object", '{"keys":{}}'],
    ["a list", "[]"],
    ["a page of HTML", "<html></html>"],
    ["nothing", ""],
    ["keys twice", '{"keys":[],"keys":[]}'],
    ["more than 64 kB", `{"keys":[]}${" ".repeat(65_536)}`],
  ])("no set: %s", (_, text) => expect(() => parseKeySet(Buffer.from(text))).toThrow(/key set|JWK set/));
});

test.each([
  ["http://example.com/keys", "doesn't start with https://"],
  ["file:///etc/keys", "doesn't start with https://"],
  ["https://user:password@example.com/", "must not hold a password"],
  ["https://example.com/#x", "behind #"],
  ["example.com", "is no URL"],
])("%s is no address of a key set", (url, problem) => expect(keySetUrlProblem(url)).toContain(problem));

describe("a key set from an https server", () => {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-jwks-"));
  let authorities = "";
  let certificate = { key: "", cert: "" };
  let server: Server;
  let elsewhere = 0;
  let listener: RequestListener;
  const url = () => `https://localhost:${(server.address() as AddressInfo).port}/keys`;
  const fetch = (limitMs = 5000) => fetchKeySet(url(), { authorities, limitMs });

  beforeAll(async () => {
    const files = await ensureDevelopmentCertificates(folder, { hosts: [] });
    authorities = readFileSync(files.authorityCertificate, "utf8");
    certificate = { key: readFileSync(files.key, "utf8"), cert: readFileSync(files.certificate, "utf8") };
    server = createServer(certificate, (request, response) => {
      if (request.url === "/elsewhere") elsewhere += 1;
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  }, 60_000);
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  test("is what the server answers", async () => {
    listener = (_, response) => response.end(GOOD);
    expect(Buffer.from(await fetch())).toEqual(GOOD);
  });

  const faults: readonly (readonly [string, RequestListener, string | RegExp])[] = [
    [
      "a redirect to another path",
      (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
      "redirects elsewhere",
    ],
    [
      "a redirect to the metadata service",
      (_, response) => response.writeHead(307, { location: "http://169.254.169.254/" }).end(GOOD),
      "redirects elsewhere",
    ],
    ["an error with keys in it", (_, response) => response.writeHead(500).end(GOOD), "it answers 500"],
    ["no content", (_, response) => response.writeHead(204).end(), "it answers 204"],
    ["a part", (_, response) => response.writeHead(206).end(GOOD), "it answers 206"],
    [
      "a connection that ends early",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write("{");
        setTimeout(() => response.destroy(), 20);
      },
      /ECONNRESET|ABORTED/,
    ],
  ];
  test.each(faults)("%s is none", async (_, fault, reason) => {
    listener = fault;
    await expect(fetch()).rejects.toThrow(reason);
    expect(elsewhere).toBe(0);
  });

  test("100 MB are not read", async () => {
    let sent = 0;
    listener = (_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20);
      const push = () => {
        while (sent < 100 && !response.destroyed) {
          sent += 1;
          if (!response.write(chunk)) return;
        }
        response.end();
      };
      response.on("drain", push);
      push();
    };
    await expect(fetch()).rejects.toThrow("more than 65536 bytes");
    expect(sent).toBeLessThan(50);
  });

  test("a server that says nothing, or a byte at a time, is given up in time", async () => {
    listener = () => undefined;
    await expect(fetch(200)).rejects.toThrow("no complete answer within 0.2 s");
    listener = (_, response) => {
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    };
    await expect(fetch(200)).rejects.toThrow("no complete answer within 0.2 s");
  });

  test("a certificate of an unknown CA is refused", async () => {
    listener = (_, response) => response.end(GOOD);
    await expect(fetchKeySet(url(), {})).rejects.toThrow(/SELF_SIGNED|UNABLE_TO/);
  });

  test("a port where nobody listens", async () => {
    await expect(fetchKeySet("https://localhost:1/keys", { authorities })).rejects.toThrow("ECONNREFUSED");
  });
});

describe("a source that is looked at again and again", () => {
  const DAY = 24 * 3600;
  let now = 0;
  let answer: Uint8Array | Error;
  const problems: (string | null)[] = [];
  const sourceOf = () =>
    new RefreshedKeys(() => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)), {
      every: 600,
      clock: () => now,
      onProblem: (problem) => problems.push(problem),
    });

  test("has no keys before the first look", () => {
    expect(sourceOf().current()).toBeNull();
  });

  test("keeps the last good set for a day, and then has none", async () => {
    answer = GOOD;
    now = 1000;
    const source = sourceOf();
    expect(await source.refresh()).toBe(true);
    const verifier = new ApprovalVerifier({
      audience: "prod",
      keys: source,
      revoked: { ids: [], keys: [], issuedBefore: null },
    });
    const token = approval(bob);
    await verifier.prepare([token]);
    expect(verifier.status(token).status).toBe("verified");

    problems.length = 0;
    answer = new Error("it is down");
    now += DAY;
    expect(await source.refresh()).toBe(false);
    expect(await source.refresh()).toBe(false);
    expect(verifier.status(token).status).toBe("verified");
    now += 1;
    await source.refresh();
    expect(source.current()).toBeNull();
    await verifier.prepare([token]);
    expect(verifier.status(token).status).toBe("keys-unavailable");
    // Told once, not at every look.
    expect(problems).toEqual(["it is down"]);

    answer = GOOD;
    expect(await source.refresh()).toBe(true);
    // The same set: nothing has to be verified again.
    expect(verifier.status(token).status).toBe("verified");
    expect(problems).toEqual(["it is down", null]);
  });

  test("an answer that is no set changes nothing", async () => {
    answer = GOOD;
    const source = sourceOf();
    await source.refresh();
    const before = source.current();
    answer = Buffer.from("<html>");
    expect(await source.refresh()).toBe(false);
    expect(source.current()).toBe(before);
  });

  test("a key that is taken out doesn't count from the next look on", async () => {
    answer = GOOD;
    const source = sourceOf();
    await source.refresh();
    answer = keySet(carol.publicJwk);
    await source.refresh();
    expect([...(source.current()?.byId.keys() ?? [])]).toEqual([carol.kid]);
    answer = keySet();
    await source.refresh();
    expect(source.current()?.byId.size).toBe(0);
  });

  test("a file that is swapped is seen", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ringfence-keys-"));
    const path = join(folder, "approvers.json");
    writeFileSync(path, GOOD);
    const source = new RefreshedKeys(() => loadKeyFile(path), { every: 0.01 });
    try {
      await source.start();
      expect(source.current()?.byId.size).toBe(2);
      writeFileSync(path, keySet(bob.publicJwk));
      const deadline = Date.now() + 5000;
      while (source.current()?.byId.size !== 1 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(source.current()?.byId.size).toBe(1);
    } finally {
      source.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    ["/nonexistent/approvers.json", "can't be read (ENOENT)"],
    ["/dev/null", "no regular file"],
  ])("%s is no key file", async (path, problem) => {
    await expect(loadKeyFile(path)).rejects.toThrow(problem);
  });
});
