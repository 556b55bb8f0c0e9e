/**
 * @module A thin HTTPS client for the Kubernetes API: JSON as it is on the wire, every failure a ClusterError. The
 * client library's typed calls drop the fields that they don't know, so only its reading of kubeconfigs is used.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { JsonValue } from "../intake/json-value.ts";
import { type ClusterChoice, ClusterCredentials } from "./cluster-credentials.ts";
import { type ClusterError, connectionError, interruption, ownError, refusal } from "./cluster-error.ts";
import { Deadline } from "./deadline.ts";
import { LineSplitter } from "./line-splitter.ts";

/** Values of a query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * One call. A server-side apply is a PATCH with `contentType` "application/apply-patch+yaml" and `query`
 * {fieldManager, force}; a guarded deletion is a DELETE with a `body` of DeleteOptions that has preconditions.
 */
export interface ClusterRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the server, such as `/api/v1/namespaces`; names in it are encoded by the caller. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: JsonValue;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
  /** For the whole call; default 30 seconds. */
  readonly timeoutMs?: number;
  /** Longest answer; default 64 MiB. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** A success (status 2xx). */
export interface ClusterAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body; null where there is none. */
  readonly json: JsonValue;
}

/** A long GET whose answer comes line by line. */
export interface WatchRequest {
  readonly path: string;
  readonly query: Query;
  /** Called once the server has accepted the watch. */
  readonly onOpen?: () => void;
  /** Called for every line; what it throws ends the watch. */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly limits: WatchLimits;
}

/** All in milliseconds. */
interface WatchLimits {
  /** Until the server accepts the watch. */
  readonly answerMs: number;
  /** Between two pieces of data; a half-open connection shows by nothing else. */
  readonly silenceMs: number;
  /** For the whole watch. */
  readonly totalMs: number;
}

const REQUEST_LIMIT_MS = 30_000;
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;
const REFUSAL_LIMIT_BYTES = 1024 * 1024;
// The API server takes objects up to 3 MB.
const LINE_LIMIT_BYTES = 8 * 1024 * 1024;
const TCP_KEEP_ALIVE_MS = 30_000;
const MOST_SOCKETS = 64;
const MOST_IDLE_SOCKETS = 8;

/**
 * Reads the configuration of a cluster and makes a client for it; nothing is sent yet.
 * @throws ClusterError `NotConfigured` where there is no usable configuration
 */
export async function connectCluster(choice: ClusterChoice = {}): Promise<ClusterClient> {
  return new ClusterClient(await ClusterCredentials.load(choice));
}

export class ClusterClient {
  readonly #credentials: ClusterCredentials;
  readonly #agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: TCP_KEEP_ALIVE_MS,
    maxSockets: MOST_SOCKETS,
    maxFreeSockets: MOST_IDLE_SOCKETS,
  });

  constructor(credentials: ClusterCredentials) {
    this.#credentials = credentials;
  }

  /**
   * Makes one call.
   * @throws ClusterError for every answer but a success, and where there is none
   */
  async request(request: ClusterRequest): Promise<ClusterAnswer> {
    const call = `${request.method} ${request.path}`;
    const limit = request.timeoutMs ?? REQUEST_LIMIT_MS;
    const deadline = new Deadline(request.signal);
    deadline.limit(limit, "Timeout", `the API server didn't answer ${call} in ${limit / 1000} s`);
    return underDeadline(deadline, async () => {
      const response = await this.#open(request, call, deadline);
      const text = await readText(response, call, request.limitBytes ?? ANSWER_LIMIT_BYTES);
      return { status: response.statusCode ?? 0, headers: response.headers, json: parseAnswer(text, call) };
    });
  }

  /**
   * Watches until the server ends it.
   * @throws ClusterError for every other ending
   */
  async watch(request: WatchRequest): Promise<void> {
    const { path, query, limits, onLine } = request;
    const call = `GET ${path} (watch)`;
    const deadline = new Deadline(request.signal);
    deadline.limit(limits.totalMs, "Silent", `the API server didn't end ${call} in ${limits.totalMs / 1000} s`);
    const answer = deadline.limit(limits.answerMs, "Timeout", `no answer to ${call} in ${limits.answerMs / 1000} s`);
    return underDeadline(deadline, async () => {
      const response = await this.#open({ method: "GET", path, query: { ...query, watch: true } }, call, deadline);
      clearTimeout(answer);
      request.onOpen?.();
      const silence = deadline.limit(limits.silenceMs, "Silent", `nothing of ${call} in ${limits.silenceMs / 1000} s`);
      await readLines(
        response,
        call,
        (line) => onLine(line),
        () => silence.refresh(),
      );
    });
  }

  /** Drops all connections; calls under way fail. */
  close(): void {
    this.#agent.destroy();
  }

  /** Sends a request and gives its answer, of which the body is still to come; only a success. */
  async #open(request: ClusterRequest, call: string, deadline: Deadline): Promise<IncomingMessage> {
    const { server, options } = await deadline.wait(this.#credentials.connection());
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const sent: RequestOptions = {
      agent: this.#agent,
      ...options,
      method: request.method,
      hostname: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port,
      // Not through URL, which would resolve dots in a name.
      path: `${server.pathname.replace(/\/$/, "")}${request.path}${queryText(request.query ?? {})}`,
      headers: { ...headersFor(body, request.contentType), ...(options.headers as Record<string, string>) },
      signal: deadline.signal,
    };
    let response: IncomingMessage;
    try {
      response = await sendAgainIfStale(sent, body);
    } catch (cause) {
      if (!deadline.signal.aborted) this.#credentials.distrust();
      throw connectionError(server.host, cause);
    }
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    if (status === 401) this.#credentials.distrust();
    throw refusal(call, status, await readText(response, call, REFUSAL_LIMIT_BYTES), response.headers);
  }
}

/** Runs a call and makes the deadline's error out of whatever its end causes. */
async function underDeadline<T>(deadline: Deadline, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw deadline.signal.aborted ? (deadline.signal.reason as ClusterError) : cause;
  } finally {
    deadline.end();
  }
}

// A pooled connection may have been closed by the server a moment ago. A GET can be sent again, on a new one or another.
async function sendAgainIfStale(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  for (;;) {
    const sent = await send(options, body);
    if ("response" in sent) return sent.response;
    if (options.method !== "GET" || !sent.reusedSocket || options.signal?.aborted) throw sent.error;
  }
}

type Sent = { readonly response: IncomingMessage } | { readonly error: Error; readonly reusedSocket: boolean };

function send(options: RequestOptions, body: string | undefined): Promise<Sent> {
  return new Promise((resolve) => {
    const outgoing = httpsRequest(options, (response) => resolve({ response }));
    outgoing.on("error", (error) => resolve({ error, reusedSocket: outgoing.reusedSocket }));
    outgoing.end(body);
  });
}

function headersFor(body: string | undefined, contentType = "application/json"): Record<string, string | number> {
  const headers = { accept: "application/json", "user-agent": "ringfence" };
  if (body === undefined) return headers;
  // Said explicitly: Node sends no length for the body of a DELETE.
  return { ...headers, "content-type": contentType, "content-length": Buffer.byteLength(body) };
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

async function readText(response: IncomingMessage, call: string, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw ownError("TooLarge", `the API server's answer to ${call} is larger than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw interruption(call, cause);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readLines(
  response: IncomingMessage,
  call: string,
  onLine: (line: string) => void,
  onData: () => void,
): Promise<void> {
  const lines = new LineSplitter(LINE_LIMIT_BYTES);
  const deliver = (line: string) => {
    if (line !== "") onLine(line);
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      onData();
      for (const line of lines.push(chunk)) deliver(line);
    }
  } catch (cause) {
    throw interruption(call, cause);
  }
  // A line without an end is an event that was cut off; the reader sees that it is no JSON.
  deliver(lines.rest());
}

function parseAnswer(text: string, call: string): JsonValue {
  if (text === "") return null;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw ownError("Malformed", `the answer to ${call} is no JSON; is this the address of an API server?`);
  }
}
