/**
 * @module The structured log: JSON lines on standard output, never a body, a header or a key in them.
 */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from "pino";

export type { Logger } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface ServerLog {
  readonly log: Logger;
  /** Writes out what is still in memory, for the last moment of the process; gives up on a reader that stalls. */
  readonly flush: () => Promise<void>;
}

// A reader of standard output that stalls costs log lines from here on, not memory.
const LONGEST_BACKLOG = 8 * 1024 * 1024;
const LONGEST_FLUSH_MS = 1_000;
const LONGEST_FIELD = 256;

/**
 * A log that writes in the background, so that a stalled reader never stalls a review.
 * @param level the least severe level that is written
 */
export function createLog(level: LogLevel = "info"): ServerLog {
  // Every line is written at once all the same: one byte is enough. Without a least length, pino can't be waited for.
  const output = destination({ dest: 1, sync: false, minLength: 1, maxLength: LONGEST_BACKLOG });
  const flush = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, LONGEST_FLUSH_MS);
      // An error means that nobody can read the lines any more.
      output.flush(() => resolve());
    });
  return { log: createLogger(level, output), flush };
}

/** A log into any stream; for tests. */
export function createLogger(level: LogLevel, output: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    output,
  );
}

/** A string from a request, short enough for a line. JSON escapes what could break the line or a terminal. */
export function shorten(text: string): string {
  return text.length > LONGEST_FIELD ? `${text.slice(0, LONGEST_FIELD)}...` : text;
}

// Not pino's own serializer: that one writes every property of an error, and libraries put bodies there.
function errorFields(error: unknown): object {
  if (!isErrorLike(error))
    return { message: typeof error === "string" ? shorten(error) : `not an error but ${typeof error}` };
  return { type: error.name, code: error.code, message: error.message, stack: error.stack };
}

function isErrorLike(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === "object" && error !== null && "message" in error;
}
