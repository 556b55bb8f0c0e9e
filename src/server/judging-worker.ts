/**
 * @module The worker of the worker lane: an engine of its own over the same files, kept up to date in the same way.
 */
import { workerData } from "node:worker_threads";
import { ReviewJudge } from "../admission/review-judge.ts";
import { type EngineFiles, LiveEngine } from "../engine/live-engine.ts";
import { askForDefaultDeny } from "./default-deny-channel.ts";
import { createJudgingHandler } from "./judging-handler.ts";
import { askForNamespaces } from "./namespace-channel.ts";
import { answerReviews } from "./review-worker.ts";

export interface JudgingWorkerData {
  readonly files: EngineFiles;
  readonly reloadSeconds: number;
  /** Whether the main thread watches a cluster. */
  readonly withNamespaces: boolean;
}

const { files, reloadSeconds, withNamespaces } = workerData as JudgingWorkerData;

// No top-level await: the built form is CommonJS.
void answerReviews(async (onDecision) => {
  // The main thread looks at the same files and says what is wrong with them.
  const live = await LiveEngine.start(files, { replaced: () => undefined, refused: () => undefined });
  live.watch(reloadSeconds);
  const judge = withNamespaces
    ? new ReviewJudge(() => live.current, askForNamespaces(), askForDefaultDeny())
    : new ReviewJudge(() => live.current, undefined);
  return createJudgingHandler(judge, onDecision);
});
