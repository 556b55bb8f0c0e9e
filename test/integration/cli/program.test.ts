/**
 * @module The program as users get it: built, on a pipe that closes, on a disk that is full, on a terminal.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type CliAnswer, FIXTURES, ROOT, runCli } from "./run-cli.ts";

const run = promisify(execFile);
const SOURCES = join(ROOT, "src/cli/ringfence.ts");
const PATIENCE_MS = 120_000;

let folder = "";
let launcher = "";

beforeAll(async () => {
  // Below the root, where the program looks for policies/ upwards from itself.
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache/built-"));
  launcher = join(folder, "dist/ringfence.js");
  execFileSync(process.execPath, [join(ROOT, "src/cli/build.ts"), join(folder, "dist")], { stdio: "pipe" });
}, PATIENCE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the built program", () => {
  test(
    "says what the sources say",
    async () => {
      const args = ["check", ".", "--output", "json"];
      const [built, sources] = await Promise.all([runCli({ args, program: launcher }), runCli({ args })]);
      expect(built).toEqual(sources);
      expect(built.exit).toBe(1);
    },
    PATIENCE_MS,
  );

  test(
    "can be started as it is",
    async () => {
      const { stdout } = await run(launcher, ["version"]);
      expect(stdout).toMatch(/^ringfence \d+\.\d+\.\d+ \(Node\.js \d/);
    },
    PATIENCE_MS,
  );

  test("keeps its compiled code beside itself", () => {
    expect(existsSync(join(folder, "dist/.compile-cache"))).toBe(true);
  });

  test(
    "checks without a single library from node_modules",
    async () => {
      const probe = join(folder, "probe.cjs");
      writeFileSync(
        probe,
        `process.argv = [process.argv[0], ${JSON.stringify(launcher)}, "check", "allowed.shop.yaml"];
       require(${JSON.stringify(launcher)});
       process.on("exit", () => require("node:fs").writeSync(2, JSON.stringify(Object.keys(require.cache))));`,
      );
      const { stderr } = await run(process.execPath, [probe], { cwd: FIXTURES });
      const loaded = JSON.parse(stderr) as string[];
      expect(loaded).toContain(join(folder, "dist/program.js"));
      expect(loaded.filter((file) => file.includes("node_modules"))).toEqual([]);
    },
    PATIENCE_MS,
  );
});

/** Runs a command line; `$0` is node and `$1` the program's sources. */
async function shell(command: string): Promise<CliAnswer> {
  const words = ["-o", "pipefail", "-c", command, process.execPath, SOURCES];
  try {
    return { exit: 0, ...(await run("bash", words, { cwd: FIXTURES })) };
  } catch (cause) {
    const { code, stdout, stderr } = cause as { code: number; stdout: string; stderr: string };
    return { exit: code, stdout, stderr };
  }
}

/** The same on a terminal, which util-linux' `script` makes; what it shows is in the folder's `typescript`. */
function onTerminal(environment: string): Promise<CliAnswer> {
  const call = `'$0' '$1' check denied.allow-all.yaml`;
  return shell(`TERM=xterm ${environment} script -qec "${call}" ${join(folder, "typescript")}`);
}

describe("standard output", () => {
  test(
    "that nobody reads any more changes nothing",
    async () => {
      const { exit, stdout, stderr } = await shell('"$0" "$1" guardrails --output json | head -c 20');
      expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: '{\n  "apiVersion": "r', stderr: "" });
    },
    PATIENCE_MS,
  );

  test(
    "on a full disk is a failure",
    async () => {
      const { exit, stderr } = await shell('"$0" "$1" check allowed.shop.yaml > /dev/full');
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: "ringfence: the output can't be written (ENOSPC)\n" });
    },
    PATIENCE_MS,
  );

  test(
    "on a terminal is coloured",
    async () => {
      await onTerminal("");
      expect(readFileSync(join(folder, "typescript"), "utf8")).toContain("\u001b[31mdeny\u001b[0m");
    },
    PATIENCE_MS,
  );

  test(
    "on a terminal with NO_COLOR is not",
    async () => {
      await onTerminal("NO_COLOR=1");
      const shown = readFileSync(join(folder, "typescript"), "utf8");
      expect(shown).toContain("deny  any-any");
      expect(shown).not.toContain("\u001b[");
    },
    PATIENCE_MS,
  );
});
