/**
 * @module The handler that judges: between the server, which knows HTTP, and admission, which knows reviews.
 */
import { MalformedReview } from "../admission/admission-review.ts";
import type { Decision, Reviewed, ReviewJudge } from "../admission/review-judge.ts";
import { type DecisionListener, type ReviewHandler, type ReviewPath, UnreadableReviewError } from "./review-handler.ts";

/**
 * Makes the handler for both webhooks.
 * @param judge answers the reviews
 * @param listener is told of every decision
 */
export function createJudgingHandler(judge: ReviewJudge, listener: DecisionListener): ReviewHandler {
  const finish = (path: ReviewPath, { response, decision }: Reviewed): string => {
    listener(toReviewDecision(path, decision));
    return response;
  };
  return {
    review(path, body) {
      try {
        const reviewed = path === "/mutate" ? judge.mutate(body) : judge.validate(body);
        return reviewed instanceof Promise ? reviewed.then((done) => finish(path, done)) : finish(path, reviewed);
      } catch (cause) {
        if (cause instanceof MalformedReview) throw new UnreadableReviewError(cause.message);
        throw cause;
      }
    },
  };
}

function toReviewDecision(path: ReviewPath, decision: Decision) {
  const { uid, user, kind, namespace, name, guardrails, result } = decision;
  const allowed = result === "allowed" || result === "not-judged";
  if (allowed) return { path, allowed, guardrails };
  return { path, allowed, guardrails, subject: { uid, user, kind, namespace, name } };
}
