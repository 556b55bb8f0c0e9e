/**
 * @module What the main thread and a review worker say to each other.
 */
import type { ReviewDecision, ReviewPath } from "./review-handler.ts";

/** A review for a worker. The body's memory is handed over. */
export interface WorkerReview {
  readonly path: ReviewPath;
  readonly body: ArrayBuffer;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

export type WorkerRequest = { readonly id: number; readonly ping: true } | ({ readonly id: number } & WorkerReview);

export type WorkerReply =
  | { readonly id: number; readonly pong: true }
  | { readonly id: number; readonly response: string; readonly decision: ReviewDecision | undefined }
  | { readonly id: number; readonly unreadable: string }
  /** The handler threw; the text is for the log. */
  | { readonly id: number; readonly failure: string };
