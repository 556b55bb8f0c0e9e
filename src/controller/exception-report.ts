/**
 * @module What people are told about the exceptions of an object that end or have ended: Events, once for each threshold.
 */
import { createHash } from "node:crypto";
import { END_WARNINGS } from "../engine/exception-words.ts";
import { pathWords, printable } from "../engine/verdict.ts";
import { durationWords } from "../exceptions/duration.ts";
import { formatInstant } from "../exceptions/instant.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { ClusterEvent } from "./event-recorder.ts";
import type { ExceptionState } from "./exception-state.ts";
import { objectIdentity } from "./object-identity.ts";

const DAY = 86_400;

/**
 * The Events that are due. Each has an id made of the object, the approval and the threshold, so that one that was told
 * already, by this process or another, can be known.
 * @param now seconds since 1970
 */
export function dueEvents(object: JsonObject, state: ExceptionState, now: number): readonly ClusterEvent[] {
  const { apiVersion, kind, namespace, name, uid } = objectIdentity(object);
  const about = { apiVersion, kind, namespace, name, ...(uid === "" ? {} : { uid }) };
  const event = (reason: string, key: readonly (string | number)[], message: string): ClusterEvent => ({
    type: "Warning",
    reason,
    message: printable(message),
    about,
    id: createHash("sha256")
      .update(JSON.stringify([uid, reason, ...key]))
      .digest("hex")
      .slice(0, 24),
  });
  const ending = state.excused.flatMap(({ guardrail, pointer, excused }) => {
    if (excused === null) return [];
    const left = excused.expires - now;
    const threshold = Math.min(...END_WARNINGS.filter((seconds) => left <= seconds));
    if (!Number.isFinite(threshold)) return [];
    const message =
      `the exception ${excused.id} from ${guardrail} at ${pathWords(pointer)} ends at ${formatInstant(excused.expires)}, ` +
      `in less than ${durationWords(threshold)}: renew it (ringfence exception request, as the first time) or remove what it excuses`;
    return [event("ExceptionExpiring", [excused.id, guardrail, pointer, excused.expires, threshold], message)];
  });
  const ended = state.lapsed.map(({ finding: { guardrail, pointer }, id, ended: end }) => {
    const message =
      `the exception ${id} from ${guardrail} at ${pathWords(pointer)} ended at ${formatInstant(end)} and what it excused ` +
      "is still there: remove it, or renew the exception: ringfence exception request, as the first time";
    // Told again every day: Events are kept for an hour.
    return event("ExceptionExpired", [id, guardrail, pointer, end, Math.floor((now - end) / DAY)], message);
  });
  return [...ending, ...ended];
}
