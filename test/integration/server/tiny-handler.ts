/**
 * @module The smallest real handler: it reads the review and does what the object's name says.
 */
import {
  type DecisionListener,
  type ReviewHandler,
  type ReviewPath,
  UnreadableReviewError,
} from "../../../src/server/review-handler.ts";

export function createTinyHandler(onDecision: DecisionListener): ReviewHandler {
  return {
    review(path, body) {
      const { uid, name } = readReview(body);
      if (name === "throw") throw new Error("broken on purpose");
      if (name === "spin") for (;;);
      if (name === "crash") process.exit(7);
      if (name === "never") return new Promise(() => undefined);
      const allowed = name !== "denied";
      const subject = { uid, user: "alice", kind: "ConfigMap", namespace: "shop", name };
      const decide = (): string => {
        onDecision({ path, allowed, guardrails: allowed ? [] : ["any-any"], ...(allowed ? {} : { subject }) });
        return answerOf(path, uid, allowed);
      };
      if (name !== "slow") return decide();
      return new Promise((resolve) => setTimeout(() => resolve(decide()), 300));
    },
  };
}

function readReview(body: Uint8Array): { uid: string; name: string } {
  try {
    const { request } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof request.uid === "string") return { uid: request.uid, name: request.name ?? "" };
  } catch {
    // It has no uid either.
  }
  throw new UnreadableReviewError("the body isn't an AdmissionReview");
}

function answerOf(path: ReviewPath, uid: string, allowed: boolean): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, allowed, ...(path === "/mutate" ? { patchType: "JSONPatch", patch: "W10=" } : {}) },
  });
}
