/**
 * @module The object that an exception command is about: one document of a file, read and judged as `check` does it.
 */
import { classify, readerFor } from "../apis/registry.ts";
import type { ObjectReading } from "../apis/reading.ts";
import { type Engine, EngineFault } from "../engine/engine.ts";
import { objectWords, type Verdict } from "../engine/verdict.ts";
import { type ExceptionReading, metadataPointers, readException } from "../exceptions/annotations.ts";
import { ManifestFile } from "../exceptions/manifest-edit.ts";
import { EditError } from "../exceptions/yaml-edit.ts";
import { gateRequest } from "../gate/gate-request.ts";
import { NamespacesInInput } from "../gate/namespaces-in-input.ts";
import { plain } from "../gate/plain-text.ts";
import { type Subject, subjectOf } from "../gate/subject.ts";
import type { Document } from "../intake/document.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Options } from "./command.ts";

/** The options that choose the object. */
export const TARGET_OPTIONS: Options = {
  file: { type: "string", short: "f", value: "FILE", description: "The YAML or JSON file that holds the object." },
  namespace: { type: "string", short: "n", value: "NAME", description: "The namespace of an object that names none." },
  name: { type: "string", value: "NAME", description: "The object's name, where the file holds several." },
  kind: { type: "string", value: "KIND", description: "The object's kind, where the file holds several." },
};

/** One object of a file with everything that is known about it. */
export interface Target {
  readonly document: Document;
  readonly subject: Subject;
  readonly reading: ObjectReading;
  readonly verdict: Verdict;
  /** Of the metadata that carries an exception's annotations. */
  readonly metadata: readonly string[];
  readonly exception: ExceptionReading | null;
}

/**
 * Opens the file that `-f` names.
 * @throws CallError where it is missing, can't be read, or holds something that the gate refuses
 */
export function openManifest(args: Arguments, command: string): ManifestFile {
  const path = args.text("file");
  if (path === undefined || args.positionals.length > 0) {
    throw new CallError(`${command} needs one file: -f FILE`, command);
  }
  const file = readManifestFile(path);
  const [error] = file.errors;
  if (error === undefined) return file;
  const place = error.position === undefined ? "" : `:${error.position.line}:${error.position.column}`;
  throw new CallError(`${plain(path)}${place}: ${error.message}`);
}

function readManifestFile(path: string): ManifestFile {
  try {
    return new ManifestFile(path);
  } catch (cause) {
    if (cause instanceof EditError) throw new CallError(`${plain(path)}: ${cause.message}`);
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== undefined) throw new CallError(`${plain(path)}: the file can't be read (${code})`);
    throw cause;
  }
}

export interface JudgeOptions {
  /** Of objects that name none; `default`, as kubectl does, unless given. */
  readonly namespace?: string | undefined;
  /** The moment to judge for, in seconds since 1970. */
  readonly now: number;
}

/**
 * Judges every object of a file that a guardrail looks at.
 * @throws CallError where an object can't be judged
 */
export async function judgeFile(
  documents: readonly Document[],
  engine: Engine,
  { namespace = "default", now }: JudgeOptions,
): Promise<readonly Target[]> {
  const subjects = documents.map((document) => subjectIn(document, namespace));
  const namespaces = new NamespacesInInput();
  for (const [index, subject] of subjects.entries()) {
    const value = documents[index]?.value;
    if (subject.group === "" && subject.kind === "Namespace" && value !== undefined)
      namespaces.add(subject.name, value);
  }
  const targets: Target[] = [];
  for (const [index, subject] of subjects.entries()) {
    const document = documents[index];
    if (document === undefined || classify(subject.group, subject.kind) === "other") continue;
    const labels = subject.namespace === "" ? null : namespaces.get(subject.namespace);
    targets.push(
      await targetOf(document, subject, engine, { labels: typeof labels === "string" ? null : labels, now }),
    );
  }
  return targets;
}

function subjectIn(document: Document, namespace: string): Subject {
  const subject = subjectOf(document.value, namespace);
  if (subject !== undefined) return subject;
  throw new CallError(`${placeOf(document)}: metadata.namespace must be a text`);
}

interface Circumstances {
  readonly labels: Readonly<Record<string, string>> | null;
  readonly now: number;
}

async function targetOf(
  document: Document,
  subject: Subject,
  engine: Engine,
  { labels, now }: Circumstances,
): Promise<Target> {
  const reading = readerFor(subject.group, subject.kind)?.read(document.value);
  const metadata = reading === undefined ? ["/metadata"] : metadataPointers(reading);
  const request = gateRequest(document, subject, { uid: placeOf(document), namespaceLabels: labels, now });
  try {
    await engine.prepare(request);
    return {
      document,
      subject,
      reading: reading ?? { family: "network", labels: {}, defects: [] },
      verdict: engine.judge(request),
      metadata,
      exception: readException(document.value, metadata),
    };
  } catch (cause) {
    if (cause instanceof EngineFault) {
      throw new CallError(`${placeOf(document)}: the object could not be judged: ${cause.message}`);
    }
    throw cause;
  }
}

/**
 * The one object that is meant.
 * @param what they have in common, for messages: `with an exception`
 * @throws CallError where there is none, or several
 */
export function chooseTarget(targets: readonly Target[], args: Arguments, what: string): Target {
  const chosen = withName(targets, args);
  const [first, second] = chosen;
  if (first === undefined) throw new CallError(`the file holds no such object ${what}`);
  if (second === undefined) return first;
  const names = chosen.map(({ subject }) => objectWords(subject)).join(", ");
  throw new CallError(`the file holds several objects ${what}: ${names}. Choose one with --kind and --name`);
}

/** Those that `--name` and `--kind` leave over. */
export function withName(targets: readonly Target[], args: Arguments): readonly Target[] {
  const name = args.text("name");
  const kind = args.text("kind");
  return targets.filter(
    ({ subject }) => (name === undefined || subject.name === name) && (kind === undefined || subject.kind === kind),
  );
}

/**
 * An approval names the namespace; where the file doesn't say it, somebody has to.
 * @throws CallError where nobody does
 */
export function requireNamespace({ subject, document }: Target, args: Arguments): void {
  const metadata = document.value["metadata"] as { namespace?: unknown } | undefined;
  const isSaid = subject.namespace === "" || typeof metadata?.namespace === "string";
  if (isSaid || args.text("namespace") !== undefined) return;
  throw new CallError(
    `${placeOf(document)}: ${objectWords({ ...subject, namespace: "" })} names no namespace, and an approval is for one: ` +
      "write it into the file, or add --namespace NAME",
  );
}

/** `shop.yaml:12:1`. */
export function placeOf({ source, start }: Document): string {
  return `${plain(source)}:${start.line}:${start.column}`;
}

/** A word for a shell command that a user is told to run: quoted where a shell would take it apart. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * The file's text with other annotations of the object.
 * @throws CallError where that can't be done without changing more
 */
export function annotatedText(file: ManifestFile, target: Target, changes: ReadonlyMap<string, string | null>): string {
  try {
    return file.withAnnotations(target.document, target.metadata, changes);
  } catch (cause) {
    if (cause instanceof EditError) throw new CallError(`${plain(file.path)}: ${cause.message}`);
    throw cause;
  }
}

/** @throws CallError where the file can't be written, or is another one by now */
export function writeManifest(file: ManifestFile, text: string): void {
  try {
    file.write(text);
  } catch (cause) {
    if (cause instanceof EditError) throw new CallError(`${plain(file.path)}: ${cause.message}`);
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== undefined) throw new CallError(`${plain(file.path)}: the file can't be written (${code})`);
    throw cause;
  }
}

/** The value of an option that the command can't do without. */
export function required(args: Arguments, name: string, command: string, form: string): string {
  const value = args.text(name);
  if (value === undefined) throw new CallError(`${command} needs --${name} ${form}`, command);
  return value;
}

/** A value that has to match, with what it should look like. */
export function checked(value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new CallError(`${quote(value)} is ${what}`);
}

/** Seconds since 1970. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
