/**
 * @module However the owner of a control plane ends, nothing of it stays behind.
 */
import { afterAll, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./eventually.ts";
import { supervise } from "./processes.ts";

const outside = mkdtempSync(join(tmpdir(), "ringfence-processes-test-"));
afterAll(() => rmSync(outside, { recursive: true }));

test("stop ends the programs and removes their folder; logs outside of it stay", async () => {
  const folder = mkdtempSync(join(outside, "work-"));
  const supervisor = supervise(folder, outside);
  const program = await supervisor.start("sleeper", "sh", ["-c", "echo started; exec sleep 600"]);
  const log = join(outside, "sleeper.log");
  await eventually(
    "the program's output",
    async () => readFileSync(log, "utf8"),
    (text) => text === "started\n",
  );
  await supervisor.stop();
  expect(isAlive(program.processId)).toBe(false);
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(log)).toBe(true);
});

test("a program that ends by itself is reported with the end of its log", async () => {
  const folder = mkdtempSync(join(outside, "work-"));
  const supervisor = supervise(folder, folder);
  const program = await supervisor.start("failing", "sh", ["-c", "echo port taken >&2; exit 3"]);
  const look = () => program.assertRunning().catch((error: unknown) => String(error));
  const message = await eventually("the program to end", look, (text) => text !== undefined);
  expect(message).toBe("Error: failing ended by itself (3); its log ends with:\nport taken\n");
  await supervisor.stop();
});

test("when the owner is killed the programs end and the folder goes", async () => {
  const folder = mkdtempSync(join(outside, "work-"));
  const script = `
    const { supervise } = await import(${JSON.stringify(join(import.meta.dirname, "processes.ts"))});
    const program = await supervise(${JSON.stringify(folder)}, ${JSON.stringify(folder)}).start("sleeper", "sleep", ["600"]);
    console.log(program.processId);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(owner.stdout), "line");
  const sleeper = Number(line);
  expect(isAlive(sleeper)).toBe(true);
  owner.kill("SIGKILL");
  await eventually(
    "the folder to go",
    async () => existsSync(folder),
    (exists) => !exists,
  );
  // The system takes a moment to bury an orphan.
  await eventually(
    "the program to end",
    async () => isAlive(sleeper),
    (alive) => !alive,
  );
});

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
