/**
 * @module `ringfence controller`: keeps the default deny in every governed namespace.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { collectDefaultMetrics, Registry } from "prom-client";
import { ClusterError } from "../controller/cluster-error.ts";
import { TemplateError } from "../controller/template-error.ts";
import type { Engine } from "../engine/engine.ts";
import { HealthChecks, watchEventLoop } from "../server/health.ts";
import { superviseProcess } from "../server/lifecycle.ts";
import { createLog, type Logger, type LogLevel } from "../server/log.ts";
import { createOperationsListener } from "../server/operations-app.ts";
import type { Arguments } from "./arguments.ts";
import { type ClusterParts, podNamespace, startClusterParts } from "./cluster-parts.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS } from "./engine-options.ts";
import { printForecast } from "./forecast.ts";
import { CLUSTER_OPTIONS, clusterChoice, LOG_OPTIONS, NAMESPACE_OPTION, wholeNumber } from "./process-options.ts";
import { startEngine } from "./running-engine.ts";

// Long enough for a call to the cluster that is under way.
const STOP_MS = 10_000;

/** Runs the controller until it is told to end. */
export const controllerCommand: Command = {
  name: "controller",
  summary: "Keep the default deny in every governed namespace.",
  usage: "[OPTIONS]",
  description:
    "Which namespaces are governed, and by which policy, is `defaultDeny` in the settings. Several may run: one works,\n" +
    "the others stand by. Settings are read again when their content changes.",
  options: {
    ...ENGINE_OPTIONS,
    ...CLUSTER_OPTIONS,
    forecast: {
      type: "boolean",
      description: "Only tell which namespaces would get the default deny and which Pods would be cut off, and end.",
    },
    ...NAMESPACE_OPTION,
    "operations-port": {
      type: "string",
      value: "PORT",
      description: "Plain HTTP with /livez, /readyz and /metrics; 0 takes a free port.",
      default: "8080",
    },
    "operations-host": {
      type: "string",
      value: "ADDRESS",
      description: "The address of that port.",
      default: "127.0.0.1",
    },
    "reload-seconds": {
      type: "string",
      value: "SECONDS",
      description: "How often to look at bundle and settings.",
      default: "10",
    },
    ...LOG_OPTIONS,
  },
  async run(args, io) {
    if (args.flag("forecast")) return printForecast(args, io);
    const { log, flush } = createLog(args.textOr("log-level", "info") as LogLevel);
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    let parts: ClusterParts | undefined;
    const live = await startEngine(args, log, () => void parts?.settingsChanged());
    parts = await startParts(args, log, registry, () => live.current);
    const server = await startOperations(args, parts, registry, log);
    live.watch(wholeNumber(args, "reload-seconds", "controller"));
    superviseProcess({
      server: stoppable(server, parts),
      times: { drainMs: 0, hardStopMs: STOP_MS },
      log,
      flushLog: flush,
    });
    const { port } = server.http.address() as { port: number };
    const mode = live.current.settings.defaultDeny.mode;
    io.stdout.write(`ringfence: controller in the mode ${mode}, health and metrics on port ${port}\n`);
    // The process ends by a signal, in superviseProcess.
    await new Promise<never>(() => undefined);
    return EXIT_OK;
  },
};

async function startParts(
  args: Arguments,
  log: Logger,
  registry: Registry,
  engine: () => Engine,
): Promise<ClusterParts> {
  const ownNamespace = args.text("namespace") ?? podNamespace();
  try {
    return await startClusterParts({
      choice: clusterChoice(args, "controller"),
      settings: () => engine().settings,
      engine,
      ownNamespace,
      leads: true,
      registry,
      log,
    });
  } catch (cause) {
    if (cause instanceof ClusterError || cause instanceof TemplateError) throw new CallError(cause.message);
    throw cause;
  }
}

interface Operations {
  readonly http: Server;
  readonly stop: () => void;
}

async function startOperations(
  args: Arguments,
  parts: ClusterParts,
  registry: Registry,
  log: Logger,
): Promise<Operations> {
  const liveness = new HealthChecks();
  const eventLoop = watchEventLoop();
  liveness.add("event-loop", eventLoop.check);
  const readiness = new HealthChecks();
  for (const [name, check] of parts.readiness) readiness.add(name, check);
  const http = createServer(createOperationsListener({ liveness, readiness, metrics: { registry }, log }));
  const port = wholeNumber(args, "operations-port", "controller");
  http.listen(port, args.textOr("operations-host", "127.0.0.1"));
  try {
    await once(http, "listening");
  } catch (cause) {
    await parts.stop();
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new CallError(`can't listen on port ${port} (${code}): choose another with --operations-port`);
  }
  return { http, stop: () => eventLoop.stop() };
}

function stoppable({ http, stop }: Operations, parts: ClusterParts) {
  return {
    drain: () => undefined,
    close: () => parts.stop(),
    abort: () => undefined,
    release: async () => {
      stop();
      http.close();
      http.closeAllConnections();
    },
  };
}
