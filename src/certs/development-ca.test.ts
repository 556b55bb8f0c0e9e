import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { CertificateFolderError, ensureDevelopmentCertificates } from "./development-ca.ts";
import { inspectCertificates } from "./inspect-certificates.ts";
import { createAuthority, issueCertificate } from "./issue-certificate.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

const DAY_MS = 24 * 60 * 60 * 1000;
let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "ringfence-certs-")), "certs");
});

afterEach(async () => {
  await rm(join(folder, ".."), { recursive: true, force: true });
});

async function contents(): Promise<Map<string, string>> {
  const names = (await readdir(folder)).toSorted();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
}

async function problems(now?: Date): Promise<string[]> {
  return (await inspectCertificates(folder, now)).flatMap((one) => one.problems.map((text) => `${one.file}: ${text}`));
}

async function half(name: string): Promise<void> {
  const text = await readFile(join(folder, name), "utf8");
  await writeFile(join(folder, name), text.slice(0, text.length / 2));
}

test("an empty folder gets four files that belong together, keys for the owner only", async () => {
  expect((await ensureDevelopmentCertificates(folder)).renewed).toBe("everything");
  expect(await readdir(folder)).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
  expect(await problems()).toEqual([]);
  for (const name of ["ca.key", "tls.key"]) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
});

test("usable certificates are reused", async () => {
  await ensureDevelopmentCertificates(folder, { hosts: ["dev.example.com"] });
  const before = await contents();
  expect((await ensureDevelopmentCertificates(folder, { hosts: ["dev.example.com"] })).renewed).toBe("nothing");
  expect((await ensureDevelopmentCertificates(folder)).renewed).toBe("nothing");
  expect(await contents()).toEqual(before);
});

describe("what can't be used is renewed, and nothing else", () => {
  test.each<[what: string, damage: () => Promise<unknown>, renewed: string]>([
    ["tls.crt is missing", () => rm(join(folder, "tls.crt")), "certificate"],
    ["tls.key is missing", () => rm(join(folder, "tls.key")), "certificate"],
    ["tls.crt is half written", () => half("tls.crt"), "certificate"],
    ["tls.key is half written", () => half("tls.key"), "certificate"],
    ["tls.crt is empty", () => writeFile(join(folder, "tls.crt"), ""), "certificate"],
    [
      "tls.key belongs to another certificate",
      () => copyFile(join(folder, "ca.key"), join(folder, "tls.key")),
      "certificate",
    ],
    ["ca.crt is missing", () => rm(join(folder, "ca.crt")), "everything"],
    ["ca.key is half written", () => half("ca.key"), "everything"],
    [
      "ca.key belongs to another certificate",
      () => copyFile(join(folder, "tls.key"), join(folder, "ca.key")),
      "everything",
    ],
  ])("%s", async (_what, damage, renewed) => {
    await ensureDevelopmentCertificates(folder);
    const authority = await readFile(join(folder, "ca.crt"), "utf8");
    await damage();
    expect((await ensureDevelopmentCertificates(folder)).renewed).toBe(renewed);
    expect(await problems()).toEqual([]);
    expect((await readFile(join(folder, "ca.crt"), "utf8")) === authority).toBe(renewed === "certificate");
  });

  test("a host that the certificate isn't for", async () => {
    await ensureDevelopmentCertificates(folder);
    expect((await ensureDevelopmentCertificates(folder, { hosts: ["dev.example.com"] })).renewed).toBe("certificate");
    expect((await inspectCertificates(folder))[1]?.facts?.hosts).toContain("dev.example.com");
  });

  test.each<[days: number, renewed: string]>([
    [19, "nothing"],
    [21, "certificate"],
    [31, "certificate"],
    [333, "certificate"],
    [335, "everything"],
    [400, "everything"],
  ])("after %d days: %s", async (days, renewed) => {
    await ensureDevelopmentCertificates(folder);
    const later = new Date(Date.now() + days * DAY_MS);
    expect((await ensureDevelopmentCertificates(folder, { now: later })).renewed).toBe(renewed);
    expect(await problems(later)).toEqual([]);
  });

  test("a certificate of another development CA", async () => {
    await ensureDevelopmentCertificates(folder);
    const other = join(folder, "..", "other");
    await ensureDevelopmentCertificates(other);
    await copyFile(join(other, "ca.crt"), join(folder, "ca.crt"));
    await copyFile(join(other, "ca.key"), join(folder, "ca.key"));
    expect(await problems()).toEqual(["tls.crt: the certificate wasn't issued by ca.crt"]);
    expect((await ensureDevelopmentCertificates(folder)).renewed).toBe("certificate");
    expect(await problems()).toEqual([]);
  });
});

test("certificates of the user are never overwritten, not even expired ones", async () => {
  const authority = await createAuthority({
    commonName: "the user's CA",
    days: 1,
    now: new Date(Date.now() - 9 * DAY_MS),
  });
  const own = await issueCertificate(authority, { commonName: "own", usage: "server" });
  await mkdir(folder);
  await writeFile(join(folder, "tls.crt"), own.certificate);
  await writeFile(join(folder, "tls.key"), own.key);
  const before = await contents();
  await expect(ensureDevelopmentCertificates(folder)).rejects.toThrow(CertificateFolderError);
  await expect(ensureDevelopmentCertificates(folder)).rejects.toThrow(/didn't make.*name another folder/);
  expect(await contents()).toEqual(before);
});

test("a path that is no folder is named in the error", async () => {
  const path = join(folder, "..", "file");
  await writeFile(path, "");
  await expect(ensureDevelopmentCertificates(path)).rejects.toThrow(`the certificate folder ${path} can't be used`);
});

test("processes that start together end with one usable set", async () => {
  const program = `
    import { ensureDevelopmentCertificates } from ${JSON.stringify(join(import.meta.dirname, "development-ca.ts"))};
    console.log((await ensureDevelopmentCertificates(${JSON.stringify(folder)})).renewed);`;
  const outputs = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      child.stdout.setEncoding("utf8");
      let output = "";
      child.stdout.on("data", (text: string) => (output += text));
      await once(child, "close");
      return output.trim();
    }),
  );
  expect(outputs.toSorted()).toEqual(["everything", "nothing", "nothing"]);
  expect(await problems()).toEqual([]);
  expect(await readdir(folder)).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
});

test("a lock that a dead process has left is taken over", async () => {
  await mkdir(folder);
  const lock = join(folder, ".lock");
  await writeFile(lock, "");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  expect((await ensureDevelopmentCertificates(folder)).renewed).toBe("everything");
  expect(await readdir(folder)).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
});

test("inspecting an empty folder says what is missing", async () => {
  expect(await problems()).toEqual(["ca.crt: the file doesn't exist", "tls.crt: the file doesn't exist"]);
});
