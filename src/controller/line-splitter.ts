/**
 * @module Cuts a stream of bytes into lines, wherever the chunks are cut.
 */
import { ownError } from "./cluster-error.ts";

const LINE_FEED = 0x0a;

export class LineSplitter {
  readonly #limit: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** @param limit bytes of the longest line */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Gives the lines that this chunk completes, without their line feeds.
   * @throws ClusterError `TooLarge` when a line grows beyond the limit
   */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#keep(chunk.subarray(start, end));
      yield this.rest();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Takes what has come since the last line feed. */
  rest(): string {
    // Decoded as a whole: a character may lie across two chunks.
    const line = Buffer.concat(this.#pending).toString("utf8");
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#pendingBytes += part.length;
    if (this.#pendingBytes > this.#limit) {
      throw ownError("TooLarge", `a line of the watch is longer than ${this.#limit} bytes`);
    }
    this.#pending.push(part);
  }
}
