/**
 * @module Programs that tests need and that Go builds: built once per input, kept in the user's cache, shared by every
 * checkout and process.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const PROGRESS_EVERY_MS = 30_000;
const LOCK_POLL_MS = 500;
const KEPT_OUTPUT_LINES = 20;

/** A program can't be had on this machine; the message says why and what to do. */
export class ProgramUnavailable extends Error {
  override readonly name = "ProgramUnavailable";
}

/** Prints one progress line to standard error: standard output stays free for the result of a script. */
export function sayProgress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Gives the folder of a built program, and builds it first where the cache has none.
 * @param name what is built: the folder of the cache under `${XDG_CACHE_HOME:-~/.cache}/ringfence/`
 * @param key a hash of everything that the result depends on
 * @param build writes the result into the folder that it is given; that folder becomes the cached one only when the
 *   whole build has succeeded
 */
export async function ensureCached(
  name: string,
  key: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ringfence", name);
  const folder = join(cache, key);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const unlock = await lock(`${folder}.lock`, name);
  try {
    if (!existsSync(folder)) await buildInto(folder, build);
  } finally {
    await unlock();
  }
  return folder;
}

async function buildInto(folder: string, build: (folder: string) => Promise<void>): Promise<void> {
  const unfinished = await mkdtemp(`${folder}.unfinished-`);
  try {
    await build(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

// The lock is a file that holds the process id of its owner; one whose owner is gone is taken over. Should two processes
// take over at the same moment, both build, and the folder is the one that was ready last: slow, not wrong.
async function lock(file: string, name: string): Promise<() => Promise<void>> {
  let announced = false;
  while (!(await createLockFile(file))) {
    const owner = Number(await readFile(file, "utf8").catch(() => "0"));
    if (!isAlive(owner)) await rm(file, { force: true });
    else if (!announced) {
      sayProgress(`${name}: process ${owner} is building it, waiting`);
      announced = true;
    }
    await pause(LOCK_POLL_MS);
  }
  return () => rm(file, { force: true });
}

// A hard link appears with its content, or not at all: nobody can see a lock without an owner.
async function createLockFile(file: string): Promise<boolean> {
  const content = `${file}.${randomUUID()}`;
  await writeFile(content, String(process.pid));
  try {
    await link(content, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(content, { force: true });
  }
}

function isAlive(processId: number): boolean {
  // 0 would ask about this process' own group.
  if (processId === 0) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/**
 * Says which Go builds here, as `go version` prints it: release and platform.
 * @param folder the folder of the module: its go.mod may ask for a newer Go than the installed one
 * @throws ProgramUnavailable without Go
 */
export async function goVersion(folder: string): Promise<string> {
  const lines: string[] = [];
  await runGo(["version"], folder, {}, (line) => lines.push(line));
  return lines.join("\n");
}

/**
 * Runs `go build` or `go install` and prints how many packages are compiled, every half a minute.
 * @param args the arguments of go, with `-v` among them
 * @throws ProgramUnavailable without Go, or with the last lines of its output when it fails
 */
export async function compileWithGo(
  title: string,
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const started = Date.now();
  let compiled = 0;
  const minutes = () => ((Date.now() - started) / 60_000).toFixed(1);
  sayProgress(`${title}: building with Go`);
  const timer = setInterval(
    () => sayProgress(`${title}: ${compiled} packages compiled after ${minutes()} minutes`),
    PROGRESS_EVERY_MS,
  );
  try {
    await runGo(args, folder, environment, () => {
      compiled += 1;
    });
  } finally {
    clearInterval(timer);
  }
  sayProgress(`${title}: built in ${minutes()} minutes`);
}

async function runGo(
  args: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn("go", args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      onLine(line);
      last.push(line);
      if (last.length > KEPT_OUTPUT_LINES) last.shift();
    });
  }
  const [code] = await once(child, "close").catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new ProgramUnavailable("Go is not installed: install Go 1.26 or newer, and put it on PATH");
  });
  if (code !== 0) {
    throw new ProgramUnavailable(`"go ${args[0]}" failed in ${folder}; it last said:\n${last.join("\n")}`);
  }
}

// Not by instanceof: in a Jest test Node's own errors are of another realm's Error.
function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
