/**
 * @module Namespaces for worker threads: the watch runs on the main thread, the workers ask it.
 */
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";
import { questionChannel } from "./main-thread-questions.ts";

const LABELS = questionChannel<string, Labels | undefined>("ringfence-namespace-labels");
const TERMINATING = questionChannel<string, boolean>("ringfence-namespace-terminating");
const ANSWER_MS = 2_000;

/** Answers the workers' questions for as long as the process runs. */
export function answerNamespaceQuestions(namespaces: NamespaceLabels): void {
  LABELS.answer((namespace) => namespaces.cached(namespace) ?? namespaces.lookup(namespace));
  TERMINATING.answer((namespace) => namespaces.isTerminating(namespace));
}

/** The worker's side. Nothing is cached here: each question takes a fraction of a millisecond. */
export function askForNamespaces(): NamespaceLabels {
  return {
    cached: () => undefined,
    lookup: LABELS.asker(ANSWER_MS),
    isTerminating: TERMINATING.asker(ANSWER_MS),
  };
}
