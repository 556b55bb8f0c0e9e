/**
 * @module What the request line and the headers say: whether this is a review, how long it may take, why it is refused.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { FailureReason } from "./metrics.ts";
import type { ReviewPath } from "./review-handler.ts";
import type { ServerLimits } from "./server-limits.ts";

export interface ReviewRoute {
  readonly path: ReviewPath;
  /** What follows the `?`, or an empty string. */
  readonly query: string;
}

/** A request that gets no verdict: HTTP status and one sentence of plain text, which the API server shows the user. */
export interface Refusal {
  readonly status: 400 | 405 | 413 | 415 | 429 | 500;
  readonly reason: FailureReason;
  readonly message: string;
}

const PATHS: readonly ReviewPath[] = ["/validate", "/mutate"];
// RFC 9110, 8.3.1: type and charset are case-insensitive, the value may be quoted, and spaces may stand around ";".
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*$/i;
// A Go time.Duration as the API server writes it: 10s, 1.5s, 500ms, 1m0s.
const TIMEOUT = /(?:^|&)timeout=(?:(\d{1,4})m)?(\d{1,6}(?:\.\d{1,9})?)(ms|s)(?:&|$)/;
// The answer has to be back before the API server gives up, or the failure policy decides instead.
const ANSWER_MS = 500;

/** The review that a request target asks for, or `undefined` when it is for something else. */
export function reviewRoute(target: string): ReviewRoute | undefined {
  for (const path of PATHS) {
    if (!target.startsWith(path)) continue;
    const next = target[path.length];
    if (next !== undefined && next !== "/" && next !== "?") continue;
    const question = target.indexOf("?", path.length);
    return { path, query: question === -1 ? "" : target.slice(question + 1) };
  }
  return undefined;
}

/**
 * How long a review may take: what the API server grants (`?timeout=10s`) less the time to answer.
 * @returns milliseconds
 */
export function reviewTime(query: string, limits: Pick<ServerLimits, "reviewMs" | "longestReviewMs">): number {
  const granted = query === "" ? undefined : grantedTime(query);
  if (granted === undefined) return limits.reviewMs;
  return Math.min(Math.max(granted - ANSWER_MS, granted / 2), limits.longestReviewMs);
}

function grantedTime(query: string): number | undefined {
  const match = TIMEOUT.exec(query);
  if (match === null) return undefined;
  const [, minutes = "0", amount, unit] = match;
  const granted = Number(minutes) * 60_000 + Number(amount) * (unit === "s" ? 1000 : 1);
  return granted > 0 ? granted : undefined;
}

/** Why the method or the headers of a review keep it from being read. */
export function refusalOf(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  limits: Pick<ServerLimits, "discardBytes">,
): Refusal | undefined {
  if (method !== "POST") {
    return { status: 405, reason: "method", message: "reviews are sent with POST" };
  }
  const type = headers["content-type"];
  if (type !== "application/json" && !JSON_TYPE.test(type ?? "")) {
    return {
      status: 415,
      reason: "content-type",
      message: "a review's content type has to be application/json, in UTF-8",
    };
  }
  if (headers["content-encoding"] !== undefined) {
    return { status: 415, reason: "content-encoding", message: "a review must not be compressed or encoded" };
  }
  if (Number(headers["content-length"] ?? 0) > limits.discardBytes) return tooLarge();
  return undefined;
}

/** The refusal of a body that is too large even to find out whose it is. */
export function tooLarge(): Refusal {
  return { status: 413, reason: "too-large", message: "the review is too large to be judged" };
}

/** The refusal of a review for which there is no room now; the API server tries again after a second. */
export function overloaded(): Refusal {
  return {
    status: 429,
    reason: "overloaded",
    message: "ringfence has too many reviews in hand; try again in a second",
  };
}
