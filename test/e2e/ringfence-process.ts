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
}

/** Starts it and waits until it listens. */
export async function startRingfence(args: readonly string[]): Promise<RingfenceProcess> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, "serve", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
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
      return Number(/listening on https:\/\/127\.0\.0\.1:(\d+)/.exec(written)?.[1] ?? 0);
    },
    (found) => found > 0,
    START_LIMIT_MS,
  );
  return {
    port,
    output: () => written,
    async stop() {
      child.kill("SIGTERM");
      await end;
      return child.exitCode;
    },
  };
}

/** Registers the webhook as the documentation says: webhook-config, piped to kubectl apply. */
export async function registerWebhook(
  controlPlane: ControlPlane,
  port: number,
  authority: string,
  args: readonly string[] = [],
): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    PROGRAM,
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
