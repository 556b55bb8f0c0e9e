/**
 * @module The time in which a process leads, with its end.
 */

/** The time in which a process leads. */
export interface Term {
  /** Whether the Lease was renewed recently enough. By this process's clock, so that it is right after a pause too. */
  readonly held: boolean;
  /** Aborted when the term is over. */
  readonly signal: AbortSignal;
}

/** A term with its deadline; the clock ends it also while a call hangs. */
export class CurrentTerm implements Term {
  readonly #controller = new AbortController();
  #validUntil: number;
  #timer: NodeJS.Timeout | undefined;
  /** In words; empty while it lasts. */
  endedBecause = "";

  /** @param validUntil moment of `performance.now()` */
  constructor(validUntil: number) {
    this.#validUntil = validUntil;
    this.prolong(validUntil);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get held(): boolean {
    return !this.signal.aborted && performance.now() < this.#validUntil;
  }

  prolong(validUntil: number): void {
    if (this.signal.aborted) return;
    // After a pause the answer may be looked at before the timer that is due.
    if (!this.held) return this.end("the Lease was not renewed in time");
    this.#validUntil = validUntil;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end("the Lease was not renewed in time"), validUntil - performance.now());
  }

  end(reason: string): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#timer);
    this.endedBecause = reason;
    this.#controller.abort();
  }
}
