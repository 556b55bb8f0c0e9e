/**
 * @module Usage texts, written from the commands' own descriptions of themselves.
 */
import { environmentName, HELP } from "./arguments.ts";
import type { Command, CommandGroup, Option, Options } from "./command.ts";
import { COMMANDS } from "./commands.ts";

const FOOT = `Exit codes: 0 nothing that denies, 1 at least one denial, 2 the input or the call could not be used.
Every option can be set in the environment too: --exempt-namespace is RINGFENCE_EXEMPT_NAMESPACE.
`;

/** The list of all commands. */
export async function programHelp(): Promise<string> {
  const commands = await Promise.all(Array.from(COMMANDS.values(), (load) => load()));
  const rows = commands.flatMap((command) => ("run" in command ? [command] : command.commands));
  return `Network guardrails for Kubernetes: at admission, in the pull request, over what runs.

Usage: ringfence COMMAND [OPTIONS]

${table(rows.map(({ name, summary }) => [name, summary]))}
ringfence COMMAND --help says more about one of them.

${FOOT}`;
}

/** What one command does, and its options. */
export function commandHelp(command: Command | CommandGroup): string {
  if (!("run" in command)) {
    return `${command.summary}\n\n${table(command.commands.map(({ name, summary }) => [name, summary]))}`;
  }
  const parts = [command.summary, `Usage: ringfence ${command.name} ${command.usage}`];
  if (command.description !== undefined) parts.push(command.description);
  return `${parts.join("\n\n")}\n\n${table(optionRows({ ...command.options, ...HELP }))}`;
}

function optionRows(options: Options): string[][] {
  return Object.entries(options).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const value = option.type === "boolean" ? "" : ` ${option.value ?? "VALUE"}`;
    return [`${short}--${name}${value}`, optionText(name, option)];
  });
}

function optionText(name: string, option: Option): string {
  const notes = [
    ...(option.choices === undefined ? [] : [`one of ${option.choices.join(", ")}`]),
    ...(option.multiple === true ? ["may be given several times"] : []),
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
    ...(option.environment === undefined ? [] : [environmentName(name, option)]),
  ];
  return notes.length === 0 ? option.description : `${option.description} (${notes.join("; ")})`;
}

function table(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", second = ""]) => `  ${first.padEnd(width)}  ${second}\n`).join("");
}
