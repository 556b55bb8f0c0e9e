/**
 * @module The documentation's commands, executed as they stand there: in the order of the page, from the checkout.
 *
 * The two commands of the README install first, which a test can't do to its own node_modules: their second halves run
 * here, and .ci/run runs the whole of them.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "../../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const LIMIT_MS = 120_000;

/** What the page promises of each command: the exit code, and a part of the output. */
const PROMISES: Readonly<Record<string, { readonly code: number; readonly shows: string }>> = {
  "npx ringfence check docs/examples": { code: 1, shows: "allows anyone on every port" },
  "npx ringfence webhook-config --service ringfence/ringfence --ca-file certs/ca.crt": {
    code: 0,
    shows: "ValidatingWebhookConfiguration",
  },
  "npx ringfence guardrails": { code: 0, shows: "any-any" },
  "npx ringfence explain any-any --api cilium": { code: 0, shows: "spellings meet any-any" },
  "npx ringfence explain any-any": { code: 0, shows: "No rule from anyone to anyone" },
};

function commands(page: string): string[] {
  return [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
    block
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter((line) => line !== ""),
  );
}

function shell(command: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile("sh", ["-c", command], { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

describe("the README", () => {
  let webhook: ChildProcess;
  let printed = "";

  beforeAll(async () => {
    // `npm start`, on a free port, because somebody's own may be running.
    webhook = spawn("npm", ["start", "--silent", "--", "--port", "0"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      webhook.stdout?.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (/\/validate\n/.test(printed)) resolve();
      });
      webhook.once("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${printed}`)));
    });
  }, LIMIT_MS);
  afterAll(() => {
    // The whole process group: npm doesn't pass the signal on.
    if (webhook.pid !== undefined) process.kill(-webhook.pid, "SIGTERM");
  });

  test("starts with its two commands", () => {
    expect(commands(README).slice(0, 2)).toEqual(["npm ci && npm start", "npm ci && npm test"]);
    expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toMatch(/^npm ci$[\s\S]*^npm test$/m);
  });

  test("npm start prints a line that sends a review and shows a denial", async () => {
    const line = printed.split("\n").find((one) => one.trim().startsWith("curl "));
    expect(line).toBeDefined();
    const { code, output } = await shell(line ?? "");
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ response: { allowed: false, status: { code: 403 } } });
  });

  test("shows the denial that people really get", async () => {
    const line = printed.split("\n").find((one) => one.trim().startsWith("curl "));
    const { output } = await shell(line ?? "");
    const { message } = (JSON.parse(output) as { response: { status: { message: string } } }).response.status;
    expect(README).toContain(`denied the request: ${message}\n`);
  });

  test.each(commands(README).slice(2))(
    "%s",
    async (command) => {
      const promise = PROMISES[command];
      expect(promise).toBeDefined();
      const { code, output } = await shell(command);
      expect({ code, output: output.includes(promise?.shows ?? "") ? promise?.shows : output }).toEqual({
        code: promise?.code,
        output: promise?.shows,
      });
    },
    LIMIT_MS,
  );

  test("links to files that exist", () => {
    for (const [, target = ""] of README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(() => readFileSync(join(ROOT, target))).not.toThrow();
    }
  });
});
