/**
 * @module The way of a review: headers, body, verdict, answer. It stands before Express and does nothing per request
 * that it can do once; its cost is measured as a ratio to a bare node:https server.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connections } from "./connections.ts";
import { Load } from "./load.ts";
import { type Logger, shorten } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import { findUid, HEAD_BYTES, type UnjudgedReason, unjudgedAnswer } from "./review-answer.ts";
import type { Lane, ReviewHandler } from "./review-handler.ts";
import { overloaded, type Refusal, type ReviewRoute, refusalOf, reviewTime, tooLarge } from "./review-request.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { WorkerLane } from "./worker-lane.ts";

export interface HotPathParts {
  readonly handler: ReviewHandler;
  readonly lane: Pick<WorkerLane, "review">;
  /** Whether small bodies may be judged on the main thread, where a slow verdict can't be stopped. */
  readonly allowInline: () => boolean;
  readonly limits: ServerLimits;
  readonly load: Load;
  readonly connections: Connections;
  readonly metrics: ServerMetrics;
  readonly log: Logger;
}

export type HotPath = (route: ReviewRoute, request: IncomingMessage, response: ServerResponse) => void;

export function createHotPath(parts: HotPathParts): HotPath {
  return (route, request, response) => new ReviewExchange(parts, route, request, response).start();
}

/** One request and its answer. */
class ReviewExchange {
  readonly #parts: HotPathParts;
  readonly #route: ReviewRoute;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #startedAt = performance.now();
  readonly #deadline: number;
  #chunks: Uint8Array[] = [];
  /** Bytes that have come. */
  #length = 0;
  /** Bytes that count as load. */
  #held = 0;
  #discarding = false;
  #answered = false;
  #abort: AbortController | undefined;

  constructor(parts: HotPathParts, route: ReviewRoute, request: IncomingMessage, response: ServerResponse) {
    this.#parts = parts;
    this.#route = route;
    this.#request = request;
    this.#response = response;
    this.#deadline = Date.now() + reviewTime(route.query, parts.limits);
  }

  start(): void {
    const { limits, load } = this.#parts;
    const refusal = refusalOf(this.#request.method, this.#request.headers, limits);
    if (refusal !== undefined) return this.#refuse(refusal);
    const announced = Number(this.#request.headers["content-length"] ?? 0);
    this.#discarding = announced > limits.bodyBytes;
    if (!load.begin(this.#discarding ? 0 : announced)) return this.#refuse(overloaded());
    this.#request.on("data", (chunk: Uint8Array) => this.#take(chunk));
    this.#request.on("end", () => this.#judge());
    this.#response.on("close", () => this.#close());
  }

  #take(chunk: Uint8Array): void {
    if (this.#answered) return;
    this.#length += chunk.length;
    if (this.#length > this.#parts.limits.bodyBytes) this.#startDiscarding();
    if (this.#length > this.#parts.limits.discardBytes) return this.#refuse(tooLarge());
    if (this.#discarding) return this.#keepHead(chunk);
    if (!this.#parts.load.hold(chunk.length)) return this.#refuse(overloaded());
    this.#held += chunk.length;
    this.#chunks.push(chunk);
  }

  #startDiscarding(): void {
    if (this.#discarding) return;
    this.#discarding = true;
    this.#chunks = [join(this.#chunks, HEAD_BYTES)];
    this.#release();
  }

  #keepHead(chunk: Uint8Array): void {
    if (this.#length - chunk.length < HEAD_BYTES) this.#chunks = [join([...this.#chunks, chunk], HEAD_BYTES)];
  }

  #judge(): void {
    if (this.#answered) return;
    if (this.#discarding) return this.#deny("too-large");
    if (Date.now() >= this.#deadline) return this.#deny("timeout");
    if (this.#length > this.#parts.limits.inlineBytes || !this.#parts.allowInline()) this.#judgeInWorker();
    else this.#judgeInline();
  }

  #judgeInline(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first !== undefined ? first : join(this.#chunks, this.#length);
    this.#chunks = [body];
    try {
      const answer = this.#parts.handler.review(this.#route.path, body, this.#deadline);
      if (typeof answer === "string") this.#answer(answer, "inline");
      else this.#await(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  #await(answer: Promise<string>): void {
    const timer = setTimeout(() => this.#deny("timeout"), this.#deadline - Date.now());
    void answer
      .then(
        (text) => this.#answer(text, "inline"),
        (error: unknown) => this.#fail(error),
      )
      .finally(() => clearTimeout(timer));
  }

  #judgeInWorker(): void {
    const body = join(this.#chunks, this.#length);
    // The body is handed over to the worker; only its head stays, for an answer in case of failure.
    this.#chunks = [body.slice(0, HEAD_BYTES)];
    this.#abort = new AbortController();
    void this.#parts.lane
      .review({ path: this.#route.path, body: body.buffer, deadline: this.#deadline }, this.#abort.signal)
      .then((outcome) => {
        switch (outcome.kind) {
          case "answered":
            return this.#answer(outcome.response, "worker");
          case "unreadable":
            return this.#refuse({ status: 400, reason: "unreadable", message: outcome.message });
          case "overloaded":
            return this.#refuse(overloaded());
          case "failed":
            return this.#deny(outcome.reason);
        }
      });
  }

  /** An exception of the handler. */
  #fail(error: unknown): void {
    if (isUnreadable(error)) return this.#refuse({ status: 400, reason: "unreadable", message: error.message });
    this.#parts.log.error({ err: error, path: this.#route.path, uid: this.#uid() }, "the review handler failed");
    this.#deny("handler-error");
  }

  #answer(text: string, lane: Lane): void {
    if (this.#answered) return;
    this.#parts.metrics.reviewed(this.#route.path, lane, (performance.now() - this.#startedAt) / 1000);
    this.#send(200, "application/json", text);
  }

  /** A denial without a verdict; without a uid, which the API server needs to accept it, an HTTP error. */
  #deny(reason: UnjudgedReason): void {
    if (this.#answered) return;
    const uid = this.#uid();
    if (uid === undefined) {
      if (reason === "too-large") return this.#refuse(tooLarge());
      return this.#refuse({ status: 500, reason, message: "ringfence couldn't judge the review" });
    }
    this.#parts.metrics.failed(reason);
    this.#parts.log.warn({ path: this.#route.path, uid: shorten(uid), reason }, "denied without a verdict");
    this.#send(200, "application/json", unjudgedAnswer(uid, reason));
  }

  #refuse(refusal: Refusal): void {
    if (this.#answered) return;
    this.#parts.metrics.failed(refusal.reason);
    if (refusal.status === 405) this.#response.setHeader("Allow", "POST");
    if (refusal.status === 429) this.#response.setHeader("Retry-After", "1");
    // What is still to come of such a body isn't worth reading; every other rest is read and thrown away by Node.
    if (refusal.status === 413) this.#response.setHeader("Connection", "close");
    this.#send(refusal.status, "text/plain; charset=utf-8", `${refusal.message}\n`);
  }

  // One write: Node joins the header and a string body.
  #send(status: number, type: string, text: string): void {
    this.#answered = true;
    this.#chunks = [];
    if (this.#parts.connections.isLastAnswer(this.#request.socket)) this.#response.setHeader("Connection", "close");
    this.#response.writeHead(status, ["Content-Type", type, "Content-Length", String(Buffer.byteLength(text))]);
    this.#response.end(text);
  }

  #uid(): string | undefined {
    return findUid(join(this.#chunks, HEAD_BYTES));
  }

  #release(): void {
    this.#parts.load.release(this.#held);
    this.#held = 0;
  }

  /** The answer is out, or the client has gone. */
  #close(): void {
    this.#release();
    this.#parts.load.end();
    if (this.#answered) return;
    this.#answered = true;
    this.#chunks = [];
    this.#abort?.abort();
    this.#parts.metrics.failed("client-gone");
  }
}

/** The first `length` bytes of the chunks, in memory of their own. */
function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const available = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const whole = new Uint8Array(Math.min(available, length));
  let at = 0;
  for (const chunk of chunks) {
    if (at === whole.length) break;
    const part = chunk.subarray(0, whole.length - at);
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// By name: the handler may come from another bundle (or thread) with a class of its own.
function isUnreadable(error: unknown): error is Error {
  return (error as Error | undefined)?.name === "UnreadableReviewError";
}
