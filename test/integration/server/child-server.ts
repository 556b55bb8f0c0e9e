/**
 * @module A webhook server in a process of its own, for tests of how processes end. Its argument is JSON; it tells its
 * ports over IPC and fails on request.
 */
import { createDecisionListener } from "../../../src/server/decisions.ts";
import { superviseProcess } from "../../../src/server/lifecycle.ts";
import { createLog } from "../../../src/server/log.ts";
import { createMetrics } from "../../../src/server/metrics.ts";
import { startWebhookServer } from "../../../src/server/webhook-server.ts";
import { createTinyHandler } from "./tiny-handler.ts";

export interface ChildOptions {
  readonly certificate: string;
  readonly key: string;
  readonly drainMs: number;
  readonly hardStopMs: number;
}

/** Ports, once the server is ready. */
export interface ChildPorts {
  readonly port: number;
  readonly operationsPort: number;
}

const { certificate, key, drainMs, hardStopMs }: ChildOptions = JSON.parse(process.argv[2] ?? "");
const { log, flush } = createLog();
const metrics = createMetrics();
const onDecision = createDecisionListener(metrics, log);
const server = await startWebhookServer({
  host: "localhost",
  port: 0,
  operationsHost: "localhost",
  operationsPort: 0,
  tls: { certificate, key },
  handler: createTinyHandler(onDecision),
  workerModule: new URL("tiny-worker.ts", import.meta.url),
  onDecision,
  metrics,
  log,
});
superviseProcess({ server, times: { drainMs, hardStopMs }, log, flushLog: flush });

process.on("message", (request) => {
  if (request === "throw") {
    setImmediate(() => {
      throw new Error("thrown on purpose");
    });
  }
  if (request === "reject") void Promise.reject(new Error("rejected on purpose"));
});
while (!server.readiness.report().healthy) await new Promise((resolve) => setTimeout(resolve, 10));
process.send?.({ port: server.port, operationsPort: server.operationsPort });
