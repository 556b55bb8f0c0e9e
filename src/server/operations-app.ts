/**
 * @module The Express app for everything that isn't a review: /livez, /readyz and /metrics. Express never stands on
 * the way of a review, where it costs several times what the rest of the server does.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Express, NextFunction, Request, Response } from "express";
import type { HealthChecks } from "./health.ts";
import type { Logger } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";

export interface OperationsParts {
  readonly liveness: HealthChecks;
  readonly readiness: HealthChecks;
  readonly metrics: Pick<ServerMetrics, "registry">;
  readonly log: Logger;
}

/** A listener that answers as soon as Express is loaded, which goes on beside the start of the server. */
export function createOperationsListener(parts: OperationsParts): RequestListener {
  const app = createOperationsApp(parts);
  return (request: IncomingMessage, response: ServerResponse) => {
    app.then(
      (listener) => listener(request, response),
      (error: unknown) => {
        parts.log.error({ err: error }, "the operations app can't be loaded");
        response.writeHead(500).end();
      },
    );
  };
}

async function createOperationsApp(parts: OperationsParts): Promise<Express> {
  const { default: express } = await import("express");
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  app.get("/livez", (_request, response) => sendHealth(response, parts.liveness));
  app.get("/readyz", (_request, response) => sendHealth(response, parts.readiness));
  app.get("/metrics", async (_request, response) => {
    const { registry } = parts.metrics;
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.use((request, response) => {
    response.status(404).json({ error: "not found", paths: ["/validate", "/mutate", "/livez", "/readyz", "/metrics"] });
  });
  // Express knows an error handler by its four parameters. Its own would answer with a stack trace.
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    parts.log.error({ err: error }, "an operations request failed");
    if (response.headersSent) return next(error);
    response.status(500).json({ error: "internal error; the server's log has the cause" });
  });
  return app;
}

function sendHealth(response: Response, checks: HealthChecks): void {
  const report = checks.report();
  response.status(report.healthy ? 200 : 503).json({
    status: report.healthy ? "ok" : "failing",
    checks: Object.fromEntries(report.checks),
  });
}
