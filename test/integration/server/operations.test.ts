import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Gauge } from "prom-client";
import { type RunningServer, startServer } from "./running-server.ts";
import type { WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

let running: RunningServer;
let client: WebhookClient;

beforeAll(async () => {
  running = await startServer({ operationsHost: "localhost", operationsPort: 0 });
  client = running.client();
});

afterAll(() => running.stop());

const get = async (path: string) => client.send({ method: "GET", path });

describe.each(["the webhook's port", "the operations port"])("on %s", (port) => {
  async function fetchText(
    path: string,
    method = "GET",
  ): Promise<{ status: number; type: string | null; text: string }> {
    if (port === "the operations port") {
      const response = await fetch(`http://localhost:${running.server.operationsPort}${path}`, { method });
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
    }
    const { status, headers, text } = await client.send({ method, path });
    return { status, type: headers["content-type"] ?? null, text };
  }

  test.each<[method: string, path: string, status: number, type: RegExp]>([
    ["GET", "/livez", 200, /json/],
    ["GET", "/readyz", 200, /json/],
    ["GET", "/readyz?verbose", 200, /json/],
    ["GET", "/metrics", 200, /text\/plain/],
    ["GET", "/", 404, /json/],
    ["GET", "/healthz", 404, /json/],
    ["GET", "/metrics/../livez/x", 404, /json/],
    ["GET", "/%", 404, /json/],
    ["GET", "/__proto__", 404, /json/],
    ["POST", "/livez", 404, /json/],
    ["DELETE", "/metrics", 404, /json/],
  ])("%s %s: %d", async (method, path, status, type) => {
    const answer = await fetchText(path, method);
    expect([answer.status, answer.type]).toEqual([status, expect.stringMatching(type)]);
  });
});

test("reviews aren't taken on the operations port", async () => {
  const url = `http://localhost:${running.server.operationsPort}/validate`;
  const response = await fetch(url, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } });
  expect(response.status).toBe(404);
});

test("nothing says what the server is made of", async () => {
  expect((await get("/livez")).headers).not.toHaveProperty("x-powered-by");
});

test("readiness is what all parts say", async () => {
  const { readiness } = running.server;
  readiness.add("bundle", () => "no bundle is loaded");
  const answer = await get("/readyz");
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.text)).toEqual({
    status: "failing",
    checks: { certificate: "ok", "review-workers": "ok", bundle: "no bundle is loaded" },
  });
  expect((await get("/livez")).status).toBe(200);
  readiness.add("bundle", () => undefined);
  expect((await get("/readyz")).status).toBe(200);
});

test("the bundle in force is a metric, one at a time", async () => {
  running.metrics.bundleLoaded({ digest: "sha256:1", revision: "a" });
  running.metrics.bundleLoaded({ digest: "sha256:2", revision: "b" });
  const { text } = await get("/metrics");
  expect(text.match(/^ringfence_bundle_info.*$/gm)).toEqual([
    'ringfence_bundle_info{digest="sha256:2",revision="b"} 1',
  ]);
});

test("a failure inside is logged with its cause and answered without it", async () => {
  const broken = new Gauge({
    name: "broken",
    help: "Fails.",
    registers: [running.metrics.registry],
    collect() {
      throw new Error("the cause");
    },
  });
  expect(broken).toBeDefined();
  const answer = await get("/metrics");
  expect([answer.status, JSON.parse(answer.text)]).toEqual([
    500,
    { error: "internal error; the server's log has the cause" },
  ]);
  expect(running.logLines.join("")).toMatch(/the cause/);
  running.metrics.registry.removeSingleMetric("broken");
  expect((await get("/metrics")).status).toBe(200);
});
