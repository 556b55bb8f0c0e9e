/**
 * @module The lane for big bodies: one review at a time in a worker thread, a bounded queue before it, and a spare
 * thread kept warm. A review that passes its deadline ends with its thread, which the main thread couldn't do to itself.
 */
import type { HealthCheck } from "./health.ts";
import type { Logger } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { DecisionListener } from "./review-handler.ts";
import { ReviewThread, type ThreadEnd, type ThreadOptions, type ThreadReply } from "./review-thread.ts";
import type { WorkerReview } from "./worker-messages.ts";

export interface WorkerLaneOptions {
  /** The worker's entry, which calls `answerReviews`, and its `workerData`. */
  readonly workerModule: URL;
  readonly workerData?: unknown;
  /** Reviews that may wait; one more is answered `overloaded`. */
  readonly queuedReviews: number;
  readonly heapMegabytes?: number;
  readonly startMs?: number;
  readonly pingMs?: number;
  readonly onDecision: DecisionListener;
  readonly metrics: Pick<ServerMetrics, "workerReplaced">;
  readonly log: Logger;
}

export type LaneOutcome =
  | { readonly kind: "answered"; readonly response: string }
  | { readonly kind: "unreadable"; readonly message: string }
  | { readonly kind: "overloaded" }
  | { readonly kind: "failed"; readonly reason: "timeout" | "handler-error" | "worker-lost" };

interface Job {
  readonly review: WorkerReview;
  readonly timer: NodeJS.Timeout;
  readonly finish: (outcome: LaneOutcome) => void;
}

const THREADS = 2;
// A review that waited so long that less is left would only cost the worker its life.
const SHORTEST_RUN_MS = 20;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const LONGEST_OUTAGE_MS = 30_000;

export class WorkerLane {
  readonly #options: WorkerLaneOptions;
  readonly #threadOptions: ThreadOptions;
  readonly #threads = new Set<ReviewThread>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  readonly #queue: Job[] = [];
  #running: { readonly job: Job; readonly thread: ReviewThread } | undefined;
  #failedStarts = 0;
  #outageSince: number | undefined = performance.now();
  #closed = false;

  constructor(options: WorkerLaneOptions) {
    this.#options = options;
    this.#threadOptions = {
      module: options.workerModule,
      data: options.workerData,
      heapMegabytes: options.heapMegabytes ?? 256,
      startMs: options.startMs ?? 30_000,
      pingMs: options.pingMs ?? 10_000,
    };
    this.#startThread();
  }

  /**
   * Judges one review in the worker. Never rejects.
   * @param signal aborted when nobody waits for the answer any more: a queued review is dropped, a running one goes on
   */
  review(review: WorkerReview, signal: AbortSignal): Promise<LaneOutcome> {
    if (this.#closed) return Promise.resolve({ kind: "failed", reason: "worker-lost" });
    if (this.#queue.length >= this.#options.queuedReviews) return Promise.resolve({ kind: "overloaded" });
    return new Promise((resolve) => {
      const job: Job = {
        review,
        timer: setTimeout(() => this.#timeOut(job), review.deadline - Date.now()),
        finish: resolve,
      };
      signal.addEventListener("abort", () => this.#drop(job, { kind: "failed", reason: "timeout" }));
      this.#queue.push(job);
      this.#runNext();
    });
  }

  /** For /readyz: big bodies can be judged now. */
  readonly readiness: HealthCheck = () => (this.#outageSince === undefined ? undefined : "no review worker is ready");

  /** For /livez: workers keep failing, and a new process might help. */
  readonly liveness: HealthCheck = () =>
    this.#outageSince !== undefined && performance.now() - this.#outageSince > LONGEST_OUTAGE_MS
      ? `no review worker has been ready for ${LONGEST_OUTAGE_MS / 1000} s`
      : undefined;

  /** Ends all threads; reviews in hand fail. */
  close(): void {
    this.#closed = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    for (const job of this.#queue.splice(0)) this.#finish(job, { kind: "failed", reason: "worker-lost" });
    for (const thread of this.#threads) thread.stop();
  }

  #runNext(): void {
    if (this.#running !== undefined) return;
    const thread = [...this.#threads].find((candidate) => candidate.idle);
    if (thread === undefined) return;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (job.review.deadline - Date.now() >= SHORTEST_RUN_MS) return this.#run(job, thread);
      this.#finish(job, { kind: "failed", reason: "timeout" });
    }
  }

  #run(job: Job, thread: ReviewThread): void {
    this.#running = { job, thread };
    void thread.run(job.review).then((reply) => {
      if (this.#running?.job !== job) return;
      this.#running = undefined;
      this.#finish(job, this.#outcomeOf(reply));
      this.#runNext();
    });
  }

  #outcomeOf(reply: ThreadReply): LaneOutcome {
    switch (reply.kind) {
      case "answered":
        if (reply.decision !== undefined) this.#options.onDecision(reply.decision);
        return { kind: "answered", response: reply.response };
      case "unreadable":
        return reply;
      case "failure":
        this.#options.log.error({ detail: reply.detail }, "the review handler failed in the worker");
        return { kind: "failed", reason: "handler-error" };
      case "lost":
        return { kind: "failed", reason: "worker-lost" };
    }
  }

  #timeOut(job: Job): void {
    const running = this.#running;
    if (running?.job !== job) return this.#drop(job, { kind: "failed", reason: "timeout" });
    this.#running = undefined;
    this.#finish(job, { kind: "failed", reason: "timeout" });
    running.thread.stop();
  }

  #drop(job: Job, outcome: LaneOutcome): void {
    const at = this.#queue.indexOf(job);
    if (at === -1) return;
    this.#queue.splice(at, 1);
    this.#finish(job, outcome);
  }

  #finish(job: Job, outcome: LaneOutcome): void {
    clearTimeout(job.timer);
    job.finish(outcome);
  }

  #startThread(): void {
    const thread = new ReviewThread(this.#threadOptions, {
      ready: () => {
        this.#failedStarts = 0;
        this.#noteReadiness();
        this.#runNext();
        this.#startSpare();
      },
      gone: (gone, reason, detail) => this.#replace(gone, reason, detail),
    });
    this.#threads.add(thread);
  }

  /** Only once a thread is ready: at the start they would take the cores from the server and from each other. */
  #startSpare(): void {
    if (!this.#closed && this.#threads.size + this.#restarts.size < THREADS) this.#startThread();
  }

  #replace(thread: ReviewThread, reason: ThreadEnd, detail: string): void {
    this.#threads.delete(thread);
    this.#noteReadiness();
    if (this.#closed) return;
    this.#options.metrics.workerReplaced(reason);
    this.#options.log.warn({ reason, detail }, "a review worker ended and is replaced");
    // Threads that die before they are ready die again: the pause grows until one lives.
    const pause = this.#failedStarts === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** this.#failedStarts, LONGEST_PAUSE_MS);
    this.#failedStarts += 1;
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#startThread();
    }, pause);
    this.#restarts.add(restart);
    this.#runNext();
  }

  #noteReadiness(): void {
    const ready = [...this.#threads].some((thread) => thread.ready);
    this.#outageSince = ready ? undefined : (this.#outageSince ?? performance.now());
  }
}
