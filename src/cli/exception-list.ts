/**
 * @module `ringfence exception list`: the exceptions in files: who, what, why, until when.
 */
import { readerFor } from "../apis/registry.ts";
import { objectWords } from "../engine/verdict.ts";
import { metadataPointers, readException } from "../exceptions/annotations.ts";
import { parseApproval } from "../exceptions/approval.ts";
import { DURATION_FORM, durationWords, parseDuration } from "../exceptions/duration.ts";
import { formatInstant } from "../exceptions/instant.ts";
import { plain } from "../gate/plain-text.ts";
import { subjectOf } from "../gate/subject.ts";
import type { Document, IntakeError } from "../intake/document.ts";
import { readInputs } from "../intake/files.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_DENIED, EXIT_OK, EXIT_UNUSABLE } from "./command.ts";

const NAME_OF_COMMAND = "exception list";

/** An exception as `--output json` prints it. Fields may be added, never removed or changed, within v1alpha1. */
interface Listed {
  readonly file: string;
  readonly line: number;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  };
  readonly guardrails: readonly string[];
  readonly reason: string;
  readonly requester: string;
  /** As the approvals say it; `verify` says whether they count. */
  readonly approvals: readonly { readonly id: string; readonly approver: string; readonly until: string }[];
  /** The earliest end; null where nobody has approved it yet and it names none. */
  readonly until: string | null;
  /** What was asked for where there is no end yet. */
  readonly ttl: string | null;
  /** What is wrong with the annotations: with any of them the exception doesn't count. */
  readonly problems: readonly string[];
}

export const listCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "List the exceptions in files: who, what, why, until when.",
  usage: "[OPTIONS] PATH...",
  description: "What the files say; `ringfence exception verify` says whether it counts.",
  options: {
    namespace: {
      type: "string",
      short: "n",
      value: "NAME",
      description: "The namespace of objects that name none.",
      default: "default",
    },
    expiring: {
      type: "string",
      value: "TIME",
      description: `Exit with 1 where an exception ends within that time, or has ended: ${DURATION_FORM}.`,
    },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      description: "How to print the list.",
      choices: ["text", "json"],
      default: "text",
    },
  },
  async run(args, io) {
    if (args.positionals.length === 0)
      throw new CallError("exception list needs a file, a folder, or -", NAME_OF_COMMAND);
    const within = withinOf(args);
    const now = Math.floor(Date.now() / 1000);
    const listed: Listed[] = [];
    const errors: IntakeError[] = [];
    for await (const input of readInputs(args.positionals)) {
      errors.push(...input.errors);
      for (const document of input.documents) {
        const one = exceptionIn(document, args.textOr("namespace", "default"));
        if (one !== undefined) listed.push(one);
      }
    }
    io.stdout.write(args.text("output") === "json" ? json(listed) : text(listed, now));
    for (const error of errors) io.stderr.write(`ringfence: ${placeWords(error)}: ${error.message}\n`);
    if (errors.length > 0) return EXIT_UNUSABLE;
    const isEnding = ({ until }: Listed) =>
      until !== null && within !== null && Date.parse(until) / 1000 <= now + within;
    return listed.some(isEnding) ? EXIT_DENIED : EXIT_OK;
  },
};

function withinOf(args: Arguments): number | null {
  const given = args.text("expiring");
  if (given === undefined) return null;
  const seconds = parseDuration(given);
  if (seconds === undefined) throw new CallError(`--expiring ${quote(given)} is no length of time: ${DURATION_FORM}`);
  return seconds;
}

function exceptionIn(document: Document, defaultNamespace: string): Listed | undefined {
  const subject = subjectOf(document.value, defaultNamespace);
  if (subject === undefined) return undefined;
  const reading = readerFor(subject.group, subject.kind)?.read(document.value);
  const exception = readException(document.value, reading === undefined ? ["/metadata"] : metadataPointers(reading));
  if (exception === null) return undefined;
  const { annotations, defects } = exception;
  const { apiVersion, kind, namespace, name } = subject;
  const approvals = annotations.approvals
    .map(parseApproval)
    .flatMap((one) => (typeof one === "string" ? [] : [one.claims]));
  const malformed = annotations.approvals.length - approvals.length;
  const ends =
    approvals.length > 0 ? approvals.map(({ exp }) => exp) : [annotations.expires].filter((end) => end !== null);
  return {
    file: document.source,
    line: document.start.line,
    object: { apiVersion, kind, namespace, name },
    guardrails: annotations.guardrails,
    reason: annotations.reason,
    requester: annotations.requester,
    approvals: approvals.map(({ jti, sub, exp }) => ({ id: jti, approver: sub, until: formatInstant(exp) })),
    until: ends.length === 0 ? null : formatInstant(Math.min(...ends)),
    ttl: annotations.ttl === null ? null : durationWords(annotations.ttl),
    problems: [
      ...defects.map(({ detail }) => detail),
      ...(malformed === 0 ? [] : [`${malformed} of its approvals ${malformed === 1 ? "is" : "are"} malformed`]),
    ],
  };
}

function json(exceptions: readonly Listed[]): string {
  return `${JSON.stringify({ apiVersion: "ringfence.dev/v1alpha1", kind: "ExceptionList", exceptions }, null, 2)}\n`;
}

function text(listed: readonly Listed[], now: number): string {
  if (listed.length === 0) return "no exceptions\n";
  return listed.map((one) => block(one, now)).join("\n");
}

function block(one: Listed, now: number): string {
  return `${[
    `${plain(one.file)}:${one.line}: ${objectWords(one.object)}`,
    `  from       ${one.guardrails.length === 0 ? "(nothing)" : one.guardrails.join(", ")}`,
    `  until      ${untilWords(one, now)}`,
    `  reason     ${one.reason === "" ? "(none)" : plain(one.reason)}`,
    `  requester  ${one.requester === "" ? "(not said)" : plain(one.requester)}`,
    ...one.approvals.map(({ id, approver }) => `  approved   by ${plain(approver)}, id ${id}`),
    ...one.problems.map((problem) => `  problem    ${problem}`),
  ].join("\n")}\n`;
}

function untilWords({ until, ttl }: Listed, now: number): string {
  if (until === null) return ttl === null ? "(not said)" : `not approved yet; asked for ${ttl}`;
  const left = Date.parse(until) / 1000 - now;
  return left > 0 ? `${until}, ${durationWords(left)} from now` : `${until}, ended ${durationWords(-left)} ago`;
}

function placeWords({ source, position }: IntakeError): string {
  return position === undefined ? plain(source) : `${plain(source)}:${position.line}:${position.column}`;
}
