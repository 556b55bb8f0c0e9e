/**
 * @module `ringfence serve` as a process of its own, the way that it runs in a cluster, registered with its own
 * `webhook-config`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "src/cli/ringfence.ts");
const START_LIMIT_MS = 60_000;

export interface RingfenceProcess {
  readonly port: number;
  /** Everything it has written so far. */
  output(): string;
  /** Sends SIGTERM and waits for the end. @returns the exit code */
  stop(): Promise<number | null>;
  /** As the kernel does it when memory is short. */
  kill(): Promise<number | null>;
  /** As a machine does that stands still for a while: SIGSTOP, and SIGCONT. */
  pause(): void;
  resume(): void;
}

/** Runs a command that ends by itself. @returns what it printed */
export async function runRingfence(args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [PROGRAM, ...args])).stdout;
}

/** Starts the webhook and waits until it listens. */
export function startRingfence(args: readonly string[]): Promise<RingfenceProcess> {
  return startProgram(["serve", ...args], /listening on https:\/\/127\.0\.0\.1:(\d+)/);
}

/** Starts the controller and waits until it answers probes; its port is the one for those. */
export function startController(args: readonly string[]): Promise<RingfenceProcess> {
  return startProgram(["controller", "--operations-port", "0", ...args], /health and metrics on port (\d+)/);
}

async function startProgram(args: readonly string[], listening: RegExp): Promise<RingfenceProcess> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      written += text;
    });
  }
  const end = once(child, "exit");
  const port = await eventually(
    "ringfence to listen",
    async () => {
      if (child.exitCode !== null) throw new Error(`ringfence ended:\n${written}`);
      return Number(listening.exec(written)?.[1] ?? 0);
    },
    (found) => found > 0,
    START_LIMIT_MS,
  );
  const endBy = (signal: NodeJS.Signals) => async () => {
    child.kill(signal);
    await end;
    return child.exitCode;
  };
  return {
    port,
    output: () => written,
    stop: endBy("SIGTERM"),
    kill: endBy("SIGKILL"),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}

/** Registers the webhook as the documentation says: webhook-config, piped to kubectl apply. */
export async function registerWebhook(
  controlPlane: ControlPlane,
  port: number,
  authority: string,
  args: readonly string[] = [],
): Promise<void> {
  const stdout = await runRingfence([
    "webhook-config",
    "--url",
    `https://127.0.0.1:${port}`,
    "--ca-file",
    authority,
    ...args,
  ]);
  const applied = await controlPlane.kubectl(["apply", "--server-side", "-f", "-"], { input: stdout });
  if (applied.code !== 0) throw new Error(applied.stderr);
}
