/**
 * @module An API server for tests of the watch that fails on demand: real TLS, real sockets, namespaces only. What it
 * does when it doesn't fail is what kube-apiserver does: pages, resource versions, history, bookmarks, timeoutSeconds.
 */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createAuthority, issueCertificate } from "../../../src/certs/issue-certificate.ts";
import type { PemPair } from "../../../src/certs/pem-pair.ts";
import { ScriptedNamespaces, type WatchLine } from "./scripted-namespaces.ts";

/** What happens to the watches that are open. */
export type Disturbance =
  | "none"
  | "end"
  | "reset"
  | "freeze"
  | "garbage"
  | "truncated"
  | "unknown-event"
  | "nameless-object"
  | "endless-line"
  | "error-410"
  | "error-500"
  | "lose-events"
  | "restart";

/** What some of the next requests get instead of an answer. */
export interface NextAnswer {
  readonly to: SeenRequest["verb"];
  /** How many of them; default one. */
  times?: number;
  /** Default 500; `do` takes precedence. */
  readonly status?: number;
  readonly retryAfter?: number;
  readonly do?: "reset" | "hang" | "truncated" | "garbage" | "endless" | "end-at-once" | "no-status-body";
  /** Lets pages before it pass: only a list request with a continue token gets it. */
  readonly laterPage?: boolean;
}

export interface SeenRequest {
  readonly verb: "list" | "watch" | "get" | "other";
  readonly method: string;
  readonly url: URL;
  /** Path and query as they came; `url` resolves dots. */
  readonly rawUrl: string;

  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const REASONS = new Map([
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [410, "Expired"],
  [429, "TooManyRequests"],
  [500, "InternalError"],
]);
const COLLECTION = "/api/v1/namespaces";
const RESTART_MS = 100;
const ENDLESS_BYTES = 4 * 1024 * 1024;

// The same for all servers of a test file.
let certificates: ReturnType<typeof issue> | undefined;

async function issue(): Promise<{ authority: string; identity: PemPair }> {
  const authority = await createAuthority({ commonName: "scripted API server", days: 1 });
  const identity = await issueCertificate(authority, { commonName: "api", hosts: ["127.0.0.1"], usage: "server" });
  return { authority: authority.certificate, identity };
}

export class ScriptedApiServer {
  readonly namespaces = new ScriptedNamespaces();
  readonly requests: SeenRequest[] = [];
  readonly authority: string;
  /** Answers that replace the next ones. */
  next: NextAnswer[] = [];
  /** Without this token a request gets 401; undefined: everyone may ask. */
  token: string | undefined;
  bookmarkMs = 0;
  /** A server that doesn't end a watch although it was asked to. */
  ignoresTimeout = false;
  readonly #identity: PemPair;
  #server: Server | undefined;
  #restart: NodeJS.Timeout | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<ServerResponse>();

  private constructor(authority: string, identity: PemPair) {
    this.authority = authority;
    this.#identity = identity;
    this.namespaces.onEvent = (line) => this.#broadcast(line);
  }

  static async start(): Promise<ScriptedApiServer> {
    certificates ??= issue();
    const { authority, identity } = await certificates;
    const server = new ScriptedApiServer(authority, identity);
    await server.#listen();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** Connections that are open. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  count(verb: SeenRequest["verb"]): number {
    return this.requests.filter((request) => request.verb === verb).length;
  }

  /** Cuts all connections and listens no more; a restart listens on the same port. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async disturb(disturbance: Disturbance): Promise<void> {
    if (disturbance === "lose-events") return void (this.namespaces.onEvent = () => {});
    if (disturbance === "restart") {
      await this.stop();
      this.#restart = setTimeout(() => void this.#listen(), RESTART_MS);
      return;
    }
    for (const watch of this.#watches) {
      if (disturbance === "reset") this.#reset(watch);
      else disturbWatch(watch, disturbance);
    }
    if (disturbance !== "none") this.#watches.clear();
  }

  async #listen(): Promise<void> {
    const server = createServer({ cert: this.#identity.certificate, key: this.#identity.key });
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("request", (request, response) => void this.#answer(request, response));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url);
    const verb = verbOf(request.method, url);
    const { method = "", headers, url: rawUrl = "" } = request;
    this.requests.push({ verb, method, url, rawUrl, headers, body: await bodyOf(request) });
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return refuse(response, 401);
    }
    const scripted = this.#takeScripted(verb, url);
    if (scripted?.do === "reset") return this.#reset(response);
    if (scripted !== undefined) return answerAsScripted(response, scripted);
    switch (verb) {
      case "watch":
        return this.#watch(url, response);
      case "list":
        return send(response, 200, this.namespaces.page(url.searchParams));
      case "get": {
        const found = this.namespaces.object(decodeURIComponent(url.pathname.slice(COLLECTION.length + 1)));
        return found === undefined ? refuse(response, 404) : send(response, 200, found);
      }
      case "other":
        return send(response, 200, {});
    }
  }

  /** Ends a connection by a TCP reset, which TLS knows nothing of. */
  #reset(response: ServerResponse): void {
    const port = response.socket?.remotePort;
    for (const socket of this.#sockets) if (socket.remotePort === port) socket.resetAndDestroy();
  }

  #takeScripted(verb: SeenRequest["verb"], url: URL): NextAnswer | undefined {
    const isLater = url.searchParams.has("continue");
    const found = this.next.find(({ to, laterPage }) => to === verb && (!laterPage || isLater));
    if (found === undefined) return undefined;
    found.times = (found.times ?? 1) - 1;
    if (found.times === 0) this.next = this.next.filter((answer) => answer !== found);
    return found;
  }

  #watch(url: URL, response: ServerResponse): void {
    const missed = this.namespaces.since(Number(url.searchParams.get("resourceVersion")));
    if (missed === undefined) return refuse(response, 410);
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    for (const line of missed) writeLine(response, line);
    this.#watches.add(response);
    const seconds = Number(url.searchParams.get("timeoutSeconds"));
    const clocks = this.ignoresTimeout ? [] : [setTimeout(() => response.end(), seconds * 1000)];
    const bookmarks = url.searchParams.get("allowWatchBookmarks") === "true" && this.bookmarkMs > 0;
    const bookmark = () => {
      // Not on a frozen one.
      if (this.#watches.has(response)) writeLine(response, this.namespaces.bookmark());
    };
    if (bookmarks) clocks.push(setInterval(bookmark, this.bookmarkMs));
    response.on("close", () => {
      clocks.forEach(clearTimeout);
      this.#watches.delete(response);
    });
  }

  #broadcast(line: WatchLine): void {
    for (const watch of this.#watches) writeLine(watch, line);
  }
}

function verbOf(method: string | undefined, url: URL): SeenRequest["verb"] {
  if (method !== "GET" || !url.pathname.startsWith(COLLECTION)) return "other";
  if (url.pathname !== COLLECTION) return "get";
  return url.searchParams.get("watch") === "true" ? "watch" : "list";
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function disturbWatch(watch: ServerResponse, disturbance: Disturbance): void {
  const raw = new Map<Disturbance, string>([
    ["garbage", "this is no JSON\n"],
    ["unknown-event", '{"type":"RENAMED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}\n'],
    ["nameless-object", '{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}\n'],
    ["endless-line", "x".repeat(9 * 1024 * 1024)],
  ]).get(disturbance);
  if (raw !== undefined) watch.write(raw);
  else if (disturbance === "end") watch.end();
  else if (disturbance === "truncated") watch.end('{"type":"MODIFIED","object":{"metadata":{"name":"sh');
  else if (disturbance === "error-410") writeLine(watch, { type: "ERROR", object: status(410) });
  else if (disturbance === "error-500") writeLine(watch, { type: "ERROR", object: status(500) });
}

function answerAsScripted(response: ServerResponse, scripted: NextAnswer): void {
  // "hang" is none of them: nothing is answered at all.
  if (scripted.do === undefined) refuse(response, scripted.status ?? 500, scripted.retryAfter);
  if (scripted.do === "end-at-once") response.end();
  if (scripted.do === "garbage") response.end("<html>not an API server</html>");
  if (scripted.do === "endless") response.end("x".repeat(ENDLESS_BYTES));
  if (scripted.do === "no-status-body") {
    response.writeHead(scripted.status ?? 500).end("Too many requests, please try again later.");
  }
  if (scripted.do === "truncated") {
    response.writeHead(200, { "content-type": "application/json" }).write('{"metadata":{"resourceVersion":"1"},"it');
    setTimeout(() => response.socket?.destroy(), 5);
  }
}

function refuse(response: ServerResponse, code: number, retryAfter?: number): void {
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  send(response, code, status(code));
}

function status(code: number): object {
  return { kind: "Status", status: "Failure", code, reason: REASONS.get(code), message: `scripted ${code}` };
}

function send(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function writeLine(response: ServerResponse, line: WatchLine): void {
  if (!response.writableEnded) response.write(`${JSON.stringify(line)}\n`);
}
