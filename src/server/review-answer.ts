/**
 * @module Answers that the server gives itself when no verdict exists: a denial under the review's own uid, because
 * an HTTP error would leave the decision to the failure policy, and that may admit.
 */
import type { FailureReason } from "./metrics.ts";

/** How much of a body is kept to find the uid in. */
export const HEAD_BYTES = 1024;

/** Reasons for which a review that was received gets a denial without a verdict. */
export type UnjudgedReason = Extract<FailureReason, "too-large" | "timeout" | "handler-error" | "worker-lost">;

// The API server encodes kind and apiVersion first, then the request, whose first field is the uid. The pattern is
// anchored and walks only over these, so that nothing from inside the object can pose as the uid.
const UID =
  /^\s*\{(?:\s*"(?:kind|apiVersion)"\s*:\s*"[^"\\]*"\s*,)*\s*"request"\s*:\s*\{\s*"uid"\s*:\s*"([^"\\\p{Cc}]{1,128})"/u;

const MESSAGES: Record<UnjudgedReason, string> = {
  "too-large":
    "the review is larger than ringfence judges (16 MiB unless configured); make the object smaller or split it",
  timeout: "ringfence couldn't judge the object in time; try again, and make the object smaller if it happens again",
  "handler-error": "ringfence failed while it judged the object; its log holds the cause under this uid",
  "worker-lost": "ringfence lost the worker that judged the object; try again, and see its log if it happens again",
};

/** The uid of the review that starts with these bytes, if the API server wrote it. */
export function findUid(head: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(head.subarray(0, HEAD_BYTES));
  return UID.exec(text)?.[1];
}

/** The AdmissionReview that denies without a verdict. */
export function unjudgedAnswer(uid: string, reason: UnjudgedReason): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: false,
      status: { code: 403, reason: "Forbidden", message: `ringfence denied the request: ${MESSAGES[reason]}` },
    },
  });
}
