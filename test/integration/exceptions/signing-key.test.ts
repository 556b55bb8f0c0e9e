/**
 * @module Private keys in files: which are taken, which are refused, and that none of them is ever told.
 */
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { makeKeyPair, readSigningKey } from "../../../src/exceptions/signing-key.ts";

const folder = mkdtempSync(join(tmpdir(), "ringfence-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "key");

function write(text: string, mode = 0o600): string {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

const pem = (type: "ec" | "ed25519" | "rsa", curve = "P-256") => {
  const options = {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  };
  if (type === "ec")
    return generateKeyPairSync("ec", { namedCurve: curve, ...options } as never).privateKey as unknown as string;
  if (type === "rsa")
    return generateKeyPairSync("rsa", { modulusLength: 2048, ...options } as never).privateKey as unknown as string;
  return generateKeyPairSync("ed25519", options as never).privateKey as unknown as string;
};

describe("private keys", () => {
  test.each(["ES256", "EdDSA"] as const)("a JWK for %s has its own id", (algorithm) => {
    const { kid, privateJwk } = makeKeyPair(algorithm, "bob");
    expect(kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(readSigningKey(write(JSON.stringify(privateJwk)))).toMatchObject({ kid, algorithm });
    const { kid: _, ...nameless } = privateJwk;
    expect(readSigningKey(write(JSON.stringify(nameless)))).toMatchObject({ kid, algorithm });
  });

  test("a PEM has its thumbprint, or the id that is given", () => {
    const text = pem("ec");
    expect(readSigningKey(write(text)).kid).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(readSigningKey(write(text), "bob-2026").kid).toBe("bob-2026");
    expect(readSigningKey(write(pem("ed25519"))).algorithm).toBe("EdDSA");
    expect(() => readSigningKey(write(text), "../x")).toThrow("is no id of a key");
  });

  test.each([0o640, 0o604, 0o644, 0o660, 0o610])("with the permissions %s is refused", (mode) => {
    expect(() => readSigningKey(write(pem("ec"), mode))).toThrow("can be used by others on this machine: chmod 600 it");
  });

  const secret = makeKeyPair("ES256", "bob").privateJwk;
  test.each([
    ["RSA", pem("rsa"), "another algorithm"],
    ["P-384", pem("ec", "P-384"), "another algorithm"],
    ["half a PEM", pem("ec").slice(0, 100), "no usable private key"],
    [
      "an encrypted PEM",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
      "no usable private key",
    ],
    ["a public JWK", JSON.stringify({ ...secret, d: undefined }), "no usable private key"],
    ["a JWK with d twice", JSON.stringify(secret).replace("{", '{"d":"AAAA",'), "no usable private key"],
    ["a symmetric JWK", '{"kty":"oct","k":"c2VjcmV0"}', "no usable private key"],
    ["nothing", "", "no usable private key"],
    ["16 kB", "x".repeat(16 * 1024 + 1), "is no key file"],
  ])("%s is refused without a word of it", (_, text, problem) => {
    let message = "";
    try {
      readSigningKey(write(text));
    } catch (cause) {
      message = (cause as Error).message;
    }
    expect(message).toContain(problem);
    expect(message).not.toContain(secret["d"]);
    expect(message).not.toContain("c2VjcmV0");
  });

  test("a file that isn't there, and a folder", () => {
    expect(() => readSigningKey(join(folder, "nowhere"))).toThrow("(ENOENT)");
    expect(() => readSigningKey(folder)).toThrow("is no key file");
  });
});
