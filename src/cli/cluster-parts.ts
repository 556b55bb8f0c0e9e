/**
 * @module What `serve` and `controller` do with a cluster: watch its namespaces, gate its Pods, and keep the default deny
 * where this process leads. Loaded only where a cluster is configured.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Registry } from "prom-client";
import type { DefaultDenyGate } from "../admission/default-deny-gate.ts";
import type { NamespaceLabels } from "../admission/namespaces.ts";
import { Backoff } from "../controller/backoff.ts";
import { type ClusterClient, connectCluster } from "../controller/cluster-client.ts";
import type { ClusterChoice } from "../controller/cluster-credentials.ts";
import { ClusterError, messageOf } from "../controller/cluster-error.ts";
import { type ControllerMetrics, createControllerMetrics } from "../controller/controller-metrics.ts";
import { DefaultDeny } from "../controller/default-deny.ts";
import { forecastDefaultDeny } from "../controller/default-deny-report.ts";
import { createEventRecorder } from "../controller/event-recorder.ts";
import { ExceptionSweep } from "../controller/exception-sweep.ts";
import { defaultDenyRules } from "../controller/governance.ts";
import { LeaderElection, type LeaderElectionTiming } from "../controller/leader-election.ts";
import { NamespaceWatch } from "../controller/namespace-labels.ts";
import type { Term } from "../controller/leader-term.ts";
import { CONTROLLER_LEASE } from "../controller/rbac.ts";
import { choosePolicy } from "../controller/served-templates.ts";
import type { Engine } from "../engine/engine.ts";
import type { Settings } from "../engine/settings.ts";
import type { Logger } from "../server/log.ts";

export interface ClusterPartsOptions {
  readonly choice: ClusterChoice;
  /** The settings in force. */
  readonly settings: () => Settings;
  /** The engine in force, which judges exceptions; without one nobody looks for ended ones. */
  readonly engine?: () => Engine;
  /** Where Ringfence runs: the namespace of its Lease, and one that never gets a default deny. */
  readonly ownNamespace: string;
  /** Whether this process stands for election. */
  readonly leads: boolean;
  readonly leaderTiming?: Partial<LeaderElectionTiming>;
  readonly registry: Registry;
  readonly log: Logger;
}

export interface ClusterParts {
  readonly labels: NamespaceLabels;
  readonly gate: DefaultDenyGate;
  /** Checks for /readyz. */
  readonly readiness: ReadonlyMap<string, () => string | undefined>;
  /** Takes up changed settings; what is wrong with them goes to the log. */
  settingsChanged(): Promise<void>;
  /** Works no more and gives the lead away, but still answers admission. */
  stepDown(): Promise<void>;
  stop(): Promise<void>;
}

const FORECAST_EVERY_MS = 600_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const NOT_TAKEN_UP = "the default deny of the settings can't be used; what was in use before stays";
const MOST_NAMED = 20;
const SERVICE_ACCOUNT_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
const DEFAULT_NAMESPACE = "ringfence";

/**
 * Connects, and starts all parts.
 * @throws ClusterError where there is no usable configuration, TemplateError where the settings' template can't be used
 */
export async function startClusterParts(options: ClusterPartsOptions): Promise<ClusterParts> {
  const { settings, registry, log } = options;
  const client = await connectCluster(options.choice);
  const metrics = createControllerMetrics(registry);
  const interrupted = (collection: string) => (error: ClusterError, failures: number, waitMs: number) => {
    metrics.watchFailed(collection);
    log.warn({ collection, reason: error.message, failures, waitMs: Math.round(waitMs) }, "a watch was interrupted");
  };
  const namespaces: NamespaceWatch = new NamespaceWatch(client, {
    observer: { failed: interrupted("namespaces") },
    onChange: (name, state) => defaultDeny.namespaceChanged(name, state),
  });
  const defaultDeny: DefaultDeny = new DefaultDeny({
    client,
    settings,
    ownNamespace: options.ownNamespace,
    choosePolicy: (current) => choosePolicy(client, current.defaultDeny),
    namespaces,
    events: createEventRecorder(client, (error) => {
      metrics.eventFailed();
      log.warn({ reason: error.message }, "an Event can't be written");
    }),
    forecast: (signal) => forecastNowAndThen({ ...options, client, namespaces, metrics }, signal),
    observer: controllerObserver(metrics, log),
    onEnsured: (result, seconds) => metrics.podWaited(result, seconds),
    watchFailed: interrupted("default-deny"),
  });
  const sweep = createSweep(options, client, namespaces, metrics);
  const lead = async (term: Term) => {
    await Promise.all([defaultDeny.lead(term), sweep?.lead(term)]);
  };
  const election = createElection(options, client, lead);
  metrics.observe({
    leading: () => election?.leading ?? false,
    missing: () => defaultDeny.missing,
    contested: () => defaultDeny.contested,
  });
  const stopping = new AbortController();
  const takeUp = createTakeUp(defaultDeny, log, stopping.signal);
  namespaces.start();
  try {
    await defaultDeny.configure();
  } catch (cause) {
    // A cluster that doesn't answer yet is no reason not to start; until it does, no Pod is let in.
    if (!(cause instanceof ClusterError)) {
      await namespaces.stop();
      throw cause;
    }
    log.warn({ reason: cause.message }, NOT_TAKEN_UP);
    void takeUp();
  }
  election?.start();
  return {
    labels: namespaces,
    gate: defaultDeny.gate,
    readiness: new Map([
      ["namespaces", () => (namespaces.synced ? undefined : "the namespaces have not been listed yet")],
      ["default-deny", defaultDeny.ready],
    ]),
    settingsChanged: takeUp,
    stepDown: async () => election?.stop(),
    stop: async () => {
      stopping.abort();
      await election?.stop();
      await defaultDeny.stop();
      await namespaces.stop();
      client.close();
    },
  };
}

/** Takes up settings until it works or they are changed again. Never throws. */
function createTakeUp(defaultDeny: DefaultDeny, log: Logger, stopping: AbortSignal): () => Promise<void> {
  let latest: AbortController | undefined;
  return async () => {
    latest?.abort();
    latest = new AbortController();
    const signal = AbortSignal.any([latest.signal, stopping]);
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS);
    while (!signal.aborted) {
      try {
        await defaultDeny.configure();
        return;
      } catch (cause) {
        log.error({ reason: messageOf(cause) }, NOT_TAKEN_UP);
        if (!(cause instanceof ClusterError)) return;
        await pause(backoff.next(), undefined, { signal }).catch(() => {});
      }
    }
  };
}

/** The namespace that this Pod runs in; outside of a cluster the one that the documentation uses. */
export function podNamespace(): string {
  try {
    return readFileSync(SERVICE_ACCOUNT_NAMESPACE, "utf8").trim();
  } catch {
    return DEFAULT_NAMESPACE;
  }
}

function createElection(
  { leads, ownNamespace, leaderTiming = {}, log }: ClusterPartsOptions,
  client: ClusterClient,
  lead: (term: Term) => Promise<void>,
): LeaderElection | undefined {
  if (!leads) return undefined;
  return new LeaderElection({
    client,
    namespace: ownNamespace,
    name: CONTROLLER_LEASE,
    identity: `${hostname()}_${randomUUID()}`,
    lead,
    timing: leaderTiming,
    observer: {
      started: () => log.info("this process leads: it keeps the default deny in place"),
      ended: (reason) => log.info({ reason }, "this process doesn't lead any more"),
      following: (holder) => log.info({ holder }, "another process leads; this one stands by"),
      failed: (error) => log.warn({ reason: error.message }, "the Lease can't be read or written"),
    },
  });
}

function createSweep(
  { engine, log }: ClusterPartsOptions,
  client: ClusterClient,
  namespaces: NamespaceWatch,
  metrics: ControllerMetrics,
): ExceptionSweep | undefined {
  if (engine === undefined) return undefined;
  const sweep = new ExceptionSweep({
    client,
    engine,
    namespaceLabels: (namespace) => namespaces.state(namespace)?.labels ?? null,
    observer: {
      ended: (object) => log.warn({ object }, "an exception has ended, and what it excused is still there"),
      removed: (object, rules) => {
        metrics.rulesRemoved(rules.length);
        log.warn({ object, rules }, "the rules of an ended exception were removed");
      },
      kept: (object, reason) => log.info({ object, reason }, "the rules of an ended exception can't be removed"),
      problems: (problems) => {
        if (problems.length === 0) log.info("all exceptions are looked at again");
        else log.error({ problems }, "not all exceptions can be looked at, or dealt with");
      },
    },
  });
  metrics.observeExceptions(sweep);
  return sweep;
}

function controllerObserver(metrics: ControllerMetrics, log: Logger) {
  return {
    ensured: (namespace: string, result: "created" | "present") => {
      metrics.ensured(result);
      log.info({ namespace, result }, "the default deny is in place");
    },
    failed: (namespace: string, reason: string, failures: number, waitMs: number) => {
      metrics.failed();
      log.error({ namespace, reason, failures, waitMs: Math.round(waitMs) }, "the default deny can't be put in place");
    },
    contested: (namespace: string, restMs: number) =>
      log.error(
        { namespace, restMs: Math.round(restMs) },
        "somebody keeps taking the default deny away; it is not put back for a while",
      ),
  };
}

interface ForecastParts extends Pick<ClusterPartsOptions, "settings" | "ownNamespace" | "log"> {
  readonly client: ClusterClient;
  readonly namespaces: NamespaceWatch;
  readonly metrics: ControllerMetrics;
}

async function forecastNowAndThen(parts: ForecastParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await forecastOnce(parts, signal);
    } catch (cause) {
      if (!signal.aborted) parts.log.warn({ reason: messageOf(cause) }, "what default deny would change can't be told");
    }
    await pause(FORECAST_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

async function forecastOnce(parts: ForecastParts, signal: AbortSignal): Promise<void> {
  const { client, namespaces, settings, ownNamespace, metrics, log } = parts;
  await namespaces.untilSynced();
  const rules = defaultDenyRules(settings(), ownNamespace);
  const forecasts = await forecastDefaultDeny(client, rules, namespaces.states(), () => false, signal);
  const cutOff = forecasts.flatMap(({ namespace, cutOff: pods }) => pods.map(({ name }) => `${namespace}/${name}`));
  metrics.forecast(forecasts.length, cutOff.length);
  log.info(
    {
      namespaces: forecasts.length,
      cutOffPods: cutOff.length,
      firstNamespaces: forecasts.slice(0, MOST_NAMED).map(({ namespace }) => namespace),
      firstPods: cutOff.slice(0, MOST_NAMED),
    },
    "observing: the default deny would come to these namespaces, and cut off these Pods (ringfence controller --forecast lists all)",
  );
}
