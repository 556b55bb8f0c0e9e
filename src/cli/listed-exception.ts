/**
 * @module An exception as `ringfence exception list` shows it.
 */
import { readerFor } from "../apis/registry.ts";
import { objectWords } from "../engine/verdict.ts";
import { metadataPointers, readException } from "../exceptions/annotations.ts";
import { parseApproval } from "../exceptions/approval.ts";
import { durationWords } from "../exceptions/duration.ts";
import { formatInstant } from "../exceptions/instant.ts";
import { plain } from "../gate/plain-text.ts";
import { subjectOf } from "../gate/subject.ts";
import type { JsonObject } from "../intake/json-value.ts";

/** What `--output json` prints. Fields may be added, never removed or changed, within v1alpha1. */
export interface ListedException {
  /** Both null for an object of the cluster. */
  readonly file: string | null;
  readonly line: number | null;
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

/**
 * The exception of an object.
 * @param place where it is written; null for an object of the cluster
 * @returns undefined where the object asks for none
 */
export function listedException(
  object: JsonObject,
  place: { readonly file: string; readonly line: number } | null,
  defaultNamespace: string,
): ListedException | undefined {
  const subject = subjectOf(object, defaultNamespace);
  if (subject === undefined) return undefined;
  const reading = readerFor(subject.group, subject.kind)?.read(object);
  const exception = readException(object, reading === undefined ? ["/metadata"] : metadataPointers(reading));
  if (exception === null) return undefined;
  const { annotations, defects } = exception;
  const { apiVersion, kind, namespace, name } = subject;
  const parsed = annotations.approvals.map(parseApproval);
  const approvals = parsed.flatMap((one) => (typeof one === "string" ? [] : [one.claims]));
  const malformed = parsed.length - approvals.length;
  const written = annotations.expires === null ? [] : [annotations.expires];
  const ends = [...approvals.map(({ exp }) => exp), ...written];
  return {
    file: place?.file ?? null,
    line: place?.line ?? null,
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

/** Seconds that are left; null where there is no end. */
export function secondsLeft({ until }: ListedException, now: number): number | null {
  return until === null ? null : Date.parse(until) / 1000 - now;
}

/** A few lines for people. */
export function listedText(one: ListedException, now: number): string {
  const place = one.file === null ? "" : `${plain(one.file)}:${one.line ?? 1}: `;
  return `${[
    `${place}${objectWords(one.object)}`,
    `  from       ${one.guardrails.length === 0 ? "(nothing)" : one.guardrails.join(", ")}`,
    `  until      ${untilWords(one, now)}`,
    `  reason     ${one.reason === "" ? "(none)" : plain(one.reason)}`,
    `  requester  ${one.requester === "" ? "(not said)" : plain(one.requester)}`,
    ...one.approvals.map(({ id, approver }) => `  approved   by ${plain(approver)}, id ${id}`),
    ...one.problems.map((problem) => `  problem    ${problem}`),
  ].join("\n")}\n`;
}

function untilWords(one: ListedException, now: number): string {
  const left = secondsLeft(one, now);
  if (left === null) return one.ttl === null ? "(not said)" : `not approved yet; asked for ${one.ttl}`;
  const words = left > 0 ? `${durationWords(left)} from now` : `ended ${durationWords(-left)} ago`;
  return `${one.until ?? ""}, ${words}`;
}
