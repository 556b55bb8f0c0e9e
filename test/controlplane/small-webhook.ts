/**
 * @module A small webhook of our own for tests: it remembers what arrives and answers what the test says. It stands
 * for webhooks beside Ringfence, and shows what the API server sends and makes of answers.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import type { CertificateAuthority } from "./certificates.ts";

/** The part of an admission request that tests look at; `object` and `oldObject` are whatever the server sent. */
interface ReceivedRequest {
  readonly uid: string;
  readonly operation: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly userInfo: { readonly username: string; readonly groups?: readonly string[] };
  readonly object: ReceivedObject | null;
  readonly oldObject: ReceivedObject | null;
}

interface ReceivedObject {
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
}

/** One call of the webhook. */
interface ReceivedCall {
  /** Path and query. */
  readonly path: string;
  /** Common name of the client certificate; undefined when none was shown. */
  readonly client: string | undefined;
  readonly request: ReceivedRequest;
}

/** `response` of the AdmissionReview; the uid of the request is added unless it has one. */
export type Answer = { readonly status?: number; readonly response: object };

export interface SmallWebhook {
  readonly url: string;
  /** What arrived, oldest first; tests may empty it. */
  readonly calls: ReceivedCall[];
  /** Decides; tests may replace it. The first decision allows everything. */
  answer: (call: ReceivedCall) => Answer;
  close(): Promise<void>;
}

/**
 * Starts the webhook on a free port of 127.0.0.1.
 * @param authority issues its certificate
 * @param clientAuthority PEM; when given, callers must show a certificate of it
 */
export async function startSmallWebhook(
  authority: CertificateAuthority,
  clientAuthority?: string,
): Promise<SmallWebhook> {
  const identity = await authority.issueServer(["127.0.0.1"]);
  const clients =
    clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ cert: identity.certificate, key: identity.key, ...clients });
  const webhook: SmallWebhook = {
    url: "",
    calls: [],
    answer: () => ({ response: { allowed: true } }),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  server.on("request", (request, response) => void respond(webhook, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A test that fails before it closes the webhook must not keep the test run alive.
  server.unref();
  const { port } = server.address() as AddressInfo;
  return Object.assign(webhook, { url: `https://127.0.0.1:${port}` });
}

async function respond(webhook: SmallWebhook, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const review = JSON.parse(await text(incoming)) as { apiVersion: string; kind: string; request: ReceivedRequest };
  const { apiVersion, kind, request } = review;
  const call = { path: incoming.url ?? "", client: clientName(incoming.socket as TLSSocket), request };
  webhook.calls.push(call);
  const { status = 200, response } = webhook.answer(call);
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ apiVersion, kind, response: { uid: request.uid, ...response } }));
}

function clientName(socket: TLSSocket): string | undefined {
  const name = socket.getPeerCertificate().subject?.CN;
  return Array.isArray(name) ? name.join(",") : name;
}
