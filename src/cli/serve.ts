/**
 * @module `ringfence serve`: the admission webhook.
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { Registry } from "prom-client";
import { ReviewJudge } from "../admission/review-judge.ts";
import { CertificateFolderError, ensureDevelopmentCertificates } from "../certs/development-ca.ts";
import type { Engine } from "../engine/engine.ts";
import type { LiveEngine } from "../engine/live-engine.ts";
import { ROOT } from "../engine/shipped-files.ts";
import { createDecisionListener } from "../server/decisions.ts";
import { answerDefaultDenyQuestions } from "../server/default-deny-channel.ts";
import { createJudgingHandler } from "../server/judging-handler.ts";
import type { JudgingWorkerData } from "../server/judging-worker.ts";
import { CLUSTER_STOP_TIMES, type Stoppable, superviseProcess } from "../server/lifecycle.ts";
import { createLog, type LogLevel } from "../server/log.ts";
import { createMetrics } from "../server/metrics.ts";
import { answerNamespaceQuestions } from "../server/namespace-channel.ts";
import { TlsMaterialError, type TlsPaths } from "../server/tls-material.ts";
import { startWebhookServer, type WebhookServer } from "../server/webhook-server.ts";
import type { Arguments } from "./arguments.ts";
import type { ClusterParts } from "./cluster-parts.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS } from "./engine-options.ts";
import { CLUSTER_OPTIONS, clusterChoice, LOG_OPTIONS, NAMESPACE_OPTION, wholeNumber } from "./process-options.ts";
import { engineFiles, startEngine } from "./running-engine.ts";

type Log = ReturnType<typeof createLog>["log"];

/** Runs the webhook until it is told to end. */
export const serveCommand: Command = {
  name: "serve",
  summary: "Run the admission webhook over HTTPS.",
  usage: "[OPTIONS]",
  description:
    "Without options: development certificates in certs/, the shipped bundle and settings, https://127.0.0.1:8443.\n" +
    "Certificates, bundle and settings are read again when their content changes; bad ones leave the old ones in use.",
  options: {
    ...ENGINE_OPTIONS,
    host: { type: "string", value: "ADDRESS", description: "The address to listen on.", default: "127.0.0.1" },
    port: { type: "string", value: "PORT", description: "The port to listen on; 0 takes a free one.", default: "8443" },
    "operations-port": {
      type: "string",
      value: "PORT",
      description:
        "A second port, plain HTTP, with /livez, /readyz and /metrics only: for probes that have no certificate.",
    },
    "operations-host": {
      type: "string",
      value: "ADDRESS",
      description: "The address of the second port.",
      default: "127.0.0.1",
    },
    "cert-dir": {
      type: "string",
      value: "DIR",
      description: "The folder of development certificates, instead of certs/.",
    },
    "tls-cert": { type: "string", value: "FILE", description: "The serving certificate (PEM), with --tls-key." },
    "tls-key": { type: "string", value: "FILE", description: "Its private key (PEM)." },
    "client-ca": {
      type: "string",
      value: "FILE",
      description: "Only clients with a certificate of these authorities (PEM) may call: the API server's own.",
    },
    "allowed-client": {
      type: "string",
      value: "NAME",
      multiple: true,
      description: "With --client-ca: the names that a client's certificate may carry.",
    },
    ...CLUSTER_OPTIONS,
    kubeconfig: {
      type: "string",
      value: "FILE",
      description:
        "The cluster whose namespaces are watched for their labels, and whose Pods wait for the default deny.",
    },
    controller: { type: "boolean", description: "Be a controller as well, as `ringfence controller` is." },
    ...NAMESPACE_OPTION,
    "drain-seconds": {
      type: "string",
      value: "SECONDS",
      description: "How long to go on serving after a signal to end; 15 fits a cluster.",
      default: "0",
    },
    "reload-seconds": {
      type: "string",
      value: "SECONDS",
      description: "How often to look at certificates, bundle and settings.",
      default: "10",
    },
    ...LOG_OPTIONS,
  },
  async run(args, io) {
    const { log, flush } = createLog(args.textOr("log-level", "info") as LogLevel);
    const metrics = createMetrics();
    const tls = await tlsPaths(args);
    const reloadSeconds = wholeNumber(args, "reload-seconds", "serve");
    let cluster: ClusterParts | undefined;
    const live = await startEngine(args, log, (engine) => {
      metrics.bundleLoaded(engine);
      void cluster?.settingsChanged();
    });
    metrics.bundleLoaded(live.current);
    cluster = await connect(args, log, metrics.registry, live);
    if (cluster !== undefined) {
      answerNamespaceQuestions(cluster.labels);
      answerDefaultDenyQuestions(cluster.gate);
    }
    const onDecision = createDecisionListener(metrics, log);
    const judge = new ReviewJudge(() => live.current, cluster?.labels, cluster?.gate);
    const workerData: JudgingWorkerData = {
      files: engineFiles(args),
      reloadSeconds,
      withNamespaces: cluster !== undefined,
    };
    const server = await listen({
      host: args.textOr("host", "127.0.0.1"),
      port: wholeNumber(args, "port", "serve"),
      ...(args.text("operations-port") === undefined
        ? {}
        : {
            operationsHost: args.textOr("operations-host", "127.0.0.1"),
            operationsPort: wholeNumber(args, "operations-port", "serve"),
          }),
      tls: tls.paths,
      tlsPollMs: reloadSeconds * 1000,
      allowedClients: args.texts("allowed-client"),
      handler: createJudgingHandler(judge, onDecision),
      // An organisation's own guardrails may take any time: they are evaluated where they can be stopped.
      allowInline: () => !live.current.hasOwnGuardrails,
      workerModule: workerModule(),
      workerData,
      onDecision,
      metrics,
      log,
    });
    live.watch(reloadSeconds);
    server.readiness.add("bundle", () => undefined);
    for (const [name, check] of cluster?.readiness ?? []) server.readiness.add(name, check);
    superviseProcess({
      server: together(server, cluster),
      times: { ...CLUSTER_STOP_TIMES, drainMs: wholeNumber(args, "drain-seconds", "serve") * 1000 },
      log,
      flushLog: flush,
    });
    announce(io.stdout, args, server, tls.development, inactive(live.current, cluster !== undefined));
    // The process ends by a signal, in superviseProcess.
    await new Promise<never>(() => undefined);
    return EXIT_OK;
  },
};

/** The named files, or development certificates that are made where they are missing. */
async function tlsPaths(args: Arguments): Promise<{ paths: TlsPaths; development: string | undefined }> {
  const clientAuthority = args.text("client-ca");
  if (clientAuthority === undefined && args.texts("allowed-client").length > 0) {
    throw new CallError("--allowed-client needs --client-ca: without an authority a name proves nothing", "serve");
  }
  const client = clientAuthority === undefined ? {} : { clientAuthority };
  const certificate = args.text("tls-cert");
  const key = args.text("tls-key");
  if ((certificate === undefined) !== (key === undefined))
    throw new CallError("--tls-cert and --tls-key belong together", "serve");
  if (certificate !== undefined && key !== undefined)
    return { paths: { certificate, key, ...client }, development: undefined };
  try {
    const made = await ensureDevelopmentCertificates(args.textOr("cert-dir", join(ROOT, "certs")));
    return {
      paths: { certificate: made.certificate, key: made.key, ...client },
      development: made.authorityCertificate,
    };
  } catch (cause) {
    if (cause instanceof CertificateFolderError) throw new CallError(cause.message);
    throw cause;
  }
}

/** What has to do with a cluster, where one is configured. The Kubernetes client is loaded only then. */
async function connect(
  args: Arguments,
  log: Log,
  registry: Registry,
  live: LiveEngine,
): Promise<ClusterParts | undefined> {
  const choice = clusterChoice(args, "serve");
  const leads = args.flag("controller");
  if (choice.kubeconfig === undefined && !args.flag("in-cluster")) {
    if (leads) throw new CallError("--controller needs a cluster: --kubeconfig FILE or --in-cluster", "serve");
    return undefined;
  }
  const { podNamespace, startClusterParts } = await import("./cluster-parts.ts");
  const { ClusterError } = await import("../controller/cluster-error.ts");
  const { TemplateError } = await import("../controller/template-error.ts");
  const ownNamespace = args.text("namespace") ?? podNamespace();
  try {
    return await startClusterParts({
      choice,
      settings: () => live.current.settings,
      engine: () => live.current,
      ownNamespace,
      leads,
      registry,
      log,
    });
  } catch (cause) {
    if (cause instanceof ClusterError || cause instanceof TemplateError) throw new CallError(cause.message);
    throw cause;
  }
}

/** The lead goes with the first sign of the end, so that another process works while this one still answers. */
function together(server: WebhookServer, cluster: ClusterParts | undefined): Stoppable {
  if (cluster === undefined) return server;
  return {
    drain: () => {
      server.drain();
      void cluster.stepDown();
    },
    close: () => server.close(),
    abort: () => server.abort(),
    release: async () => {
      await Promise.all([cluster.stop(), server.release()]);
    },
  };
}

async function listen(options: Parameters<typeof startWebhookServer>[0]): Promise<WebhookServer> {
  try {
    return await startWebhookServer(options);
  } catch (cause) {
    if (cause instanceof TlsMaterialError) throw new CallError(cause.message);
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new CallError(
        `port ${options.port} on ${options.host ?? ""} is in use: stop what uses it, or choose another with --port`,
      );
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL") {
      throw new CallError(
        `can't listen on ${options.host ?? ""} port ${options.port} (${code}): choose others with --host and --port`,
      );
    }
    throw cause;
  }
}

/** Beside this file in the sources, beside the program in the built form. */
function workerModule(): URL {
  const built = new URL("./judging-worker.js", import.meta.url);
  return existsSync(built) ? built : new URL("../server/judging-worker.ts", import.meta.url);
}

function inactive(engine: Engine, withCluster: boolean): readonly string[] {
  return withCluster ? [] : engine.needNamespaceLabels;
}

/** What a person who started it wants to know: where it is, that it works, and what it can't do here. */
function announce(
  output: NodeJS.WriteStream,
  args: Arguments,
  { port }: WebhookServer,
  authority: string | undefined,
  inactiveGuardrails: readonly string[],
): void {
  const host = args.textOr("host", "127.0.0.1");
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const lines = [`ringfence: listening on ${url}`];
  if (inactiveGuardrails.length > 0) {
    lines.push(
      `ringfence: without a cluster (--kubeconfig FILE or --in-cluster) nobody knows the labels of namespaces; what needs them is inactive in: ${inactiveGuardrails.join(", ")}`,
    );
  }
  if (authority !== undefined && !url.includes("0.0.0.0")) {
    lines.push(
      "ringfence: try it from another terminal:",
      "",
      `  curl --silent --cacert ${here(authority)} --header 'Content-Type: application/json' --data @${here(EXAMPLE)} ${url}/validate`,
      "",
    );
  }
  output.write(`${lines.join("\n")}\n`);
}

const EXAMPLE = join(ROOT, "docs", "reviews", "allow-all.json");

function here(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}
