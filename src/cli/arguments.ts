/**
 * @module The arguments of a command: options from the command line, else from the environment, else their defaults.
 */
import { parseArgs } from "node:util";
import { nearest } from "../apis/suggest.ts";
import { quote } from "../model/quote.ts";
import { CallError, type Command, type Option, type Options } from "./command.ts";

/** Every command has it. */
export const HELP: Options = { help: { type: "boolean", short: "h", description: "Show this text." } };
export const HELP_FLAGS: ReadonlySet<string> = new Set(["--help", "-h"]);

/** Checked arguments. Asking for an option that the command doesn't have is a mistake in the command. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** The value of an option; undefined where it wasn't given and has no default. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  /** The value of an option that has a default. */
  textOr(name: string, fallback: string): string {
    return this.text(name) ?? fallback;
  }

  /** All values of an option that may be given several times. */
  texts(name: string): readonly string[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new TypeError(`the command has no option ${name}`);
    return values;
  }

  flag(name: string): boolean {
    return this.text(name) === "true";
  }
}

/**
 * Reads what follows the command's name.
 * @throws CallError for an unknown option, a missing or unexpected value, or one that isn't among the choices
 */
export function readArguments(command: Command, words: readonly string[], environment: NodeJS.ProcessEnv): Arguments {
  const options: Options = { ...command.options, ...HELP };
  const { positionals, given } = split(command, options, words);
  const values = new Map<string, readonly string[]>();
  for (const [name, option] of Object.entries(options)) {
    const fallback = option.default === undefined ? [] : [option.default];
    values.set(name, given.get(name) ?? fromEnvironment(name, option, environment) ?? fallback);
  }
  return new Arguments(positionals, values);
}

/** Beside a Service called "ringfence", Kubernetes gives every Pod a RINGFENCE_PORT of this form, which is not for us. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\//;

/** The variable that stands for an option: `--exempt-namespace` is `RINGFENCE_EXEMPT_NAMESPACE`. */
export function environmentName(name: string, option: Option): string {
  return option.environment ?? `RINGFENCE_${name.replaceAll("-", "_").toUpperCase()}`;
}

function split(command: Command, options: Options, words: readonly string[]) {
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(Object.entries(options).map(([name, option]) => [name, parserOption(option)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [];
  const given = new Map<string, readonly string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(command, options, token.rawName);
    // `--output --color always` has forgotten a value; `--output=--odd` means it.
    const forgotten = token.inlineValue === false && token.value.length > 1 && token.value.startsWith("-");
    const value = optionValue(command, option, token.rawName, forgotten ? undefined : token.value);
    given.set(token.name, option.multiple === true ? [...(given.get(token.name) ?? []), value] : [value]);
  }
  return { positionals, given };
}

function parserOption({ type, short }: Option) {
  return short === undefined ? { type } : { type, short };
}

function unknownOption(command: Command, options: Options, written: string): CallError {
  const meant = nearest(written.replace(/^-+/, ""), Object.keys(options));
  const advice = meant === undefined ? "" : `; did you mean --${meant}?`;
  return new CallError(`unknown option ${quote(written)}${advice}`, command.name);
}

function optionValue(command: Command, option: Option, written: string, value: string | undefined): string {
  if (option.type === "boolean") {
    if (value !== undefined) throw new CallError(`${written} takes no value`, command.name);
    return "true";
  }
  if (value === undefined || value === "") {
    throw new CallError(`${written} needs a value: ${written} ${option.value ?? "VALUE"}`, command.name);
  }
  return chosen(option, written, value);
}

function fromEnvironment(name: string, option: Option, environment: NodeJS.ProcessEnv): readonly string[] | undefined {
  const variable = environmentName(name, option);
  const value = environment[variable];
  // An empty variable is how shells and charts spell "not set".
  if (value === undefined || value === "" || name === "help" || SERVICE_LINK.test(value)) return undefined;
  if (option.type === "boolean") {
    if (value !== "true" && value !== "false")
      throw new CallError(`${variable} must be true or false, not ${quote(value)}`);
    return [value];
  }
  const parts = option.multiple === true ? value.split(",").filter((part) => part !== "") : [value];
  return parts.map((part) => chosen(option, variable, part));
}

function chosen(option: Option, written: string, value: string): string {
  const { choices } = option;
  if (choices === undefined || choices.includes(value)) return value;
  const meant = nearest(value, choices);
  throw new CallError(
    `${written} must be one of ${choices.join(", ")}, not ${quote(value)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
  );
}
