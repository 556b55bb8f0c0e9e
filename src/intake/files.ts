/**
 * @module Files, folders and standard input to documents. Whatever can't be read or judged is an error with its place;
 * nothing is passed over in silence.
 *
 * Folders are read with everything below them, in the order of their names. In a folder the files that end in `.yaml`,
 * `.yml` and `.json` are read, as kubectl and Argo CD do: hidden ones and `node_modules` too, since these tools apply them as
 * well. Only `.git` is left out, because no repository can contain one. A link to a folder inside the same tree isn't
 * followed (the folder is read under its own name); a link out of the tree is an error.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { Dirent } from "node:fs";
import type { Document } from "./document.ts";
import { IntakeError } from "./document.ts";
import { readObjects } from "./kubernetes-objects.ts";
import type { IntakeLimits } from "./limits.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Origin } from "./located-document.ts";
import { parseStrictJson, placesInJson } from "./strict-json.ts";
import type { ReadResult } from "./strict-yaml.ts";
import { readYaml } from "./strict-yaml.ts";

/** Names standard input, as in other tools. */
export const STANDARD_INPUT = "-";
const NEVER_READ = ".git";
const EXTENSIONS: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

export interface ReadOptions {
  readonly limits?: IntakeLimits;
  /** What `-` reads; the process's standard input if absent. */
  readonly stdin?: AsyncIterable<Uint8Array>;
}

/** One file, or one folder or path that could not be read. */
export interface Input extends ReadResult {
  /** The path as the user gave it, or below it; `-` for standard input. */
  readonly source: string;
}

/**
 * Reads what a user named, one file after the other, so that only one file's documents need to be in memory.
 * @param paths files, folders or `-`
 * @yields every file with its documents and errors. There is at least one document or one error in all.
 */
export async function* readInputs(paths: readonly string[], options: ReadOptions = {}): AsyncGenerator<Input> {
  const limits = options.limits ?? DEFAULT_LIMITS;
  if (paths.length === 0) yield failure(new IntakeError("empty", "no file, folder or - was named", STANDARD_INPUT));
  for (const path of paths) {
    if (path === STANDARD_INPUT) yield await readStandardInput(options.stdin ?? process.stdin, limits);
    else yield* readPath(path, limits);
  }
}

async function* readPath(path: string, limits: IntakeLimits): AsyncGenerator<Input> {
  try {
    if (!(await stat(path)).isDirectory()) {
      yield await readFile(path, limits);
      return;
    }
    const root = await realpath(path);
    let files = 0;
    for await (const input of readFolder(path, root, root, limits)) {
      files += 1;
      yield input;
    }
    if (files === 0) {
      const message = "no .yaml, .yml or .json file is in this folder: there is nothing to check";
      yield failure(new IntakeError("empty", message, path));
    }
  } catch (error) {
    yield failure(unreadable(error, path));
  }
}

/**
 * @param folder the path to show
 * @param real its real path
 * @param root real path of the folder that the user named
 */
async function* readFolder(folder: string, real: string, root: string, limits: IntakeLimits): AsyncGenerator<Input> {
  const entries = await listFolder(folder);
  if (entries instanceof IntakeError) {
    yield failure(entries);
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== NEVER_READ) yield* readFolder(path, join(real, entry.name), root, limits);
    } else if (entry.isSymbolicLink()) {
      const input = await readLink(path, real, root, limits);
      if (input !== undefined) yield input;
    } else if (EXTENSIONS.has(extname(entry.name))) {
      yield await readFile(path, limits);
    }
  }
}

async function listFolder(folder: string): Promise<Dirent[] | IntakeError> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    return unreadable(error, folder);
  }
}

/** A link in a folder: undefined if what it points to is read under its own name, or isn't a manifest. */
async function readLink(path: string, folder: string, root: string, limits: IntakeLimits): Promise<Input | undefined> {
  try {
    const target = await realpath(path);
    if (!isInside(target, root)) {
      const message = "this link leads out of the folder that is checked; check its target by name, or remove the link";
      return failure(new IntakeError("unreadable", message, path));
    }
    if (isInside(folder, target)) {
      const message = "this link leads back to a folder that contains it: a loop; remove the link";
      return failure(new IntakeError("unreadable", message, path));
    }
    const isManifest = EXTENSIONS.has(extname(path)) && !(await stat(path)).isDirectory();
    return isManifest ? await readFile(path, limits) : undefined;
  } catch (error) {
    return failure(unreadable(error, path));
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function readFile(path: string, limits: IntakeLimits): Promise<Input> {
  const extension = extname(path);
  if (!EXTENSIONS.has(extension)) {
    const message = `can't tell what is in it: name the file .yaml, .yml or .json, or pipe it through "${STANDARD_INPUT}"`;
    return failure(new IntakeError("unreadable", message, path));
  }
  try {
    return readManifest(readBytes(path, limits), path, limits);
  } catch (error) {
    return failure(unreadable(error, path));
  }
}

/**
 * The documents of a file whose bytes are known already.
 * @param path names it in errors; one that ends in `.json` is read as JSON, every other as YAML
 */
export function readManifest(bytes: Uint8Array, path: string, limits: IntakeLimits = DEFAULT_LIMITS): Input {
  if (extname(path) === ".json") return readJson(bytes, path, limits);
  return { source: path, ...readYaml(bytes, path, limits) };
}

/**
 * The kind of file is looked at after opening, without waiting for a pipe's other end, so that nothing can change between.
 * Without promises: for a folder of 10,000 small manifests they take twice as long as everything else.
 */
function readBytes(path: string, limits: IntakeLimits): Uint8Array {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) throw new IntakeError("unreadable", "this is no regular file", path);
    if (facts.size > limits.fileBytes) throw tooLarge(path, limits);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

async function readStandardInput(stdin: AsyncIterable<Uint8Array>, limits: IntakeLimits): Promise<Input> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stdin) {
      length += chunk.length;
      if (length > limits.fileBytes) return failure(tooLarge(STANDARD_INPUT, limits));
      chunks.push(chunk);
    }
  } catch (error) {
    return failure(unreadable(error, STANDARD_INPUT));
  }
  const bytes = Buffer.concat(chunks);
  if (startsLikeJson(bytes)) return readJson(bytes, STANDARD_INPUT, limits);
  return { source: STANDARD_INPUT, ...readYaml(bytes, STANDARD_INPUT, limits) };
}

// The test that kubectl makes: the first character that isn't white space is a brace.
function startsLikeJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return first === 0x7b;
}

function readJson(bytes: Uint8Array, source: string, limits: IntakeLimits): Input {
  try {
    const { value, text } = parseStrictJson(bytes, { source, depth: limits.depth });
    const outcomes = readObjects(value, new Origin(source, text, 1, placesInJson));
    if (outcomes.length > limits.documents) {
      const message = `more than ${limits.documents} objects in one file; split it, or raise the limit`;
      return failure(new IntakeError("too-many", message, source));
    }
    const documents = outcomes.filter((outcome): outcome is Document => !(outcome instanceof IntakeError));
    return { source, documents, errors: outcomes.filter((outcome) => outcome instanceof IntakeError) };
  } catch (error) {
    return failure(unreadable(error, source));
  }
}

function failure(error: IntakeError): Input {
  return { source: error.source, documents: [], errors: [error] };
}

function tooLarge(source: string, limits: IntakeLimits): IntakeError {
  return new IntakeError(
    "too-large",
    `more than ${limits.fileBytes} bytes; split the file, or raise the limit`,
    source,
  );
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["EACCES", "no permission to read it"],
  ["EPERM", "no permission to read it"],
  ["EISDIR", "this is a folder"],
  ["ENOTDIR", "a part of the path is no folder"],
  ["ELOOP", "its links lead in a circle"],
  ["ENXIO", "this is no regular file"],
]);

/** Turns what the file system reports into words; errors of our own stay as they are. */
function unreadable(error: unknown, source: string): IntakeError {
  if (error instanceof IntakeError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason = REASONS.get(code) ?? (typeof code === "string" ? `reading failed with ${code}` : "reading failed");
  return new IntakeError("unreadable", reason, source);
}
