/**
 * @module How long to wait after a failure: twice as long after each, up to a limit, and never the same as the others.
 */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #failures = 0;

  /**
   * @param first milliseconds after the first failure, before jitter
   * @param longest milliseconds
   */
  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Counts a failure.
   * @returns milliseconds to wait: between a half and the whole of what the count asks for, so that replicas that lost
   *   the server together don't come back together
   */
  next(): number {
    const whole = Math.min(this.#first * 2 ** this.#failures, this.#longest);
    this.#failures += 1;
    return whole * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
