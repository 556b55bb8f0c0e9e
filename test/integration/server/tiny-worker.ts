/**
 * @module The worker of the tests: the tiny handler behind the lane's protocol.
 */
import { answerReviews } from "../../../src/server/review-worker.ts";
import { createTinyHandler } from "./tiny-handler.ts";

await answerReviews(createTinyHandler);
