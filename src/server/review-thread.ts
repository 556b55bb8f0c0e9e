/**
 * @module One worker thread: starts, says when it is ready, runs one review at a time, and is stopped when it is silent.
 */
import { Worker } from "node:worker_threads";
import type { ReviewDecision } from "./review-handler.ts";
import type { WorkerReply, WorkerRequest, WorkerReview } from "./worker-messages.ts";

export interface ThreadOptions {
  /** The worker's entry; it calls `answerReviews`. */
  readonly module: URL;
  readonly data: unknown;
  /** Most that the JavaScript heap of the worker may hold; beyond it the worker dies and nothing else. */
  readonly heapMegabytes: number;
  /** Time from creation to the first answer, and from a ping to its answer. */
  readonly startMs: number;
  readonly pingMs: number;
}

export interface ThreadEvents {
  /** It answers now; told once. */
  ready(thread: ReviewThread): void;
  /** It has ended and never comes back; told once. */
  gone(thread: ReviewThread, reason: ThreadEnd, detail: string): void;
}

export type ThreadEnd = "stopped" | "crashed" | "silent";

export type ThreadReply =
  | { readonly kind: "answered"; readonly response: string; readonly decision: ReviewDecision | undefined }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "failure"; readonly detail: string }
  | { readonly kind: "lost" };

export class ReviewThread {
  readonly #options: ThreadOptions;
  readonly #events: ThreadEvents;
  readonly #worker: Worker;
  readonly #pulse: NodeJS.Timeout;
  #lastId = 0;
  #unansweredSince: number | undefined;
  #reply: ((reply: ThreadReply) => void) | undefined;
  #state: "starting" | "ready" | "gone" = "starting";

  constructor(options: ThreadOptions, events: ThreadEvents) {
    this.#options = options;
    this.#events = events;
    this.#worker = new Worker(options.module, {
      workerData: options.data,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMegabytes },
    });
    this.#worker.on("message", (reply: WorkerReply) => this.#receive(reply));
    this.#worker.on("error", (error: unknown) => this.#end("crashed", String(error)));
    this.#worker.on("exit", (code) => this.#end("crashed", `exit code ${code}`));
    // Messages wait in the worker until its module listens: the answer to the first ping says that it is ready.
    this.#ping();
    this.#pulse = setInterval(() => this.#checkPulse(), options.pingMs / 2);
    this.#pulse.unref();
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  get idle(): boolean {
    return this.ready && this.#reply === undefined;
  }

  /** Runs one review; call it only while the thread is idle. */
  run(review: WorkerReview): Promise<ThreadReply> {
    return new Promise((resolve) => {
      this.#reply = resolve;
      this.#send({ id: this.#nextId(), ...review }, [review.body]);
    });
  }

  /** Ends the thread at once, also out of an endless loop. */
  stop(): void {
    this.#end("stopped", "");
  }

  #receive(message: WorkerReply): void {
    if (this.#state === "gone") return;
    if ("pong" in message) {
      this.#unansweredSince = undefined;
      if (this.#state === "starting") {
        this.#state = "ready";
        this.#events.ready(this);
      }
      return;
    }
    const reply = this.#reply;
    this.#reply = undefined;
    if ("response" in message) {
      reply?.({ kind: "answered", response: message.response, decision: message.decision });
    } else if ("unreadable" in message) reply?.({ kind: "unreadable", message: message.unreadable });
    else reply?.({ kind: "failure", detail: message.failure });
  }

  #ping(): void {
    this.#unansweredSince = performance.now();
    this.#send({ id: this.#nextId(), ping: true }, []);
  }

  #send(request: WorkerRequest, handedOver: ArrayBuffer[]): void {
    this.#worker.postMessage(request, handedOver);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  // While a review runs, its deadline watches over the thread.
  #checkPulse(): void {
    if (this.#reply !== undefined) return;
    if (this.#unansweredSince === undefined) return this.#ping();
    const limit = this.#state === "starting" ? this.#options.startMs : this.#options.pingMs;
    const silent = performance.now() - this.#unansweredSince;
    if (silent > limit) this.#end("silent", `no answer for ${Math.round(silent)} ms`);
  }

  #end(reason: ThreadEnd, detail: string): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    clearInterval(this.#pulse);
    // Failing to stop a thread that has ended is no failure.
    void this.#worker.terminate().catch(() => undefined);
    this.#reply?.({ kind: "lost" });
    this.#reply = undefined;
    this.#events.gone(this, reason, detail);
  }
}
