/**
 * @module Keys that need work: each at most once in the queue and never twice at the same time, later after a failure, and
 * all of them at a bounded rate.
 */
import { Backoff } from "./backoff.ts";
import { ClusterError } from "./cluster-error.ts";
import { RateLimit } from "./rate-limit.ts";

export interface WorkQueueOptions {
  /** Does the work of a key; what it throws brings the key back later. */
  readonly work: (key: string) => Promise<void>;
  /** Told of every failure. */
  readonly failed?: (key: string, error: unknown, failures: number, waitMs: number) => void;
  readonly limits?: Partial<WorkLimits>;
}

export interface WorkLimits {
  readonly atOnce: number;
  readonly perSecond: number;
  readonly burst: number;
  /** Milliseconds after a key's first failure; doubled after each. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
}

const DEFAULT_LIMITS: WorkLimits = {
  atOnce: 4,
  perSecond: 10,
  burst: 20,
  firstBackoffMs: 500,
  longestBackoffMs: 30_000,
};
const LONGEST_RETRY_AFTER_MS = 60_000;

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #limits: WorkLimits;
  readonly #rate: RateLimit;
  readonly #stopping = new AbortController();
  /** Keys to work on, in their order. */
  readonly #waiting = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#rate = new RateLimit(this.#limits.perSecond, this.#limits.burst);
  }

  /** Adds a key. One that waits after a failure goes on waiting; one that is worked on comes again afterwards. */
  add(key: string): void {
    if (this.#stopping.signal.aborted || this.#timers.has(key)) return;
    this.#waiting.add(key);
    this.#next();
  }

  /** Adds a key after a while. */
  addLater(key: string, waitMs: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, waitMs);
    this.#timers.set(key, timer);
  }

  /** Waits until the rate allows one more call to the cluster; the work asks before each. */
  async turn(): Promise<void> {
    await this.#rate.turn(this.#stopping.signal);
  }

  /** Forgets a key: what waits, and its failures. */
  drop(key: string): void {
    this.#waiting.delete(key);
    this.#backoffs.delete(key);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  /** Keys that wait or are worked on. */
  get size(): number {
    return this.#waiting.size + this.#underWay.size + this.#timers.size;
  }

  /** Takes no more keys and waits for those that are worked on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiting.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#underWay.values());
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#underWay.size >= this.#limits.atOnce) return;
      if (this.#underWay.has(key)) continue;
      this.#waiting.delete(key);
      const work = this.#work(key).finally(() => {
        this.#underWay.delete(key);
        this.#next();
      });
      this.#underWay.set(key, work);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#backoffs.delete(key);
    } catch (error) {
      this.#retry(key, error);
    }
  }

  #retry(key: string, error: unknown): void {
    const { firstBackoffMs, longestBackoffMs } = this.#limits;
    const backoff = this.#backoffs.get(key) ?? new Backoff(firstBackoffMs, longestBackoffMs);
    this.#backoffs.set(key, backoff);
    const asked = error instanceof ClusterError ? (error.retryAfter ?? 0) * 1000 : 0;
    const waitMs = Math.max(backoff.next(), Math.min(asked, LONGEST_RETRY_AFTER_MS));
    this.#waiting.delete(key);
    this.addLater(key, waitMs);
    this.#options.failed?.(key, error, backoff.failures, waitMs);
  }
}
