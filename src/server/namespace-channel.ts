/**
 * @module Namespaces for worker threads: the watch runs on the main thread, the workers ask it.
 */
import { BroadcastChannel } from "node:worker_threads";
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";

const NAME = "ringfence-namespaces";
const ANSWER_MS = 2_000;

/** What can be asked, and what the answers are. */
interface Answers {
  readonly labels: Labels | undefined;
  readonly terminating: boolean;
}

type Message =
  | { readonly ask: keyof Answers; readonly namespace: string; readonly id: string }
  | { readonly id: string; readonly answer: Answers[keyof Answers] }
  | { readonly id: string; readonly failure: string };

/** Answers the workers' questions for as long as the process runs. */
export function answerNamespaceQuestions(namespaces: NamespaceLabels): void {
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    if (!("ask" in message)) return;
    const { ask, namespace, id } = message;
    const cached = ask === "labels" ? namespaces.cached(namespace) : undefined;
    if (cached !== undefined) return channel.postMessage({ id, answer: cached } satisfies Message);
    const answer = ask === "labels" ? namespaces.lookup(namespace) : namespaces.isTerminating(namespace);
    answer.then(
      (found) => channel.postMessage({ id, answer: found } satisfies Message),
      (error: unknown) => channel.postMessage({ id, failure: (error as Error).message } satisfies Message),
    );
  };
}

interface Waiting {
  readonly resolve: (answer: Answers[keyof Answers]) => void;
  readonly reject: (error: Error) => void;
}

/** The worker's side. Nothing is cached here: each question takes a fraction of a millisecond. */
export function askForNamespaces(): NamespaceLabels {
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  const waiting = new Map<string, Waiting>();
  channel.onmessage = (event) => {
    const message = (event as { data: Message }).data;
    if ("ask" in message) return;
    const question = waiting.get(message.id);
    if (question === undefined) return;
    waiting.delete(message.id);
    if ("failure" in message) question.reject(new Error(message.failure));
    else question.resolve(message.answer);
  };
  const ask = (question: keyof Answers, namespace: string) =>
    new Promise<Answers[keyof Answers]>((resolve, reject) => {
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
      channel.postMessage({ ask: question, namespace, id } satisfies Message);
    });
  return {
    cached: () => undefined,
    lookup: (namespace) => ask("labels", namespace) as Promise<Labels | undefined>,
    // Whatever isn't a clear yes keeps the object.
    isTerminating: async (namespace) => (await ask("terminating", namespace)) === true,
  };
}
