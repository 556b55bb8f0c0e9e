/**
 * @module What happens with each decision besides the answer: it is counted, and a denial gets one line in the log.
 */
import { type Logger, shorten } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { DecisionListener } from "./review-handler.ts";

/** The listener for the handler on the main thread; decisions made in a worker come to the same one. */
export function createDecisionListener(metrics: Pick<ServerMetrics, "decided">, log: Logger): DecisionListener {
  return (decision) => {
    metrics.decided(decision);
    if (decision.allowed) return;
    const { path, guardrails, subject } = decision;
    log.warn(
      {
        path,
        guardrails,
        uid: shorten(subject?.uid ?? ""),
        user: shorten(subject?.user ?? ""),
        kind: shorten(subject?.kind ?? ""),
        namespace: shorten(subject?.namespace ?? ""),
        name: shorten(subject?.name ?? ""),
      },
      "denied",
    );
  };
}
