/**
 * @module A guide of docs/, followed to the letter: its files are written, its commands run, in their order.
 *
 * A block with `file=PATH` is a file; a `sh` block is run, and ends with 0 or what `exit=` says; every line of a `text`
 * block is in the output of the command before it. `...` in such a line stands for what is different every time.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { ROOT } from "../../src/engine/shipped-files.ts";

interface Block {
  readonly language: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

/**
 * Follows a guide in a folder.
 * @param programs folders of programs that the guide calls, beside `ringfence` itself
 * @param environment variables for the commands
 * @returns the number of commands that were run
 * @throws where a command ends otherwise than it says, or doesn't print what it says
 */
export async function followGuide(
  markdown: string,
  folder: string,
  programs: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const path = [ringfenceIn(folder), ...programs, process.env["PATH"] ?? ""].join(delimiter);
  const work = join(folder, "work");
  mkdirSync(work, { recursive: true });
  let output = "";
  let commands = 0;
  for (const { language, attributes, text } of blocksOf(markdown)) {
    const file = attributes.get("file");
    if (file !== undefined) write(join(work, file), text);
    else if (language === "sh") {
      output = await runBlock(text, Number(attributes.get("exit") ?? 0), work, { ...environment, PATH: path });
      commands += 1;
    } else if (language === "text") {
      requireLines(text, output);
    }
  }
  return commands;
}

async function runBlock(
  text: string,
  expected: number,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  // Not spawnSync: what the commands talk to may run in this process.
  const child = spawn("sh", ["-ec", text], { cwd: folder, env: { ...process.env, ...environment } });
  const [stdout, stderr, [status]] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  // An error message belongs to an exit code of 2, and to nothing else.
  if (status !== expected || (expected !== 2 && stderr !== "")) {
    throw new Error(`${text}ended with ${status}, not ${expected}:\n${stdout}${stderr}`);
  }
  return stdout + stderr;
}

function requireLines(text: string, output: string): void {
  const lines = output.split("\n");
  for (const line of text.trimEnd().split("\n")) {
    const parts = line.split("...").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    const form = new RegExp(`^${parts.join(".*")}$`);
    if (!lines.some((one) => form.test(one))) throw new Error(`the output has no line ${line}\n${output}`);
  }
}

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", attributes = "", text = ""]) => ({
      language,
      attributes: new Map([...attributes.matchAll(/(\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value])),
      text,
    }),
  );
}

/** A folder with `ringfence` as an installed one would be. */
function ringfenceIn(folder: string): string {
  const bin = join(folder, "bin");
  write(join(bin, "ringfence"), `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "src/cli/ringfence.ts")}" "$@"\n`);
  chmodSync(join(bin, "ringfence"), 0o755);
  return bin;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
