/**
 * @module The approvers' keys, kept fresh in the background: nobody who judges ever waits for them. After a failure the
 * last good set counts for a day, then none: a set that can't be read can't take a lost key back either.
 */
import { type ApproverKeys, type KeySource, parseKeySet } from "./approver-keys.ts";

/** The last good set counts for so long. */
export const LONGEST_WITHOUT_KEYS_SECONDS = 24 * 3600;
/** After a failure it is tried again sooner than after a success. */
const RETRY_SECONDS = 30;

export interface RefreshedKeysOptions {
  /** Seconds between two looks. */
  readonly every: number;
  /** Called with every failure, with the keys of a new set that aren't used, and with null when all is well again. */
  readonly onProblem?: (problem: string | null) => void;
  /** Seconds of a clock that nobody sets; the process's own unless said. */
  readonly clock?: () => number;
}

const ownClock = () => performance.now() / 1000;

export class RefreshedKeys implements KeySource {
  readonly #load: () => Promise<Uint8Array>;
  readonly #every: number;
  readonly #onProblem: (problem: string | null) => void;
  readonly #clock: () => number;
  #bytes: Uint8Array | undefined;
  #keys: ApproverKeys | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** @param load gives the set's bytes, or rejects with an error whose message is for people */
  constructor(load: () => Promise<Uint8Array>, options: RefreshedKeysOptions) {
    this.#load = load;
    this.#every = options.every;
    this.#onProblem = options.onProblem ?? (() => undefined);
    this.#clock = options.clock ?? ownClock;
  }

  current(): ApproverKeys | null {
    return this.#clock() - this.#readAt <= LONGEST_WITHOUT_KEYS_SECONDS ? this.#keys : null;
  }

  /**
   * Looks once. Never rejects.
   * @returns whether the set could be read
   */
  async refresh(): Promise<boolean> {
    try {
      const bytes = await this.#load();
      const isSame = this.#bytes !== undefined && Buffer.from(this.#bytes).equals(bytes);
      // The same object as long as it is the same set: what was verified with it stays verified.
      if (!isSame || this.#keys === null) this.#keys = parseKeySet(bytes);
      this.#bytes = bytes;
      this.#readAt = this.#clock();
      this.#tell(this.#keys.problems.length === 0 ? null : this.#keys.problems.join("; "));
      return true;
    } catch (cause) {
      this.#tell(cause instanceof Error ? cause.message : "the keys can't be read");
      return false;
    }
  }

  /** Looks now, and then again and again until {@link stop}. Resolves after the first look, good or not. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#look();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const isGood = await this.refresh();
    if (!this.#running) return;
    const seconds = isGood ? this.#every : Math.min(this.#every, RETRY_SECONDS);
    this.#timer = setTimeout(() => void this.#look(), seconds * 1000);
    // Keys alone keep no process alive.
    this.#timer.unref();
  }

  /** Every change once, not every look. */
  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }
}
