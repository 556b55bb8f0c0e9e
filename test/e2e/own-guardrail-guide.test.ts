/**
 * @module docs/own-guardrail.md, followed to the letter: its files are written, its commands run, in their order.
 *
 * A block with `file=PATH` is a file; a `sh` block is run, and ends with 0 or what `exit=` says; every line of a `text`
 * block is in the output of the command before it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { ROOT } from "../../src/engine/shipped-files.ts";
import { findOpa, NO_OPA } from "../tools/find-opa.ts";

interface Block {
  readonly language: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

const GUIDE = readFileSync(join(ROOT, "docs", "own-guardrail.md"), "utf8");
const LONGEST_COMMAND_MS = 60_000;

const opa = findOpa();
if (opa === undefined) process.stdout.write(`skipped: the guide to own guardrails. ${NO_OPA}\n`);

const folder = mkdtempSync(join(tmpdir(), "ringfence-guide-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

(opa === undefined ? test.skip : test)(
  "the guide works as it is written",
  () => {
    const path = [programs(), dirname(opa ?? ""), process.env["PATH"] ?? ""].join(delimiter);
    let output = "";
    let commands = 0;
    for (const { language, attributes, text } of blocksOf(GUIDE)) {
      const file = attributes.get("file");
      if (file !== undefined) write(join(folder, "work", file), text);
      else if (language === "sh") {
        const result = spawnSync("sh", ["-ec", text], {
          cwd: join(folder, "work"),
          env: { ...process.env, PATH: path },
          encoding: "utf8",
        });
        output = result.stdout;
        commands += 1;
        expect({ text, status: result.status, errors: result.stderr }).toEqual({
          text,
          status: Number(attributes.get("exit") ?? 0),
          errors: "",
        });
      } else if (language === "text") {
        for (const line of text.trimEnd().split("\n")) expect(output.split("\n")).toContain(line);
      }
    }
    expect(commands).toBeGreaterThanOrEqual(5);
  },
  LONGEST_COMMAND_MS,
);

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
function programs(): string {
  const bin = join(folder, "bin");
  write(join(bin, "ringfence"), `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "src/cli/ringfence.ts")}" "$@"\n`);
  chmodSync(join(bin, "ringfence"), 0o755);
  return bin;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
