/**
 * @module How the process ends: signals and uncaught errors lead to a drain that loses no call, then to the exit.
 */
import type { Logger } from "./log.ts";

/** A server that can end in steps; `WebhookServer` is one. */
export interface Stoppable {
  /** Answers go on, but each is the last of its connection, and /readyz says no. */
  drain(): void;
  /** No new connections; resolves when all answers in hand are out. Idle connections close. */
  close(): Promise<void>;
  /** Breaks every connection. */
  abort(): void;
  /** Frees what is left: threads, timers. */
  release(): Promise<void>;
}

export interface StopTimes {
  /** From the signal until no new connection is taken: time for Kubernetes to take the Pod out of its endpoints. */
  readonly drainMs: number;
  /** From the signal until connections are broken; below the Pod's `terminationGracePeriodSeconds`. */
  readonly hardStopMs: number;
}

/** The times in a cluster. */
export const CLUSTER_STOP_TIMES: StopTimes = { drainMs: 15_000, hardStopMs: 25_000 };

type StopResult = "stopped" | "aborted";

/**
 * Ends a server without losing a call: drain, close, and after the last deadline break what is left.
 * @param hurry aborted to go to the end at once
 */
async function stopGracefully(server: Stoppable, times: StopTimes, hurry: AbortSignal): Promise<StopResult> {
  const cancel = new AbortController();
  const hardStop = Promise.race([pause(times.hardStopMs, cancel.signal), aborted(hurry)]).then(
    () => "aborted" as const,
  );
  server.drain();
  const gentle = pause(times.drainMs, cancel.signal)
    .then(() => server.close())
    .then(() => "stopped" as const);
  const result = await Promise.race([gentle, hardStop]);
  cancel.abort();
  if (result === "aborted") server.abort();
  await server.release();
  return result;
}

function pause(milliseconds: number, cancel: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    cancel.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

export interface Supervision {
  readonly server: Stoppable;
  readonly times: StopTimes;
  readonly log: Logger;
  /** Writes out the log before the exit. */
  readonly flushLog: () => Promise<void>;
}

/**
 * Stops the server and exits when the process is asked to end (SIGTERM, SIGINT; a second one hurries) with code 0, or
 * after an error that nobody caught with code 1: its state is unknown, so it drains and makes room for a new process.
 * Connections that had to be broken give code 1 as well.
 */
export function superviseProcess({ server, times, log, flushLog }: Supervision): void {
  const hurry = new AbortController();
  let exitCode = 0;
  let stopping = false;

  async function stop(): Promise<void> {
    if (stopping) return;
    stopping = true;
    const result = await stopGracefully(server, times, hurry.signal).catch((error: unknown) => {
      log.error({ err: error }, "stopping failed");
      return "aborted" as const;
    });
    log.info({ result }, "the server has ended");
    await flushLog();
    process.exit(result === "stopped" ? exitCode : 1);
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) hurry.abort();
      else log.info({ signal, drainMs: times.drainMs }, "the server drains and ends");
      void stop();
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.error({ err: error, event }, "an error was caught by nobody; the server drains and ends");
      exitCode = 1;
      void stop();
    });
  }
}
