/**
 * @module Namespace labels for worker threads: the watch runs on the main thread, the workers ask it.
 */
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";
import { questionChannel } from "./main-thread-questions.ts";

const CHANNEL = questionChannel<string, Labels | undefined>("ringfence-namespaces");
const ANSWER_MS = 2_000;

/** Answers the workers' questions for as long as the process runs. */
export function answerNamespaceQuestions(namespaces: NamespaceLabels): void {
  CHANNEL.answer((namespace) => namespaces.cached(namespace) ?? namespaces.lookup(namespace));
}

/** The worker's side. Nothing is cached here: each question takes a fraction of a millisecond. */
export function askForNamespaces(): NamespaceLabels {
  return { cached: () => undefined, lookup: CHANNEL.asker(ANSWER_MS) };
}
