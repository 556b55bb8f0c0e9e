/**
 * @module Starts the webhook server for a test, with certificates of its own and everything it logs kept.
 */
import { createAuthority, issueCertificate } from "../../../src/certs/issue-certificate.ts";
import type { PemPair } from "../../../src/certs/pem-pair.ts";
import { createDecisionListener } from "../../../src/server/decisions.ts";
import { createLogger } from "../../../src/server/log.ts";
import { createMetrics, type ServerMetrics } from "../../../src/server/metrics.ts";
import {
  startWebhookServer,
  type WebhookServer,
  type WebhookServerOptions,
} from "../../../src/server/webhook-server.ts";
import { SecretVolume } from "./secret-volume.ts";
import { createTinyHandler } from "./tiny-handler.ts";
import { type ClientOptions, WebhookClient } from "./webhook-client.ts";

export const WORKER_MODULE = new URL("tiny-worker.ts", import.meta.url);

export interface RunningServer {
  readonly server: WebhookServer;
  readonly authority: PemPair;
  readonly volume: SecretVolume;
  readonly metrics: ServerMetrics;
  readonly logLines: readonly string[];
  client(options?: Partial<ClientOptions>): WebhookClient;
  /** The value of one metric with exactly these labels, 0 when it has none yet. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  stop(): Promise<void>;
}

export async function issueServing(authority: PemPair): Promise<PemPair> {
  return issueCertificate(authority, { commonName: "ringfence", hosts: ["localhost"], usage: "server" });
}

export interface TestServerOptions extends Partial<WebhookServerOptions> {
  /** PEM of the authority whose clients may connect. */
  readonly clientAuthority?: string;
}

/**
 * Starts a server whose handler and worker are the tiny ones unless the options have others.
 * @param wait until the server is ready, or only until it listens
 */
export async function startServer(
  options: TestServerOptions = {},
  wait: "ready" | "started" = "ready",
): Promise<RunningServer> {
  const { clientAuthority, ...serverOptions } = options;
  const authority = await createAuthority({ commonName: "serving CA", days: 2 });
  const serving = await issueServing(authority);
  const volume = await SecretVolume.create({
    "tls.crt": serving.certificate,
    "tls.key": serving.key,
    ...(clientAuthority === undefined ? {} : { "client-ca.crt": clientAuthority }),
  });
  const logLines: string[] = [];
  const log = createLogger("debug", { write: (line) => void logLines.push(line) });
  const metrics = createMetrics();
  const onDecision = createDecisionListener(metrics, log);
  const server = await startWebhookServer({
    host: "localhost",
    port: 0,
    tls: {
      certificate: volume.path("tls.crt"),
      key: volume.path("tls.key"),
      ...(clientAuthority === undefined ? {} : { clientAuthority: volume.path("client-ca.crt") }),
    },
    handler: createTinyHandler(onDecision),
    workerModule: WORKER_MODULE,
    onDecision,
    metrics,
    log,
    ...serverOptions,
  });
  if (wait === "ready") await until("the workers are ready", () => server.readiness.report().healthy);

  const clients: WebhookClient[] = [];
  return {
    server,
    authority,
    volume,
    metrics,
    logLines,
    client: (clientOptions = {}) => {
      const client = new WebhookClient({ port: server.port, ca: authority.certificate, ...clientOptions });
      clients.push(client);
      return client;
    },
    metric: async (name, labels = {}) => {
      const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
      const wanted = Object.entries(labels);
      return values.find((one) => wanted.every(([label, value]) => one.labels[label] === value))?.value ?? 0;
    },
    stop: async () => {
      for (const client of clients) client.close();
      const closed = server.close();
      server.abort();
      await closed;
      await server.release();
      await volume.remove();
    },
  };
}

/** Waits until a condition holds, however busy the machine is. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it took too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
