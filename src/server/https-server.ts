/**
 * @module The HTTPS listener: TLS 1.3, HTTP/1.1, limits on every phase of a connection, and the fork between reviews
 * and everything else.
 */
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { isAllowedClient } from "./client-names.ts";
import type { Connections } from "./connections.ts";
import type { HotPath } from "./hot-path.ts";
import type { Logger } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import { reviewRoute } from "./review-request.ts";
import type { ServerLimits } from "./server-limits.ts";
import { buildTlsOptions, type TlsMaterial } from "./tls-material.ts";

export interface HttpsServerParts {
  readonly tls: TlsMaterial;
  /** With a client authority: names of which a client's certificate needs one; empty allows every trusted client. */
  readonly allowedClients: readonly string[];
  readonly limits: ServerLimits;
  readonly hotPath: HotPath;
  /** Everything that isn't a review. */
  readonly operations: RequestListener;
  readonly connections: Connections;
  readonly metrics: ServerMetrics;
  readonly log: Logger;
}

/** Makes the server; the caller lets it listen. */
export function createHttpsServer(parts: HttpsServerParts): Server {
  const { tls, limits, hotPath, operations, connections, metrics, log } = parts;
  const strangers = new WeakSet<object>();
  const namesMatter = tls.clientAuthority !== undefined && parts.allowedClients.length > 0;

  const server = createServer(
    {
      ...buildTlsOptions(tls),
      handshakeTimeout: limits.handshakeMs,
      keepAliveTimeout: limits.keepAliveMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.connectionCheckMs,
    },
    (request, response) => {
      if (namesMatter && strangers.has(request.socket)) return refuseStranger(response, metrics);
      const route = reviewRoute(request.url ?? "");
      if (route !== undefined) return hotPath(route, request, response);
      if (connections.isLastAnswer(request.socket)) response.setHeader("Connection", "close");
      return operations(request, response);
    },
  );
  server.maxConnections = limits.connections;
  server.on("secureConnection", (socket: TLSSocket) => {
    connections.add(socket);
    if (namesMatter && !isAllowedClient(socket, parts.allowedClients)) strangers.add(socket);
  });
  server.on("tlsClientError", (error) => {
    metrics.failed("tls-handshake");
    log.debug({ err: error }, "a TLS handshake failed");
  });
  server.on("drop", () => metrics.failed("too-many-connections"));
  return server;
}

/** Puts new material into force; connections opened before end with their next answer. */
export function replaceTlsMaterial(server: Server, material: TlsMaterial, connections: Connections): void {
  server.setSecureContext(buildTlsOptions(material));
  connections.startGeneration();
}

function refuseStranger(response: Parameters<RequestListener>[1], metrics: ServerMetrics): void {
  metrics.failed("client-certificate");
  const text = "the client certificate's name isn't among the allowed clients\n";
  response.writeHead(403, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": text.length,
    Connection: "close",
  });
  response.end(text);
}
