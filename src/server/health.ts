/**
 * @module Named checks behind /livez and /readyz. Any part of the program adds its own.
 */

/** Gives the reason why this part isn't well, in words for an operator, or `undefined` when it is. Must not block. */
export type HealthCheck = () => string | undefined;

export interface HealthReport {
  readonly healthy: boolean;
  /** By name of the check: `ok` or the reason. */
  readonly checks: ReadonlyMap<string, string>;
}

export class HealthChecks {
  readonly #checks = new Map<string, HealthCheck>();

  /** Adds a check; one of the same name is replaced. */
  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  /** Runs all checks. One that throws isn't well. */
  report(): HealthReport {
    const checks = new Map<string, string>();
    let healthy = true;
    for (const [name, check] of this.#checks) {
      const reason = run(check);
      if (reason !== undefined) healthy = false;
      checks.set(name, reason ?? "ok");
    }
    return { healthy, checks };
  }
}

function run(check: HealthCheck): string | undefined {
  try {
    return check();
  } catch {
    return "the check itself failed";
  }
}

const HEARTBEAT_MS = 1_000;
const LONGEST_LAG_MS = 5_000;

/** Watches how late the event loop is; the check fails while the last heartbeat came more than 5 s late. */
export function watchEventLoop(): { readonly check: HealthCheck; stop(): void } {
  let last = performance.now();
  let lag = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    lag = Math.max(0, now - last - HEARTBEAT_MS);
    last = now;
  }, HEARTBEAT_MS);
  timer.unref();
  return {
    check: () => (lag > LONGEST_LAG_MS ? `the event loop was blocked for ${Math.round(lag)} ms` : undefined),
    stop: () => clearInterval(timer),
  };
}
