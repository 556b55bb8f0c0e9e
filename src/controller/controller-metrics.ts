/**
 * @module The controller's Prometheus metrics. Names and labels are public: dashboards and alerts depend on them.
 */
import { observeExceptions } from "./exception-metrics.ts";
import type { ExceptionSweep } from "./exception-sweep.ts";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Values that are read when somebody asks for the metrics. */
export interface ControllerValues {
  leading(): boolean;
  /** Governed namespaces without the managed default deny. */
  missing(): number;
  contested(): number;
}

/** Of the exceptions, read in the same way. */
export type ExceptionValues = Pick<ExceptionSweep, "report" | "problems">;

export interface ControllerMetrics {
  ensured(result: "created" | "present"): void;
  failed(): void;
  /** A Pod's admission had to ask the cluster. */
  podWaited(result: "created" | "present" | "failed", seconds: number): void;
  watchFailed(collection: string): void;
  forecast(namespaces: number, cutOffPods: number): void;
  eventFailed(): void;
  /** Rules of ended exceptions that were taken out of policies. */
  rulesRemoved(count: number): void;
  observe(values: ControllerValues): void;
  observeExceptions(sweep: ExceptionValues): void;
}

const WAIT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

/** Makes the metrics in a registry, which the webhook's are in too where both run in one process. */
export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const ensured = new Counter({
    name: "ringfence_default_deny_ensured_total",
    help: "Namespaces in which the controller created or restored the managed default deny.",
    labelNames: ["result"],
    registers,
  });
  const failures = new Counter({
    name: "ringfence_default_deny_failures_total",
    help: "Times that the managed default deny couldn't be created or restored; each is tried again.",
    registers,
  });
  const waits = new Histogram({
    name: "ringfence_default_deny_pod_wait_seconds",
    help: "How long Pods waited at admission for the default deny of their namespace to be created.",
    labelNames: ["result"],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const watchFailures = new Counter({
    name: "ringfence_watch_failures_total",
    help: "Watches of the cluster that were interrupted; each begins anew.",
    labelNames: ["collection"],
    registers,
  });
  const forecastNamespaces = new Gauge({
    name: "ringfence_default_deny_forecast_namespaces",
    help: "In the mode observe: namespaces that would get the managed default deny.",
    registers,
  });
  const forecastPods = new Gauge({
    name: "ringfence_default_deny_forecast_cut_off_pods",
    help: "In the mode observe: Pods that would lose traffic with it.",
    registers,
  });
  const eventFailures = new Counter({
    name: "ringfence_event_failures_total",
    help: "Events that couldn't be written to the cluster.",
    registers,
  });
  const rulesRemoved = new Counter({
    name: "ringfence_exception_rules_removed_total",
    help: "Allow rules of ended exceptions that were taken out of policies.",
    registers,
  });
  return {
    rulesRemoved: (count) => rulesRemoved.inc(count),
    observeExceptions: (sweep) => observeExceptions(registry, sweep),
    ensured: (result) => ensured.inc({ result }),
    failed: () => failures.inc(),
    podWaited: (result, seconds) => waits.observe({ result }, seconds),
    watchFailed: (collection) => watchFailures.inc({ collection }),
    forecast: (namespaces, cutOffPods) => {
      forecastNamespaces.set(namespaces);
      forecastPods.set(cutOffPods);
    },
    eventFailed: () => eventFailures.inc(),
    observe: (values) => observeValues(registry, values),
  };
}

function observeValues(registry: Registry, values: ControllerValues): void {
  const gauges: readonly [name: string, help: string, read: () => number][] = [
    [
      "ringfence_controller_leading",
      "1 where this process leads, 0 where it stands by.",
      () => Number(values.leading()),
    ],
    [
      "ringfence_default_deny_missing_namespaces",
      "Governed namespaces without the managed default deny; more than 0 for long is an alert.",
      () => values.missing(),
    ],
    [
      "ringfence_default_deny_contested_namespaces",
      "Namespaces in which somebody keeps taking the managed default deny away; more than 0 is an alert.",
      () => values.contested(),
    ],
  ];
  for (const [name, help, read] of gauges) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  }
}
