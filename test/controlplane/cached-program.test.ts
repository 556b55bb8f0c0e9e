/**
 * @module Building into the cache: once, whole or not at all, whoever asks at the same time.
 */
import { afterAll, afterEach, beforeEach, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCached, goVersion, ProgramUnavailable } from "./cached-program.ts";

const before = { cache: process.env["XDG_CACHE_HOME"], path: process.env["PATH"] };
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "ringfence-cache-test-"));
  process.env["XDG_CACHE_HOME"] = cache;
});
afterEach(() => {
  process.env["PATH"] = before.path;
  rmSync(cache, { recursive: true });
});
afterAll(() => {
  if (before.cache === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = before.cache;
});

const folderOf = (name: string) => join(cache, "ringfence", name);

test("builds once for callers at the same time, and for those afterwards", async () => {
  let builds = 0;
  const ensure = () =>
    ensureCached("tool", "key", async (folder) => {
      builds += 1;
      await writeFile(join(folder, "tool"), "");
    });
  const folders = await Promise.all([ensure(), ensure(), ensure()]);
  expect(new Set([...folders, await ensure()])).toEqual(new Set([join(folderOf("tool"), "key")]));
  expect(builds).toBe(1);
  expect(readdirSync(folderOf("tool"))).toEqual(["key"]);
});

test("another key is another build", async () => {
  await ensureCached("tool", "one", async () => {});
  await ensureCached("tool", "two", async () => {});
  expect(readdirSync(folderOf("tool")).toSorted()).toEqual(["one", "two"]);
});

test("a build that fails leaves nothing, and the next one starts afresh", async () => {
  const failing = ensureCached("tool", "key", async (folder) => {
    await writeFile(join(folder, "half"), "");
    throw new ProgramUnavailable("no compiler");
  });
  await expect(failing).rejects.toThrow("no compiler");
  expect(readdirSync(folderOf("tool"))).toEqual([]);
  const folder = await ensureCached("tool", "key", async () => {});
  expect(readdirSync(folder)).toEqual([]);
});

test("takes over the lock of a process that is gone", async () => {
  await ensureCached("tool", "other", async () => {});
  const gone = spawnSync("true").pid;
  writeFileSync(join(folderOf("tool"), "key.lock"), String(gone));
  await ensureCached("tool", "key", async () => {});
  expect(readdirSync(folderOf("tool")).toSorted()).toEqual(["key", "other"]);
});

test("says what to do where there is no Go", async () => {
  process.env["PATH"] = cache;
  await expect(goVersion(cache)).rejects.toThrow(
    new ProgramUnavailable("Go is not installed: install Go 1.26 or newer, and put it on PATH"),
  );
});
