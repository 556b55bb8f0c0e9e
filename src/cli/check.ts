/**
 * @module `ringfence check`: the gate for pull requests, pipelines and syncs.
 */
import { check } from "../gate/check.ts";
import type { CheckResult } from "../gate/check-result.ts";
import { REPORTERS } from "../gate/reporters.ts";
import { reportText } from "../gate/report-text.ts";
import { CallError, type Command, EXIT_DENIED, EXIT_OK, EXIT_UNUSABLE, type Io } from "./command.ts";
import { APPROVERS_OPTION, ENGINE_OPTIONS, keysFromOption, loadEngine } from "./engine-options.ts";
import { momentOf } from "./moment-option.ts";
import { SourceLines } from "./source-lines.ts";

/** Judges files, folders and standard input. */
export const checkCommand: Command = {
  name: "check",
  summary: "Judge manifests in files, folders or standard input.",
  usage: "[OPTIONS] PATH...",
  description:
    "PATH is a YAML or JSON file, a folder (with everything below it), or - for standard input.\n" +
    "Exit code 0: nothing that denies. 1: at least one denial. 2: something could not be read or judged.",
  options: {
    ...ENGINE_OPTIONS,
    ...APPROVERS_OPTION,
    now: {
      type: "string",
      value: "TIME",
      description: "Judge for this moment (2026-12-03T10:00:00Z): shows which exceptions will have ended by then.",
    },
    namespace: {
      type: "string",
      short: "n",
      value: "NAME",
      description: "The namespace of objects that name none.",
      default: "default",
    },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      description: "How to print the result.",
      choices: [...REPORTERS.keys()],
      default: "text",
    },
    color: {
      type: "string",
      value: "WHEN",
      description: "Colours in the text form; auto is on a terminal, unless NO_COLOR is set.",
      choices: ["auto", "always", "never"],
      default: "auto",
    },
  },
  async run(args, io) {
    if (args.positionals.length === 0) {
      throw new CallError("check needs a file, a folder, or - for standard input", "check");
    }
    const engine = await loadEngine(args, { keys: keysFromOption(args) });
    const now = momentOf(args, "check");
    const lines = new SourceLines();
    const result = await check(
      args.positionals,
      {
        namespace: args.textOr("namespace", "default"),
        stdin: lines.standardInput(),
        ...(now === undefined ? {} : { now }),
      },
      engine,
    );
    const report = REPORTERS.get(args.textOr("output", "text")) ?? reportText;
    const colour = wantsColour(args.textOr("color", "auto"), io);
    io.stdout.write(report(result, { colour, line: (file, line) => lines.line(file, line) }));
    return exitCode(result);
  },
};

// https://no-color.org: any value but the empty one.
function wantsColour(when: string, { stdout, environment }: Io): boolean {
  if (when !== "auto") return when === "always";
  return stdout.isTTY && (environment["NO_COLOR"] ?? "") === "";
}

/** What could not be judged takes precedence: whoever gets a 1 knows that all of the input was judged. */
function exitCode({ summary }: CheckResult): number {
  if (summary.errors > 0) return EXIT_UNUSABLE;
  return summary.denied > 0 ? EXIT_DENIED : EXIT_OK;
}
