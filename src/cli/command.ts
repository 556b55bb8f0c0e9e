/**
 * @module What a command of the `ringfence` program is.
 */
import type { Arguments } from "./arguments.ts";

/** Exit codes of every command. */
export const EXIT_OK = 0;
/** At least one denial, or a verification that found a difference. */
export const EXIT_DENIED = 1;
/** The input or the call could not be used. It takes precedence over a denial. */
export const EXIT_UNUSABLE = 2;

export interface Option {
  readonly type: "string" | "boolean";
  readonly description: string;
  /** What stands for the value in the usage text: `FILE`. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
  /** May be given several times. In the environment, commas separate the values. */
  readonly multiple?: boolean;
  /** The only values that are accepted. */
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Its twin in the environment, where RINGFENCE_<OPTION> would mean something else to another command. */
  readonly environment?: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Where a command reads from and writes to. */
export interface Io {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Command {
  /** As it is typed: `check`, `bundle build`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name: `[OPTIONS] PATH...`. */
  readonly usage: string;
  /** Paragraphs below the usage line; what the options don't say. */
  readonly description?: string;
  readonly options: Options;
  /**
   * Does it.
   * @returns the exit code
   * @throws CallError for anything the user has to change
   */
  run(args: Arguments, io: Io): Promise<number>;
}

/** A command that only holds others: `ringfence bundle build`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

/** The call can't be carried out: one message for the user, exit code 2. */
export class CallError extends Error {
  /** The command whose `--help` answers the message, where one does. */
  readonly helpFor: string | undefined;

  constructor(message: string, helpFor?: string) {
    super(message);
    this.name = "CallError";
    this.helpFor = helpFor;
  }
}
