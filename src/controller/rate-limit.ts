/**
 * @module At most so many per second over a longer time, and a few at once.
 */
import { setTimeout as pause } from "node:timers/promises";

export class RateLimit {
  readonly #perSecond: number;
  readonly #atOnce: number;
  #left: number;
  #filledAt = performance.now();

  /**
   * @param perSecond how many over a longer time
   * @param atOnce how many after a quiet time
   */
  constructor(perSecond: number, atOnce: number) {
    this.#perSecond = perSecond;
    this.#atOnce = atOnce;
    this.#left = atOnce;
  }

  /** Waits for the caller's turn; at once where the signal is aborted. Turns come in the order of the calls. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#left = Math.min(this.#atOnce, this.#left + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    this.#left -= 1;
    if (this.#left >= 0) return;
    await pause((-this.#left / this.#perSecond) * 1000, undefined, { signal }).catch(() => {});
  }
}
