/**
 * @module A file with manifests, in which annotations of one object are changed and nothing else: comments, formatting,
 * other documents and other items of lists stay as they are, byte for byte.
 */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Document, IntakeError } from "../intake/document.ts";
import { readManifest } from "../intake/files.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { DEFAULT_LIMITS } from "../intake/limits.ts";
import { splitAtSeparators } from "../intake/yaml-text.ts";
import { EditError, removeValue, setValue } from "./yaml-edit.ts";

/** Annotations by key; null takes one away. */
export type AnnotationChanges = ReadonlyMap<string, string | null>;

/** A file as it was read; it is written only if it is still the same. */
export class ManifestFile {
  readonly path: string;
  readonly documents: readonly Document[];
  readonly errors: readonly IntakeError[];
  readonly #bytes: Buffer;

  /** @throws the file system's error where the file can't be read */
  constructor(path: string) {
    this.path = path;
    this.#bytes = readBounded(path);
    const { documents, errors } = readManifest(this.#bytes, path);
    this.documents = documents;
    this.errors = errors;
  }

  /**
   * The file's text with other annotations.
   * @param document one of this file's
   * @param pointers JSON Pointers of every metadata that gets them; a missing metadata of a Pod template is made
   * @throws EditError where they can't be written without touching anything else
   */
  withAnnotations(document: Document, pointers: readonly string[], changes: AnnotationChanges): string {
    const text = this.#bytes.toString("utf8");
    const chunk = this.#chunkOf(document, text);
    let edited = text.slice(chunk.start, chunk.end);
    for (const pointer of pointers) {
      for (const [key, value] of changes) {
        const path = [...segments(document.pointer + pointer), "annotations", key];
        edited = value === null ? removeValue(edited, path) : setValue(edited, path, value);
      }
    }
    const whole = text.slice(0, chunk.start) + edited + text.slice(chunk.end);
    this.#verify(whole, document, pointers, changes);
    return whole;
  }

  /**
   * Writes the file anew, in one step: nobody ever reads a half of it.
   * @throws EditError where the file has changed since it was read
   */
  write(text: string): void {
    if (!readBounded(this.path).equals(this.#bytes)) {
      throw new EditError("the file has changed in the meantime; nothing was written");
    }
    replaceFile(this.path, text);
  }

  #chunkOf(document: Document, text: string): { start: number; end: number } {
    if (extname(this.path) === ".json") return { start: 0, end: text.length };
    const { line } = document.start;
    let start = 0;
    for (const chunk of splitAtSeparators(text)) {
      const end = start + chunk.text.length;
      const lines = chunk.text.split("\n").length - (chunk.text.endsWith("\n") ? 1 : 0);
      if (line < chunk.firstLine + lines) return { start, end };
      start = end;
    }
    throw new EditError("the document is not in the file");
  }

  /** What was written is read again as the gate reads it: every document must be what it was, but for the annotations. */
  #verify(text: string, document: Document, pointers: readonly string[], changes: AnnotationChanges): void {
    const { documents } = readManifest(Buffer.from(text), this.path);
    const expected = this.documents.map((one) =>
      one === document ? annotated(one.value, pointers, changes) : one.value,
    );
    const found = documents.map(({ value }) => value);
    if (!isDeepStrictEqual(found, expected)) {
      throw new EditError("the annotations can't be added to this file without changing more; add them by hand");
    }
  }
}

/** Replaces a file's content in one step, following links, and keeps its permissions. */
export function replaceFile(path: string, text: string): void {
  const target = realpathSync(path);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fchmodSync(file, statSync(target).mode & 0o7777);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, target);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
}

function readBounded(path: string): Buffer {
  const { size } = statSync(path);
  if (size > DEFAULT_LIMITS.fileBytes) throw new EditError(`the file is larger than ${DEFAULT_LIMITS.fileBytes} bytes`);
  return readFileSync(path);
}

function annotated(object: JsonObject, pointers: readonly string[], changes: AnnotationChanges): JsonObject {
  let result = object;
  for (const pointer of pointers) {
    const path = [...segments(pointer), "annotations"];
    for (const [key, value] of changes) result = withValue(result, [...path, key], value);
  }
  return result;
}

function withValue(object: JsonObject, path: readonly string[], value: string | null): JsonObject {
  const [key = "", ...rest] = path;
  const copy: Record<string, JsonValue | undefined> = { ...object };
  if (rest.length === 0) {
    if (value === null) delete copy[key];
    else copy[key] = value;
    return copy;
  }
  const inner = copy[key];
  copy[key] = withValue(isJsonObject(inner) ? inner : {}, rest, value);
  return copy;
}

function segments(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
