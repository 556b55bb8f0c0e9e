/**
 * @module The commands by name. Each one is loaded when it is called: the gate starts without the server's libraries.
 */
import { nearest } from "../apis/suggest.ts";
import { quote } from "../model/quote.ts";
import { CallError, type Command, type CommandGroup } from "./command.ts";

type Load = () => Promise<Command | CommandGroup>;

/** In the order in which help lists them. */
export const COMMANDS: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["serve", async () => (await import("./serve.ts")).serveCommand],
  ["controller", async () => (await import("./controller.ts")).controllerCommand],
  ["check", async () => (await import("./check.ts")).checkCommand],
  ["explain", async () => (await import("./explain.ts")).explainCommand],
  ["exception", async () => (await import("./exception.ts")).exceptionCommands],
  ["guardrails", async () => (await import("./guardrails.ts")).guardrailsCommand],
  ["certs", async () => (await import("./certs.ts")).certsCommands],
  ["bundle", async () => (await import("./bundle.ts")).bundleCommands],
  ["webhook-config", async () => (await import("./webhook-config.ts")).webhookConfigCommand],
  ["rbac", async () => (await import("./rbac.ts")).rbacCommand],
  ["version", async () => (await import("./version.ts")).versionCommand],
]);

export interface Found {
  readonly command: Command | CommandGroup;
  /** The words that follow the command's name. */
  readonly rest: readonly string[];
}

/**
 * Finds the command that the first words name. A group is found where the word after its name is an option or missing.
 * @throws CallError for a name that no command has
 */
export async function findCommand(words: readonly string[]): Promise<Found> {
  const [name = "", ...rest] = words;
  const load = COMMANDS.get(name);
  if (load === undefined) throw unknownCommand(name, [...COMMANDS.keys(), "help"], "");
  const command = await load();
  const [next] = rest;
  if ("run" in command || next === undefined || next.startsWith("-")) return { command, rest };
  const member = command.commands.find((one) => one.name === `${name} ${next}`);
  if (member !== undefined) return { command: member, rest: rest.slice(1) };
  const names = command.commands.map((one) => one.name.slice(name.length + 1));
  throw unknownCommand(next, names, name);
}

function unknownCommand(name: string, known: readonly string[], group: string): CallError {
  const meant = nearest(name, known);
  const what = group === "" ? "command" : `command of ${group}`;
  return new CallError(`unknown ${what} ${quote(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`, group);
}
