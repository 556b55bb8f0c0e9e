/**
 * @module Namespace labels for worker threads: the watch runs on the main thread, the workers ask it.
 */
import { BroadcastChannel } from "node:worker_threads";
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";

const NAME = "ringfence-namespaces";
const ANSWER_MS = 2_000;

type Message =
  | { readonly ask: string; readonly id: string }
  | { readonly id: string; readonly labels: Labels | undefined }
  | { readonly id: string; readonly failure: string };

/** Answers the workers' questions for as long as the process runs. */
export function answerNamespaceQuestions(namespaces: NamespaceLabels): void {
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    if (!("ask" in message)) return;
    const { ask, id } = message;
    const cached = namespaces.cached(ask);
    if (cached !== undefined) return channel.postMessage({ id, labels: cached } satisfies Message);
    namespaces.lookup(ask).then(
      (labels) => channel.postMessage({ id, labels } satisfies Message),
      (error: unknown) => channel.postMessage({ id, failure: (error as Error).message } satisfies Message),
    );
  };
}

/** The worker's side. Nothing is cached here: each question takes a fraction of a millisecond. */
export function askForNamespaces(): NamespaceLabels {
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  const waiting = new Map<string, { resolve: (labels: Labels | undefined) => void; reject: (error: Error) => void }>();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    if ("ask" in message) return;
    const question = waiting.get(message.id);
    if (question === undefined) return;
    waiting.delete(message.id);
    if ("failure" in message) question.reject(new Error(message.failure));
    else question.resolve(message.labels);
  };
  return {
    cached: () => undefined,
    lookup: (namespace) =>
      new Promise((resolve, reject) => {
        const id = crypto.randomUUID();
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("the main thread did not answer in time"));
        }, ANSWER_MS);
        const settle =
          <Value>(finish: (value: Value) => void) =>
          (value: Value) => {
            clearTimeout(timer);
            finish(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        channel.postMessage({ ask: namespace, id } satisfies Message);
      }),
  };
}
