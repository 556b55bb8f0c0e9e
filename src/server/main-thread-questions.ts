/**
 * @module Questions of worker threads to the main thread, which has the connection to the cluster.
 */
import { BroadcastChannel } from "node:worker_threads";

type Message =
  | { readonly ask: unknown; readonly id: string }
  | { readonly id: string; readonly answer: unknown }
  | { readonly id: string; readonly failure: string };

/** One kind of question, with its two sides. */
export interface QuestionChannel<Question, Answer> {
  /** The main thread's side: answers for as long as the process runs. What it throws is the worker's Error. */
  answer(answer: (question: Question) => Answer | Promise<Answer>): void;
  /**
   * A worker's side.
   * @param limitMs after which a question without an answer fails
   */
  asker(limitMs: number): (question: Question) => Promise<Answer>;
}

/**
 * Makes a channel; the same on both sides.
 * @param name differs from that of every other channel
 */
export function questionChannel<Question, Answer>(name: string): QuestionChannel<Question, Answer> {
  return {
    answer: (answer) => {
      const channel = open(name, async (message) => {
        if (!("ask" in message)) return;
        const { ask, id } = message;
        try {
          channel.postMessage({ id, answer: await answer(ask as Question) } satisfies Message);
        } catch (error) {
          channel.postMessage({ id, failure: (error as Error).message } satisfies Message);
        }
      });
    },
    asker: (limitMs) => {
      const waiting = new Map<string, PromiseWithResolvers<Answer>>();
      const channel = open(name, (message) => {
        if ("ask" in message) return;
        const question = waiting.get(message.id);
        if ("failure" in message) question?.reject(new Error(message.failure));
        else question?.resolve(message.answer as Answer);
      });
      return async (question) => {
        const id = crypto.randomUUID();
        const pending = Promise.withResolvers<Answer>();
        const timer = setTimeout(() => pending.reject(new Error("the main thread did not answer in time")), limitMs);
        waiting.set(id, pending);
        channel.postMessage({ ask: question, id } satisfies Message);
        try {
          return await pending.promise;
        } finally {
          clearTimeout(timer);
          waiting.delete(id);
        }
      };
    },
  };
}

function open(name: string, receive: (message: Message) => void | Promise<void>): BroadcastChannel {
  const channel = new BroadcastChannel(name);
  channel.unref();
  channel.onmessage = (event) => void receive((event as { data: Message }).data);
  return channel;
}
