/**
 * @module A page of the documentation, followed to the letter.
 *
 * A block with `file=PATH` is a file; a `sh` block is run, and ends with 0 or what `exit=` says; every line of a `text`
 * block is in the output of the command before it.
 */
import { expect } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { ROOT } from "../../src/engine/shipped-files.ts";

interface Block {
  readonly language: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

/**
 * Writes the page's files and runs its commands, in their order.
 * @param folder an empty one
 * @param environment for the commands, beside a `ringfence` as an installed one would be
 * @returns how many commands ran
 */
export async function followGuide(
  markdown: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const bin = join(folder, "bin");
  write(join(bin, "ringfence"), `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "src/cli/ringfence.ts")}" "$@"\n`);
  chmodSync(join(bin, "ringfence"), 0o755);
  const env = { ...process.env, ...environment, PATH: `${bin}:${environment["PATH"] ?? process.env["PATH"]}` };
  let output = "";
  let commands = 0;
  for (const { language, attributes, text } of blocksOf(markdown)) {
    const file = attributes.get("file");
    if (file !== undefined) write(join(folder, "work", file), text);
    else if (language === "sh") {
      const child = spawn("sh", ["-ec", text], { cwd: join(folder, "work"), env });
      const [stdout, errors, [status]] = await Promise.all([
        textOf(child.stdout),
        textOf(child.stderr),
        once(child, "close"),
      ]);
      output = stdout;
      commands += 1;
      expect({ text, status, errors }).toEqual({ text, status: Number(attributes.get("exit") ?? 0), errors: "" });
    } else if (language === "text") {
      for (const line of text.trimEnd().split("\n")) expect(output.split("\n")).toContain(line);
    }
  }
  return commands;
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

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
