/**
 * @module The webhook server put together: HTTPS listener, hot path, worker lane, health, metrics, certificate reload.
 */
import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Connections } from "./connections.ts";
import { HealthChecks, watchEventLoop } from "./health.ts";
import { createHotPath } from "./hot-path.ts";
import { createHttpsServer, replaceTlsMaterial } from "./https-server.ts";
import type { Stoppable } from "./lifecycle.ts";
import { Load } from "./load.ts";
import type { Logger } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import { createOperationsListener } from "./operations-app.ts";
import type { DecisionListener, ReviewHandler } from "./review-handler.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "./server-limits.ts";
import { TlsFiles } from "./tls-files.ts";
import type { TlsPaths } from "./tls-material.ts";
import { WorkerLane } from "./worker-lane.ts";

export interface WebhookServerOptions {
  /** Address and port of the webhook; port 0 takes any free one. */
  readonly host?: string;
  readonly port: number;
  /** A second port, plain HTTP, with health and metrics only: for probes when clients need certificates. */
  readonly operationsHost?: string;
  readonly operationsPort?: number;

  readonly tls: TlsPaths;
  /** Names that the serving certificate has to carry. */
  readonly tlsHosts?: readonly string[];
  readonly tlsPollMs?: number;
  /** Common or DNS names of the clients that may call; needs `tls.clientAuthority`. */
  readonly allowedClients?: readonly string[];

  readonly handler: ReviewHandler;
  /** Asked for every review: false sends small bodies to the workers too. By default they stay on the main thread. */
  readonly allowInline?: () => boolean;
  /** Entry and data of the workers for big bodies; the entry calls `answerReviews`. */
  readonly workerModule: URL;
  readonly workerData?: unknown;
  /** Told about decisions made in workers; the handler tells its own. */
  readonly onDecision: DecisionListener;

  readonly limits?: Partial<ServerLimits>;
  readonly metrics: ServerMetrics;
  readonly log: Logger;
}

/** A running server. Other parts add their checks to `readiness` and `liveness`. */
export interface WebhookServer extends Stoppable {
  readonly port: number;
  readonly operationsPort: number | undefined;
  readonly readiness: HealthChecks;
  readonly liveness: HealthChecks;
}

const IDLE_SWEEP_MS = 1_000;

/**
 * Starts to serve. It answers reviews from this moment; when it is ready is for /readyz to say.
 * @throws {TlsMaterialError} the certificate files can't serve
 * @throws {Error} a port can't be listened on (`code` as Node has it)
 */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const { metrics, log, handler, onDecision } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const tlsFiles = await TlsFiles.load({
    paths: options.tls,
    hosts: options.tlsHosts ?? [],
    ...(options.tlsPollMs === undefined ? {} : { pollMs: options.tlsPollMs }),
    metrics,
    log,
  });
  const lane = new WorkerLane({
    workerModule: options.workerModule,
    workerData: options.workerData,
    queuedReviews: limits.queuedReviews,
    onDecision,
    metrics,
    log,
  });
  const load = new Load(limits);
  const connections = new Connections();
  const health = createHealth(lane, tlsFiles);
  const operations = createOperationsListener({ ...health, metrics, log });
  const server = createHttpsServer({
    tls: tlsFiles.current,
    allowedClients: options.allowedClients ?? [],
    limits,
    hotPath: createHotPath({
      handler,
      lane,
      allowInline: options.allowInline ?? (() => true),
      limits,
      load,
      connections,
      metrics,
      log,
    }),
    operations,
    connections,
    metrics,
    log,
  });
  const operationsServer =
    options.operationsPort === undefined
      ? undefined
      : createHttpServer({ requestTimeout: limits.requestMs }, operations);
  metrics.observe({
    reviewsInFlight: () => load.reviews,
    bytesInFlight: () => load.bytes,
    connections: () => connections.count(),
  });

  const release = async (): Promise<void> => {
    tlsFiles.stop();
    health.stop();
    lane.close();
    operationsServer?.close();
    operationsServer?.closeAllConnections();
  };
  try {
    await listen(server, options.port, options.host);
    if (operationsServer !== undefined) {
      await listen(operationsServer, options.operationsPort ?? 0, options.operationsHost);
    }
  } catch (error) {
    server.close();
    await release();
    throw error;
  }
  tlsFiles.watch((material) => replaceTlsMaterial(server, material, connections));

  return {
    port: portOf(server),
    operationsPort: operationsServer === undefined ? undefined : portOf(operationsServer),
    readiness: health.readiness,
    liveness: health.liveness,
    drain: () => {
      health.readiness.add("lifecycle", () => "the server is about to end");
      connections.drain();
    },
    close: () => closeServer(server),
    abort: () => server.closeAllConnections(),
    release,
  };
}

function createHealth(lane: WorkerLane, tlsFiles: TlsFiles) {
  const eventLoop = watchEventLoop();
  const liveness = new HealthChecks();
  liveness.add("event-loop", eventLoop.check);
  liveness.add("review-workers", lane.liveness);
  const readiness = new HealthChecks();
  readiness.add("certificate", tlsFiles.readiness);
  readiness.add("review-workers", lane.readiness);
  return { liveness, readiness, stop: () => eventLoop.stop() };
}

async function listen(server: HttpServer | HttpsServer, port: number, host: string | undefined): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

function portOf(server: HttpServer | HttpsServer): number {
  return (server.address() as AddressInfo).port;
}

// Connections become idle one by one after close(), which itself closes only those that are idle at that moment.
async function closeServer(server: HttpsServer): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
}
