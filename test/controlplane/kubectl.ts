/**
 * @module kubectl as a user has it: real program, own kubeconfig, nothing of the developer's own settings.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const LIMIT_MS = 60_000;

/** What a command line said, and its exit code; null when it was ended because it took too long. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs kubectl.
 * @param home where it keeps its caches
 * @param input its standard input
 */
export async function runKubectl(
  program: string,
  args: readonly string[],
  options: {
    readonly kubeconfig: string;
    readonly home: string;
    readonly input?: string | undefined;
    readonly env?: Readonly<Record<string, string>> | undefined;
  },
): Promise<CommandResult> {
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], HOME: options.home, KUBECONFIG: options.kubeconfig, ...options.env },
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  // A command that doesn't read its input may be gone before the input is: that is not the test's concern.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, stdout, stderr };
}
