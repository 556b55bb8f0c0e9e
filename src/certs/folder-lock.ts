/**
 * @module A lock on a folder between processes: a file that only one of them can create.
 */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const NAME = ".lock";
// Nobody holds it longer than it takes to write a few small files; an older one was left by a process that died.
const STALE_MS = 10_000;
const RETRY_MS = 25;

/** Runs `work` while no other process (or call) runs its own under the same folder's lock. */
export async function withFolderLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const path = join(folder, NAME);
  while (!(await tryLock(path))) {
    await removeIfStale(path);
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(path: string): Promise<void> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs < STALE_MS) return;
    // Of several that find it stale, only one succeeds in renaming it.
    const aside = `${path}.${randomUUID()}`;
    await rename(path, aside);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
