/**
 * @module A document: one object from a file, a pipe or a request, with a way back to where it was written.
 */
import type { JsonObject } from "./json-value.ts";

/** A place in a text, both counted from 1; the column counts UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Document {
  readonly value: JsonObject;
  /** File name as the user gave it; `-` for standard input. */
  readonly source: string;
  /** JSON Pointer of the object in its YAML document or JSON file: empty unless it is an item of a list. */
  readonly pointer: string;
  /** Where the document starts. */
  readonly start: Position;
  /**
   * Where a JSON Pointer stands in the source. A pointer into something that is absent (a missing label) gives the
   * place of its nearest ancestor that exists.
   */
  locate(pointer: string): Position;
}

/** Why an input could not be read as one unambiguous document. Codes are stable; messages may change. */
export type IntakeErrorCode =
  | "unreadable"
  | "too-large"
  | "too-deep"
  | "too-many"
  | "encoding"
  | "character"
  | "syntax"
  | "duplicate-key"
  | "ambiguous"
  | "not-an-object"
  | "not-a-kubernetes-object"
  | "empty";

/** An input that can't be used: what, where, why, what to do. */
export class IntakeError extends Error {
  readonly code: IntakeErrorCode;
  readonly source: string;
  readonly position: Position | undefined;

  constructor(code: IntakeErrorCode, message: string, source: string, position?: Position) {
    super(message);
    this.name = "IntakeError";
    this.code = code;
    this.source = source;
    this.position = position;
  }
}
