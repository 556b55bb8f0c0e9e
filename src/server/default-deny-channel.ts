/**
 * @module The gate of default deny for worker threads: it stands on the main thread, the workers ask it.
 */
import type { DefaultDenyGate } from "../admission/default-deny-gate.ts";
import { questionChannel } from "./main-thread-questions.ts";

interface Question {
  readonly namespace: string;
  readonly dryRun: boolean;
}

const CHANNEL = questionChannel<Question, string | undefined>("ringfence-default-deny");
// A little longer than the gate itself takes at most, so that its own reason comes first.
const ANSWER_MS = 4_000;

/** Answers the workers' questions for as long as the process runs. */
export function answerDefaultDenyQuestions(gate: DefaultDenyGate): void {
  CHANNEL.answer(({ namespace, dryRun }) => (gate.covers(namespace) ? undefined : gate.ensure(namespace, dryRun)));
}

/** The worker's side. Nothing is cached here: each question takes a fraction of a millisecond. */
export function askForDefaultDeny(): DefaultDenyGate {
  const ask = CHANNEL.asker(ANSWER_MS);
  return { covers: () => false, ensure: (namespace, dryRun) => ask({ namespace, dryRun }) };
}
