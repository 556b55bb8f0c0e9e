/**
 * @module From the words of the command line to an exit code. Whatever goes wrong on the way is one message on standard
 * error and exit code 2, never a stack trace and never a 0.
 */
import { HELP_FLAGS, readArguments } from "./arguments.ts";
import { CallError, EXIT_OK, EXIT_UNUSABLE, type Io } from "./command.ts";
import { findCommand } from "./commands.ts";

/**
 * Runs one command.
 * @param words what follows `ringfence` on the command line
 * @returns the exit code
 */
export async function main(words: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(words, io);
  } catch (cause) {
    io.stderr.write(`ringfence: ${messageOf(cause)}\n`);
    if (isCallError(cause) && cause.helpFor !== undefined) {
      io.stderr.write(`See: ringfence ${cause.helpFor}${cause.helpFor === "" ? "" : " "}--help\n`);
    }
    return EXIT_UNUSABLE;
  }
}

/** By name: in the built program `serve` is a file of its own, with its own copy of the class. */
function isCallError(cause: unknown): cause is CallError {
  return cause instanceof Error && cause.name === "CallError";
}

function messageOf(cause: unknown): string {
  if (isCallError(cause)) return cause.message;
  if (cause instanceof Error && "syscall" in cause) return cause.message;
  const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : "no reason was given";
  return `an unexpected failure, please report it: ${what}`;
}

async function dispatch(words: readonly string[], io: Io): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined) throw new CallError("a command is missing", "");
  if (first === "--version") return dispatch(["version", ...rest], io);
  if (first === "help" || HELP_FLAGS.has(first)) return showHelp(rest, io);
  const found = await findCommand(words);
  if (!("run" in found.command)) {
    const [flag] = found.rest;
    if (flag !== undefined && HELP_FLAGS.has(flag)) return showHelp([found.command.name], io);
    throw new CallError(`${found.command.name} needs the name of one of its commands`, found.command.name);
  }
  const args = readArguments(found.command, found.rest, io.environment);
  return args.flag("help") ? showHelp(found.command.name.split(" "), io) : found.command.run(args, io);
}

async function showHelp(words: readonly string[], io: Io): Promise<number> {
  const { commandHelp, programHelp } = await import("./help.ts");
  const text = words.length === 0 ? await programHelp() : commandHelp((await findCommand(words)).command);
  io.stdout.write(text);
  return EXIT_OK;
}
