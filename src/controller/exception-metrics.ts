/**
 * @module The Prometheus metrics of exceptions, out of what the last sweep found.
 */
import { Gauge, type Registry } from "prom-client";
import type { ExceptionSweep } from "./exception-sweep.ts";

/** Series with a time of its own, those that end first; the counts tell of all. */
const MOST_SERIES = 500;

/** Adds them to a registry. They are empty in a process that doesn't lead. */
export function observeExceptions(registry: Registry, sweep: Pick<ExceptionSweep, "report" | "problems">): void {
  const rows = () =>
    sweep.report.flatMap(({ kind, namespace, name, exceptions }) =>
      exceptions.map((exception) => ({ labels: { kind, namespace, name, guardrail: exception.guardrail }, exception })),
    );
  const expiry = new Gauge({
    name: "ringfence_exception_expiry_timestamp_seconds",
    help: `When an exception ends or has ended (seconds since 1970); at most the ${MOST_SERIES} that end first.`,
    labelNames: ["kind", "namespace", "name", "guardrail"],
    registers: [],
    collect() {
      this.reset();
      const first = rows().toSorted((a, b) => a.exception.expires - b.exception.expires);
      // The earliest end of an object and guardrail is set last, and stays.
      for (const { labels, exception } of first.slice(0, MOST_SERIES).toReversed()) this.set(labels, exception.expires);
    },
  });
  const counts = new Gauge({
    name: "ringfence_exceptions",
    help: "Findings that an exception excuses (active), or excused until it ended (ended); ended ones are an alert.",
    labelNames: ["state"],
    registers: [],
    collect() {
      const ended = rows().filter(({ exception }) => exception.ended).length;
      this.set({ state: "ended" }, ended);
      this.set({ state: "active" }, rows().length - ended);
    },
  });
  const problems = new Gauge({
    name: "ringfence_exception_sweep_problems",
    help: "What keeps the sweep from finding or removing ended exceptions; more than 0 is an alert, the log says what.",
    registers: [],
    collect() {
      this.set(sweep.problems.length);
    },
  });
  for (const metric of [expiry, counts, problems]) registry.registerMetric(metric);
}
