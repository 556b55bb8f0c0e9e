/**
 * @module Requests to the API server as they are: bytes in, bytes out, no client library that tidies anything up.
 */
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { PemPair } from "../../src/certs/pem-pair.ts";

const REQUEST_LIMIT_MS = 30_000;
const WARNING_HEADER = /^299 \S+ "((?:[^"\\]|\\.)*)"/u;

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** The texts of the Warning headers, which kubectl prints. */
  readonly warnings: readonly string[];
  readonly body: string;
  /** Reads a value of the JSON body by its JSON Pointer; undefined where there is none. */
  readonly at: (pointer: string) => unknown;
}

/** A client with one identity for one server; `close` drops its connections. */
export interface ApiClient {
  /**
   * @param path path and query
   * @param body text is sent as it is, anything else as JSON
   * @param headers the default content type is JSON, for PATCH JSON merge patch
   */
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ApiAnswer>;
  close(): void;
}

/** Makes a client that verifies the server by an authority and proves itself by a client certificate. */
export function createApiClient(server: string, authority: string, identity: PemPair): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: authority, cert: identity.certificate, key: identity.key });
  return {
    request: (method, path, body, headers = {}) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const payload = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      return send(new URL(path, server), payload, {
        method,
        agent,
        timeout: REQUEST_LIMIT_MS,
        headers: { accept: "application/json", ...(payload === undefined ? {} : { "content-type": type }), ...headers },
      });
    },
    close: () => agent.destroy(),
  };
}

async function send(url: URL, payload: string | undefined, options: RequestOptions): Promise<ApiAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpsRequest(url, options, resolve);
    request.on("error", reject);
    request.on("timeout", () =>
      request.destroy(new Error(`no answer from ${url.href} in ${REQUEST_LIMIT_MS / 1000} s`)),
    );
    request.end(payload);
  });
  const body = await text(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    warnings: readWarnings(response.rawHeaders),
    body,
    at: (pointer) => valueAt(JSON.parse(body), pointer),
  };
}

function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

// Raw headers: Node joins repeated ones by commas, and a warning's text has commas of its own. The server writes UTF-8,
// Node reads one character per byte.
function readWarnings(rawHeaders: readonly string[]): string[] {
  return rawHeaders.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() !== "warning") return [];
    const quoted = WARNING_HEADER.exec(rawHeaders[index + 1] ?? "")?.[1];
    return quoted === undefined ? [] : [Buffer.from(quoted, "latin1").toString().replace(/\\(.)/gu, "$1")];
  });
}
