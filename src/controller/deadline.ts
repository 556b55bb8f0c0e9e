/**
 * @module The limits of one call: several clocks and the caller's own signal, one signal that comes of them. Ending it
 * leaves neither timers nor listeners behind.
 */
import { ownError } from "./cluster-error.ts";

export class Deadline {
  readonly #controller = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #caller: AbortSignal | undefined;
  readonly #giveUp = () => {
    this.#controller.abort(ownError("Aborted", "the call was given up"));
  };

  /** @param caller the caller's signal; its abortion becomes a ClusterError `Aborted` */
  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    if (caller?.aborted) this.#giveUp();
    else caller?.addEventListener("abort", this.#giveUp, { once: true });
  }

  /** Its reason is a ClusterError. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Sets a clock.
   * @returns the clock, to be refreshed or cleared
   */
  limit(milliseconds: number, reason: "Timeout" | "Silent", message: string): NodeJS.Timeout {
    const timer = setTimeout(() => this.#controller.abort(ownError(reason, message)), milliseconds);
    this.#timers.push(timer);
    return timer;
  }

  /** Waits for work that knows no signal, at most until the limit. */
  wait<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      work.then(resolve, reject);
    });
  }

  /** Removes everything; to be called however the call ended. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#caller?.removeEventListener("abort", this.#giveUp);
  }
}
