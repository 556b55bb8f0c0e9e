/**
 * @module Runs the real program as a child process, as a shell would.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");
export const FIXTURES = join(ROOT, "test/fixtures/gate");
const SOURCES = join(ROOT, "src/cli/ringfence.ts");
/** Longer than any call takes, on a machine that does ten other things. */
const TIMEOUT_MS = 60_000;

export interface CliCall {
  readonly args: readonly string[];
  /** Working folder; the fixtures of the gate if absent. */
  readonly folder?: string;
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  /** The file to run; the sources of the program if absent. */
  readonly program?: string;
  /** Give up the rights of root, which can read everything. */
  readonly asNobody?: boolean;
}

export interface CliAnswer {
  /** The exit code; -1 where a signal ended the program. */
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

// The user that owns nothing, on every Linux.
const NOBODY = 65_534;

/** Runs one call to its end. */
export function runCli(call: CliCall): Promise<CliAnswer> {
  const { args, folder = FIXTURES, stdin = "", environment = {}, program = SOURCES } = call;
  const isRoot = process.getuid?.() === 0;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    // Nothing of the caller's: a RINGFENCE_ variable or NO_COLOR of a developer must not decide a test.
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_COMPILE_CACHE: join(ROOT, ".cache/compile"),
      ...environment,
    },
    timeout: TIMEOUT_MS,
    ...(call.asNobody === true && isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  return new Promise((resolve, reject) => {
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      child[name].on("data", (text: string) => {
        output[name] += text;
      });
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit: code ?? -1, ...output }));
    // A program that refuses the call doesn't read what is piped to it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin);
  });
}
