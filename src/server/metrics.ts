/**
 * @module The server's Prometheus metrics. Names and labels are public: dashboards and alerts depend on them.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Lane, ReviewDecision, ReviewPath } from "./review-handler.ts";

/** Why a request got something other than the handler's answer, or a part of the server failed. */
export type FailureReason =
  | "method"
  | "content-type"
  | "content-encoding"
  | "too-large"
  | "unreadable"
  | "overloaded"
  | "timeout"
  | "handler-error"
  | "worker-lost"
  | "client-gone"
  | "client-certificate"
  | "tls-handshake"
  | "too-many-connections";

export interface ServerMetrics {
  readonly registry: Registry;
  /** One review answered by the handler. */
  reviewed(path: ReviewPath, lane: Lane, seconds: number): void;
  decided(decision: ReviewDecision): void;
  failed(reason: FailureReason): void;
  workerReplaced(reason: string): void;
  certificateChecked(result: "loaded" | "refused"): void;
  certificateExpires(notAfter: Date): void;
  /** Shows which bundle is in force. */
  bundleLoaded(bundle: { readonly digest: string; readonly revision: string }): void;
  /** Values that are read when somebody asks for the metrics. */
  observe(sources: ObservedValues): void;
}

interface ObservedValues {
  reviewsInFlight(): number;
  bytesInFlight(): number;
  /** Open connections by the certificate that they were opened with. */
  connections(): { readonly current: number; readonly previous: number };
}

const REVIEW_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Makes the metrics in a registry of their own or in one that the caller shares with other parts. */
export function createMetrics(registry = new Registry()): ServerMetrics {
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: "ringfence_review_duration_seconds",
    help: "Time from the request's headers to the answer.",
    labelNames: ["path", "lane"],
    buckets: REVIEW_BUCKETS,
    registers,
  });
  const decisions = new Counter({
    name: "ringfence_decisions_total",
    help: "Reviews decided, by result.",
    labelNames: ["path", "result"],
    registers,
  });
  const denials = new Counter({
    name: "ringfence_denials_total",
    help: "Denials by guardrail; a denial by two guardrails counts for both.",
    labelNames: ["guardrail"],
    registers,
  });
  const failures = new Counter({
    name: "ringfence_failures_total",
    help: "Requests that the guardrails didn't decide, and connections that failed, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const replacements = new Counter({
    name: "ringfence_worker_replacements_total",
    help: "Workers that ended and were replaced, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const reloads = new Counter({
    name: "ringfence_certificate_reloads_total",
    help: "Changed certificate files that were loaded, or refused while the old ones stay in use.",
    labelNames: ["result"],
    registers,
  });
  const expiry = new Gauge({
    name: "ringfence_certificate_not_after_timestamp_seconds",
    help: "When the serving certificate expires.",
    registers,
  });
  const bundle = new Gauge({
    name: "ringfence_bundle_info",
    help: "The guardrail bundle in force; the value is always 1.",
    labelNames: ["digest", "revision"],
    registers,
  });

  // On the way of every request: children are looked up once.
  const durations = {
    "/validate": { inline: duration.labels("/validate", "inline"), worker: duration.labels("/validate", "worker") },
    "/mutate": { inline: duration.labels("/mutate", "inline"), worker: duration.labels("/mutate", "worker") },
  };
  const results = {
    "/validate": { true: decisions.labels("/validate", "allowed"), false: decisions.labels("/validate", "denied") },
    "/mutate": { true: decisions.labels("/mutate", "allowed"), false: decisions.labels("/mutate", "denied") },
  };

  return {
    registry,
    reviewed: (path, lane, seconds) => durations[path][lane].observe(seconds),
    decided: ({ path, allowed, guardrails }) => {
      results[path][allowed ? "true" : "false"].inc();
      for (const guardrail of guardrails) denials.inc({ guardrail });
    },
    failed: (reason) => failures.inc({ reason }),
    workerReplaced: (reason) => replacements.inc({ reason }),
    certificateChecked: (result) => reloads.inc({ result }),
    certificateExpires: (notAfter) => expiry.set(notAfter.getTime() / 1000),
    bundleLoaded: (labels) => {
      bundle.reset();
      bundle.set({ digest: labels.digest, revision: labels.revision }, 1);
    },
    observe: (sources) => observeValues(registry, sources),
  };
}

function observeValues(registry: Registry, sources: ObservedValues): void {
  const gauges = [
    new Gauge({
      name: "ringfence_reviews_in_flight",
      help: "Reviews begun and not answered.",
      registers: [],
      collect() {
        this.set(sources.reviewsInFlight());
      },
    }),
    new Gauge({
      name: "ringfence_review_bytes_in_flight",
      help: "Bytes of review bodies held in memory.",
      registers: [],
      collect() {
        this.set(sources.bytesInFlight());
      },
    }),
    new Gauge({
      name: "ringfence_connections",
      help: "Open connections by the certificate they were opened with.",
      labelNames: ["certificate"],
      registers: [],
      collect() {
        const { current, previous } = sources.connections();
        this.set({ certificate: "current" }, current);
        this.set({ certificate: "previous" }, previous);
      },
    }),
  ];
  for (const gauge of gauges) registry.registerMetric(gauge);
}
