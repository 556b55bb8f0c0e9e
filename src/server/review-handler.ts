/**
 * @module What the server asks of the part that judges: the bytes of an AdmissionReview in, the answer's text out.
 */

/** The two webhooks. The paths of a request may go on after a slash (`/validate/strict`); the handler sees these two. */
export type ReviewPath = "/validate" | "/mutate";

export interface ReviewHandler {
  /**
   * Judges one review. What is wrong with the object is a denial in the answer, never an exception.
   * @param body the request's body as it came over the wire: nobody has checked that it is JSON, or even UTF-8
   * @param deadline milliseconds since the epoch (the clock of `Date.now()`, which threads share); the server answers
   *   with a denial of its own at that moment
   * @returns the AdmissionReview response as JSON text
   * @throws {UnreadableReviewError} the body is no review that could be answered; every other exception denies
   */
  review(path: ReviewPath, body: Uint8Array, deadline: number): string | Promise<string>;
}

/**
 * The body isn't an AdmissionReview v1 with a uid, so no answer would be accepted. The client gets HTTP 400 and the
 * message as plain text, which the API server passes on to the user.
 */
export class UnreadableReviewError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnreadableReviewError";
  }
}

/** What was decided, for metrics and the log. Strings are as the object has them; the listener shortens them. */
export interface ReviewDecision {
  readonly path: ReviewPath;
  readonly allowed: boolean;
  /** Slugs of the guardrails that deny; empty when allowed. */
  readonly guardrails: readonly string[];
  /** Who and what, for the log. A handler may leave it out when it allows: nobody reads it then. */
  readonly subject?: ReviewSubject;
}

interface ReviewSubject {
  readonly uid: string;
  readonly user: string;
  readonly kind: string;
  /** Empty for an object without a namespace. */
  readonly namespace: string;
  /** Empty when the server will generate it. */
  readonly name: string;
}

/** Told once per decision by the handler, on whichever thread it runs. */
export type DecisionListener = (decision: ReviewDecision) => void;

/** Where a review was judged: small bodies on the main thread, big ones in a worker. */
export type Lane = "inline" | "worker";
