/**
 * @module From bytes to text, and from an offset in the text to line and column. Only UTF-8 without byte order mark.
 */
import { isUtf8 } from "node:buffer";
import type { Position } from "./document.ts";
import { IntakeError } from "./document.ts";

const LINE_FEED = 10;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes strict UTF-8.
 * @param source name for errors
 * @throws {IntakeError} `encoding`: a byte order mark, UTF-16, or bytes that are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, source: string): string {
  const mark = byteOrderMark(bytes);
  if (mark !== undefined) {
    const message = `the file starts with a ${mark} byte order mark; save it as UTF-8 without one`;
    throw new IntakeError("encoding", message, source, { line: 1, column: 1 });
  }
  if (!isUtf8(bytes)) {
    const position = firstInvalidByte(bytes);
    throw new IntakeError("encoding", "these bytes are not UTF-8; save the file as UTF-8", source, position);
  }
  return decoder.decode(bytes);
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "UTF-8";
  if (first === 0xfe && second === 0xff) return "UTF-16";
  // UTF-32 in little-endian order starts with the same two bytes.
  return first === 0xff && second === 0xfe ? "UTF-16" : undefined;
}

// A prefix that ends inside a character is fine for a streaming decoder; so "the prefix decodes" is true up to the
// first invalid byte and false from there on, and halving finds it.
function firstInvalidByte(bytes: Uint8Array): Position {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (decodedPrefix(bytes, middle) === undefined) invalid = middle;
    else valid = middle;
  }
  const before = decodedPrefix(bytes, valid) ?? "";
  return positionAt(before, before.length);
}

function decodedPrefix(bytes: Uint8Array, length: number): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
  } catch {
    return undefined;
  }
}

/** Line and column of offsets in one text. */
export class LineIndex {
  readonly #lineStarts: number[] = [0];
  readonly #firstLine: number;

  /** @param firstLine number of the text's first line in its file, from 1 */
  constructor(text: string, firstLine = 1) {
    this.#firstLine = firstLine;
    for (let next = text.indexOf("\n"); next !== -1; next = text.indexOf("\n", next + 1))
      this.#lineStarts.push(next + 1);
  }

  at(offset: number): Position {
    let line = 0;
    let beyond = this.#lineStarts.length;
    while (beyond - line > 1) {
      const middle = (line + beyond) >>> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) line = middle;
      else beyond = middle;
    }
    return { line: line + this.#firstLine, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
  }
}

/** Line and column of one offset. */
export function positionAt(text: string, offset: number, firstLine = 1): Position {
  return new LineIndex(text, firstLine).at(offset);
}

/** Counts line feeds between two offsets. */
export function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let index = from; index < to; index += 1) {
    if (text.charCodeAt(index) === LINE_FEED) lines += 1;
  }
  return lines;
}
