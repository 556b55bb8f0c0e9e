/**
 * @module Notices when somebody else takes away again and again what we put there. Two programs that undo each other's work
 * for ever help nobody: ours stops and tells people.
 */

const MOST_REVERTS = 3;
const WINDOW_MS = 600_000;

export class Contests {
  readonly #mostReverts: number;
  readonly #windowMs: number;
  /** Moments of the reverts of each key, oldest first; by the monotonic clock. */
  readonly #reverts = new Map<string, number[]>();

  constructor(mostReverts = MOST_REVERTS, windowMs = WINDOW_MS) {
    this.#mostReverts = mostReverts;
    this.#windowMs = windowMs;
  }

  /**
   * Notes that what was there is gone or changed.
   * @returns whether that made it a contest
   */
  reverted(key: string): boolean {
    const before = this.isContested(key);
    const moments = this.#recent(key);
    // More than make it a contest say nothing new.
    this.#reverts.set(key, [...moments, performance.now()].slice(-this.#mostReverts - 1));
    return !before && this.isContested(key);
  }

  /** Whether it was reverted too often of late. */
  isContested(key: string): boolean {
    return this.#recent(key).length > this.#mostReverts;
  }

  /** Milliseconds until it is no contest any more; 0 where it is none. */
  restMs(key: string): number {
    const [oldest] = this.#recent(key);
    return oldest === undefined || !this.isContested(key) ? 0 : oldest + this.#windowMs - performance.now();
  }

  /** Keys that are contested now. */
  get count(): number {
    return [...this.#reverts.keys()].filter((key) => this.isContested(key)).length;
  }

  forget(key: string): void {
    this.#reverts.delete(key);
  }

  #recent(key: string): number[] {
    const since = performance.now() - this.#windowMs;
    const recent = (this.#reverts.get(key) ?? []).filter((moment) => moment >= since);
    if (recent.length === 0) this.#reverts.delete(key);
    return recent;
  }
}
