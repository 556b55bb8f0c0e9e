/**
 * @module A question on the terminal that only "yes" answers with yes.
 */
import { createInterface } from "node:readline/promises";
import type { Io } from "./command.ts";

/** Whether there is somebody to ask: a terminal on both ends. */
export function canAsk({ stdout }: Io): boolean {
  return process.stdin.isTTY && stdout.isTTY;
}

/** Asks. The end of the input is a no. */
export async function confirm(question: string, io: Io): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: io.stdout });
  try {
    const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
    const answer = await Promise.race([terminal.question(question), closed]);
    return answer.trim().toLowerCase() === "yes";
  } finally {
    terminal.close();
  }
}
