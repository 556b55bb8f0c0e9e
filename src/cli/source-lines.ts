/**
 * @module Lines of the files that were checked, for the excerpts of a report. Files are read again, standard input is
 * kept on its way; what has gone in the meantime has no excerpt.
 */
import { readFileSync } from "node:fs";
import { STANDARD_INPUT } from "../intake/files.ts";

export class SourceLines {
  readonly #files = new Map<string, readonly string[]>();
  readonly #chunks: Uint8Array[] = [];

  /** Standard input for the check, with a copy kept. */
  async *standardInput(): AsyncGenerator<Uint8Array> {
    // Named here and not by the caller: merely to look at process.stdin takes milliseconds.
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      this.#chunks.push(chunk);
      yield chunk;
    }
  }

  /** The text of a line, counted from 1, without its end. */
  line(file: string, line: number): string | undefined {
    let lines = this.#files.get(file);
    if (lines === undefined) {
      lines = this.#text(file).split("\n");
      this.#files.set(file, lines);
    }
    return lines[line - 1];
  }

  #text(file: string): string {
    if (file === STANDARD_INPUT) return Buffer.concat(this.#chunks).toString("utf8");
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  }
}
