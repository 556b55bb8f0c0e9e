import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type DevelopmentCertificates, ensureDevelopmentCertificates } from "../../../src/certs/development-ca.ts";
import type { ChildOptions, ChildPorts } from "./child-server.ts";
import { until } from "./running-server.ts";
import { WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

interface Child extends ChildPorts {
  readonly process: ChildProcess;
  /** Exit code, and all that was logged. */
  readonly ended: Promise<{ readonly code: number | null; readonly log: string }>;
}

let folder: string;
let certificates: DevelopmentCertificates;
let ca: string;
const children: ChildProcess[] = [];
const clients: WebhookClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ringfence-lifecycle-"));
  certificates = await ensureDevelopmentCertificates(folder);
  ca = await readFile(certificates.authorityCertificate, "utf8");
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function startChild(times: Pick<ChildOptions, "drainMs" | "hardStopMs">): Promise<Child> {
  const options: ChildOptions = { certificate: certificates.certificate, key: certificates.key, ...times };
  const child = fork(join(import.meta.dirname, "child-server.ts"), [JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    execArgv: [],
  });
  children.push(child);
  let log = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (log += text));
  const ended = once(child, "close").then(([code]) => ({ code, log }));
  const [ports] = (await once(child, "message")) as [ChildPorts];
  return { ...ports, process: child, ended };
}

function clientOf(child: ChildPorts): WebhookClient {
  const client = new WebhookClient({ port: child.port, ca });
  clients.push(client);
  return client;
}

async function readiness(child: ChildPorts): Promise<number> {
  const response = await fetch(`http://localhost:${child.operationsPort}/readyz`, { headers: { Connection: "close" } });
  return response.status;
}

test("a rolling restart under the load of 60 clients loses no call", async () => {
  const [first, second] = await Promise.all([
    startChild({ drainMs: 1_500, hardStopMs: 20_000 }),
    startChild({ drainMs: 0, hardStopMs: 20_000 }),
  ]);
  // What a Service does: new calls go to a server that is ready.
  let target = first;
  const end = new AbortController();
  const failures: unknown[] = [];
  const answers = new Map<Child, number>([
    [first, 0],
    [second, 0],
  ]);
  let farewells = 0;
  const load = Array.from({ length: 60 }, async (_unused, index) => {
    const own = new Map([
      [first, clientOf(first)],
      [second, clientOf(second)],
    ]);
    while (!end.signal.aborted) {
      const server = target;
      const padding = index % 10 === 0 ? 70_000 : 0;
      const result = await own
        .get(server)
        ?.review("web", { padding })
        .catch((error: unknown) => ({ error }));
      if (result === undefined || !("response" in result) || !result.response?.allowed) failures.push(result);
      else {
        answers.set(server, (answers.get(server) ?? 0) + 1);
        if (result.headers.connection === "close") farewells += 1;
      }
    }
  });

  await until("the first server has work", () => (answers.get(first) ?? 0) > 200);
  first.process.kill("SIGTERM");
  await until("the first server isn't ready any more", async () => (await readiness(first)) === 503);
  target = second;
  const { code } = await first.ended;
  const before = answers.get(second) ?? 0;
  await until("the second server has taken over", () => (answers.get(second) ?? 0) > before + 200);
  end.abort();
  await Promise.all(load);

  expect(failures).toEqual([]);
  expect(code).toBe(0);
  expect(farewells).toBeGreaterThanOrEqual(60);
});

describe("an error that nobody caught", () => {
  test.each<[request: string, message: RegExp]>([
    ["throw", /thrown on purpose/],
    ["reject", /rejected on purpose/],
  ])("(%s) is logged, drained and ends in exit code 1", async (request, message) => {
    const child = await startChild({ drainMs: 600, hardStopMs: 20_000 });
    const client = clientOf(child);
    const slow = client.review("slow");
    child.process.send(request);
    await until("it isn't ready any more", async () => (await readiness(child)) === 503);
    expect((await slow).response?.allowed).toBe(true);
    expect((await client.review("web")).headers.connection).toBe("close");
    const { code, log } = await child.ended;
    expect(code).toBe(1);
    expect(log).toMatch(message);
    expect(log).toMatch(/"event":"(uncaughtException|unhandledRejection)"/);
  });
});

describe("a call that never ends", () => {
  test("is broken at the hard stop; exit code 1", async () => {
    const child = await startChild({ drainMs: 0, hardStopMs: 500 });
    const hanging = clientOf(child).review("never", { path: "/validate?timeout=30s" });
    hanging.catch(() => undefined);
    await clientOf(child).review("web");
    child.process.kill("SIGTERM");
    await expect(hanging).rejects.toThrow();
    const { code, log } = await child.ended;
    expect([code, /"result":"aborted"/.test(log)]).toEqual([1, true]);
  });

  test("is broken by a second signal", async () => {
    const child = await startChild({ drainMs: 60_000, hardStopMs: 120_000 });
    const hanging = clientOf(child).review("never", { path: "/validate?timeout=30s" });
    hanging.catch(() => undefined);
    await clientOf(child).review("web");
    child.process.kill("SIGINT");
    await until("it drains", async () => (await readiness(child)) === 503);
    child.process.kill("SIGINT");
    await expect(hanging).rejects.toThrow();
    expect((await child.ended).code).toBe(1);
  });
});

test("without work it ends at once, with its log written", async () => {
  const child = await startChild({ drainMs: 0, hardStopMs: 20_000 });
  await clientOf(child).review("denied");
  child.process.kill("SIGTERM");
  const { code, log } = await child.ended;
  expect(code).toBe(0);
  expect(
    log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).msg),
  ).toEqual(["denied", "the server drains and ends", "the server has ended"]);
});
