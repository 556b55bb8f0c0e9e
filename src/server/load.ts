/**
 * @module How much the server has in hand: reviews begun and not answered, and the bytes of their bodies.
 */
import type { ServerLimits } from "./server-limits.ts";

export class Load {
  #reviews = 0;
  #bytes = 0;
  readonly #limits: Pick<ServerLimits, "reviewsInFlight" | "bytesInFlight">;

  constructor(limits: Pick<ServerLimits, "reviewsInFlight" | "bytesInFlight">) {
    this.#limits = limits;
  }

  get reviews(): number {
    return this.#reviews;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Begins a review if there is room for it.
   * @param expectedBytes what its Content-Length announces; only bytes that have come are counted, because an
   *   announcement costs the sender nothing
   */
  begin(expectedBytes: number): boolean {
    if (this.#reviews >= this.#limits.reviewsInFlight) return false;
    if (this.#bytes + expectedBytes > this.#limits.bytesInFlight) return false;
    this.#reviews += 1;
    return true;
  }

  /** Counts bytes that have come, if there is room for them. */
  hold(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limits.bytesInFlight) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  end(): void {
    this.#reviews -= 1;
  }
}
