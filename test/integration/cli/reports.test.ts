/**
 * @module The reports of the gate, to the letter: test/integration/cli/goldens. UPDATE_GOLDENS=1 writes them anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { type CliCall, runCli } from "./run-cli.ts";

const GOLDENS = join(import.meta.dirname, "goldens");

/** Golden file to the call that prints it. */
const CALLS: Readonly<Record<string, CliCall>> = {
  "allowed.txt": { args: ["check", "allowed.shop.yaml", "allowed.other-kinds.yaml"] },
  "allowed.json": { args: ["check", "-o", "json", "allowed.shop.yaml", "allowed.other-kinds.yaml"] },
  "denied.txt": { args: ["check", "denied.allow-all.yaml", "denied.split-cidr.yaml", "denied.list.json"] },
  "denied.json": {
    args: ["check", "-o", "json", "denied.allow-all.yaml", "denied.split-cidr.yaml", "denied.list.json"],
  },
  "workloads.txt": { args: ["check", "denied.workloads.yaml"] },
  "coloured.txt": {
    args: ["check", "--color", "always", "denied.allow-all.yaml", "warned.any-port.yaml", "nowhere.yaml"],
  },
  "errors.txt": { args: ["check", "denied.allow-all.yaml", "nowhere.yaml", "-"], stdin: "a: &b c\nd: yes\n" },
  "errors.json": { args: ["check", "-o", "json", "nowhere.yaml", "-"], stdin: "a: &b c\nd: yes\n" },
  "silent.txt": { args: ["check", "allowed.contradictory-namespaces.yaml"] },
  "silent.json": { args: ["check", "-o", "json", "allowed.contradictory-namespaces.yaml"] },
  "audit.txt": { args: ["check", "denied.allow-all.yaml", "--settings", "settings/audit.yaml"] },
};

/** The bundle's digests change with every change of a guardrail; that they are there is enough. */
function withoutDigests(text: string): string {
  return text.replaceAll(/sha256:[0-9a-f]{12,64}/g, "sha256:DIGEST");
}

describe("reports", () => {
  test.concurrent.each(Object.entries(CALLS))(
    "%s",
    async (file, call) => {
      const { stdout, stderr } = await runCli(call);
      const report = withoutDigests(stdout);
      expect(stderr).toBe("");
      if (process.env["UPDATE_GOLDENS"] === "1") {
        mkdirSync(GOLDENS, { recursive: true });
        writeFileSync(join(GOLDENS, file), report);
      }
      expect(report).toBe(readFileSync(join(GOLDENS, file), "utf8"));
    },
    120_000,
  );

  test("colours only where they are asked for or seen", async () => {
    const [plain, never] = await Promise.all([
      runCli({ args: ["check", "denied.allow-all.yaml"] }),
      runCli({ args: ["check", "denied.allow-all.yaml"], environment: { RINGFENCE_COLOR: "never" } }),
    ]);
    expect(plain.stdout).not.toContain("\u001b");
    expect(never.stdout).toBe(plain.stdout);
  }, 120_000);
});
