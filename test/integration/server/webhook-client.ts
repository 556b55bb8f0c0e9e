/**
 * @module A client for the tests that speaks to the webhook as the API server does: HTTPS, HTTP/1.1, kept connections.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Whether the connection had carried a request before. */
  readonly reused: boolean;
}

export interface ClientOptions {
  readonly port: number;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly connections?: number;
}

export interface Request {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Sends the body in pieces without a Content-Length. */
  readonly chunked?: boolean;
  readonly signal?: AbortSignal;
}

export class WebhookClient {
  readonly #agent: Agent;
  readonly #port: number;

  constructor({ port, connections = 1, ...tls }: ClientOptions) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, host: "localhost", ...tls });
  }

  async send({
    method = "POST",
    path = "/validate?timeout=10s",
    headers,
    body,
    chunked,
    signal,
  }: Request): Promise<Answer> {
    const sent = request({
      agent: this.#agent,
      host: "localhost",
      port: this.#port,
      method,
      path,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(body === undefined || chunked === true ? {} : { "Content-Length": Buffer.byteLength(body) }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (chunked === true && body !== undefined) sent.write(body);
    sent.end(chunked === true ? undefined : body);
    const [response] = await once(sent, "response");
    let text = "";
    response.setEncoding("utf8");
    for await (const piece of response) text += piece;
    return { status: response.statusCode, headers: response.headers, text, reused: sent.reusedSocket };
  }

  /** Sends a review for an object of this name and reads the response out of the answer. */
  async review(name: string, options: Request & { readonly padding?: number } = {}): Promise<ReviewResult> {
    const uid = randomUUID();
    const answer = await this.send({ body: reviewOf(uid, name, options.padding), ...options });
    if (answer.status !== 200) return { ...answer, uid };
    return { ...answer, uid, response: JSON.parse(answer.text).response };
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface ReviewResult extends Answer {
  readonly uid: string;
  readonly response?: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: { code: number; message: string };
  };
}

/** A review as the API server writes it, made longer by a ConfigMap's data. */
export function reviewOf(uid: string, name: string, padding = 0): string {
  return (
    `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"${uid}","name":"${name}",` +
    `"object":{"data":{"padding":"${"x".repeat(padding)}"}}}}`
  );
}
