/**
 * @module The worker's side of the worker lane. The module that a worker starts with calls `answerReviews`.
 */
import { parentPort } from "node:worker_threads";
import type { DecisionListener, ReviewDecision, ReviewHandler } from "./review-handler.ts";
import type { WorkerReply, WorkerRequest, WorkerReview } from "./worker-messages.ts";

/**
 * Answers the reviews and pings that the lane sends. The lane counts the worker as ready as soon as it answers.
 * @param createHandler makes the handler, ready and warm; it reports decisions to the listener that it is given
 * @example
 * await answerReviews((onDecision) => createReviewHandler(workerData, onDecision));
 */
export async function answerReviews(
  createHandler: (onDecision: DecisionListener) => ReviewHandler | Promise<ReviewHandler>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("answerReviews runs in a worker thread only");
  // The lane sends one review at a time, so the decision in between is this review's.
  let decision: ReviewDecision | undefined;
  const handler = await createHandler((reported) => {
    decision = reported;
  });
  port.on("message", async (request: WorkerRequest) => {
    if ("ping" in request) {
      port.postMessage({ id: request.id, pong: true } satisfies WorkerReply);
      return;
    }
    decision = undefined;
    const outcome = await judge(handler, request);
    const reply: WorkerReply =
      "response" in outcome ? { id: request.id, ...outcome, decision } : { id: request.id, ...outcome };
    port.postMessage(reply);
  });
}

type Outcome = { response: string } | { unreadable: string } | { failure: string };

async function judge(handler: ReviewHandler, review: WorkerReview): Promise<Outcome> {
  try {
    return { response: await handler.review(review.path, new Uint8Array(review.body), review.deadline) };
  } catch (error) {
    const { name, message, stack } = error as Partial<Error>;
    if (name === "UnreadableReviewError") return { unreadable: message ?? "" };
    return { failure: stack ?? String(error) };
  }
}
