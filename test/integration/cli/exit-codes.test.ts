/**
 * @module Every row of test/tables/cli/exit-codes.yaml as a call of the real program.
 */
import { rmSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { bytesOf, type ExitCodeRow, exitCodeRows, makeFolder } from "./exit-code-rows.ts";
import { type CliAnswer, runCli } from "./run-cli.ts";

/** What must never reach a user, whatever goes wrong. */
const LEAKS = [/^\s+at .*[:(]\d+/m, /\[object /, /\bundefined\b/, /\bNaN\b/, /node:internal/, /unexpected failure/];

async function run(row: ExitCodeRow): Promise<CliAnswer> {
  const folder = makeFolder(row);
  try {
    return await runCli({
      args: row.args,
      asNobody: row.unreadable !== undefined,
      ...(folder === undefined ? {} : { folder }),
      ...(row.stdin === undefined ? {} : { stdin: bytesOf(row.stdin) }),
      ...(row.environment === undefined ? {} : { environment: row.environment }),
    });
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

describe("exit codes", () => {
  test.concurrent.each(exitCodeRows().map((row) => ({ ...row, title: `${row.exit}: ${row.name}` })))(
    "$title",
    async (row) => {
      const { exit, stdout, stderr } = await run(row);
      expect({ exit, stdout, stderr }).toMatchObject({ exit: row.exit });
      for (const text of row.stdout ?? []) expect(stdout).toContain(text);
      for (const text of row.stderr ?? []) expect(stderr).toContain(text);
      if (row.stderr === undefined) expect(stderr).toBe("");
      for (const leak of LEAKS) expect(stdout + stderr).not.toMatch(leak);
      // Whatever a file holds, a terminal gets lines of printable ASCII.
      expect(stdout + stderr).toMatch(/^[\x20-\x7e\n]*$/);
    },
    120_000,
  );
});
