import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type RunningServer, startServer } from "./running-server.ts";
import { reviewOf, type WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

const SECRET = "s3cr3t-in-the-object";
const MEBIBYTE = 1024 * 1024;
let running: RunningServer;
let client: WebhookClient;

beforeAll(async () => {
  running = await startServer();
  client = running.client();
});

afterAll(() => running.stop());

describe("an answer", () => {
  test.each<[path: string, name: string, allowed: boolean, padding: number, why: string]>([
    ["/validate", "web", true, 0, "inline"],
    ["/validate?timeout=10s", "denied", false, 0, "inline"],
    ["/mutate/strict", "web", true, 0, "a longer path"],
    ["/validate", "slow", true, 0, "the handler takes its time"],
    ["/validate", "web", true, 100_000, "in the worker"],
    ["/mutate", "denied", false, 100_000, "in the worker"],
  ])("%s for %s: allowed %s (%s bytes more, %s)", async (path, name, allowed, padding) => {
    const { status, headers, text, uid, response } = await client.review(name, { path, padding });
    expect({ status, uid: response?.uid, allowed: response?.allowed }).toEqual({ status: 200, uid, allowed });
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)));
    expect(headers.connection).toBe("keep-alive");
  });

  test("comes for a body in chunks as well", async () => {
    expect((await client.review("web", { chunked: true })).response?.allowed).toBe(true);
    expect((await client.review("web", { chunked: true, padding: 200_000 })).response?.allowed).toBe(true);
  });

  test("of a handler that fails is a denial with the uid", async () => {
    for (const padding of [0, 100_000]) {
      const { response, uid } = await client.review("throw", { padding });
      expect(response).toMatchObject({ uid, allowed: false, status: { code: 403 } });
      expect(response?.status?.message).toMatch(/failed while it judged/);
    }
  });

  test("of a handler that never answers is a denial before the API server gives up", async () => {
    const { response, uid } = await client.review("never", { path: "/validate?timeout=700ms" });
    expect(response).toMatchObject({ uid, allowed: false });
    expect(response?.status?.message).toMatch(/in time/);
  });
});

describe("a body's size never admits", () => {
  const overhead = reviewOf("705ab4f5-6393-11e8-b7cc-42010a800002", "denied").length;

  test.each<[size: number, denied: string]>([
    [99_000, "judged"],
    [101_000, "judged"],
    [3 * MEBIBYTE, "judged"],
    [16 * MEBIBYTE, "judged"],
    [16 * MEBIBYTE + 1, "too large"],
    [20 * MEBIBYTE, "too large"],
  ])("%d bytes: %s", async (size, denied) => {
    const { response, uid } = await client.review("denied", { padding: size - overhead });
    expect(response).toMatchObject({ uid, allowed: false });
    expect(response?.status?.message?.includes("larger than") ?? false).toBe(denied === "too large");
  });

  test.each<[size: number, denied: string]>([
    [16 * MEBIBYTE, "judged"],
    [16 * MEBIBYTE + 1, "too large"],
  ])("%d bytes in chunks, so that nothing announces them: %s", async (size, denied) => {
    const { response, uid } = await client.review("denied", { padding: size - overhead, chunked: true });
    expect(response).toMatchObject({ uid, allowed: false });
    expect(response?.status?.message?.includes("larger than") ?? false).toBe(denied === "too large");
  });

  test("without a uid to answer for: HTTP 413", async () => {
    const answer = await client.send({ body: "x".repeat(17 * MEBIBYTE) });
    expect(answer.status).toBe(413);
  });

  test("far beyond: HTTP 413 and the end of the connection, at once", async () => {
    const answer = await client.send({
      headers: { "Content-Length": 65 * MEBIBYTE, "Content-Type": "application/json" },
    });
    expect([answer.status, answer.headers.connection]).toEqual([413, "close"]);
  });
});

describe("a request that is no review", () => {
  const body = reviewOf("u", "web");

  test.each<[what: string, request: Parameters<WebhookClient["send"]>[0], status: number, text: RegExp]>([
    ["wrong method", { method: "GET" }, 405, /POST/],
    ["wrong method with a body", { method: "PUT", body }, 405, /POST/],
    ["text", { body, headers: { "Content-Type": "text/plain" } }, 415, /application\/json/],
    ["another charset", { body, headers: { "Content-Type": "application/json; charset=utf-16" } }, 415, /UTF-8/],
    ["gzip", { body: gzipSync(body), headers: { "Content-Encoding": "gzip" } }, 415, /compressed/],
    ["nothing", { body: "" }, 400, /isn't an AdmissionReview/],
    ["no JSON", { body: "{" }, 400, /isn't an AdmissionReview/],
    ["no UTF-8", { body: Uint8Array.of(0x7b, 0xff, 0x7d) }, 400, /isn't an AdmissionReview/],
    ["no JSON, in the worker", { body: "x".repeat(100_000) }, 400, /isn't an AdmissionReview/],
    ["no review", { body: "{}" }, 400, /isn't an AdmissionReview/],
    ["wrong path", { path: "/validated", body }, 404, /not found/],
    ["the root", { method: "GET", path: "/" }, 404, /not found/],
  ])("%s", async (_what, request, status, text) => {
    const answer = await client.send(request);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(answer.text).not.toMatch(/at .*\.ts|node_modules/);
    // The connection is still good for the next review.
    expect((await client.review("web")).response?.allowed).toBe(true);
  });

  test("says which method it takes", async () => {
    expect((await client.send({ method: "DELETE" })).headers.allow).toBe("POST");
  });
});

test("every denial is one line of the log; nothing of the object is anywhere but its name", async () => {
  const before = running.logLines.length;
  await client.send(seeded("denied", "uid-1"));
  await client.send(seeded("throw", "uid-2"));
  await client.send(seeded("web", "uid-3"));
  await client.send({ ...seeded("web", "uid-4"), headers: { "Content-Type": SECRET, Authorization: SECRET } });
  const lines = running.logLines.slice(before).map((line) => JSON.parse(line));
  expect(lines.filter((line) => line.msg === "denied")).toEqual([
    {
      level: "warn",
      time: expect.any(String),
      path: "/validate",
      uid: "uid-1",
      user: "alice",
      kind: "ConfigMap",
      namespace: "shop",
      name: "denied",
      guardrails: ["any-any"],
      msg: "denied",
    },
  ]);
  expect(lines.find((line) => line.msg === "denied without a verdict")).toMatchObject({
    uid: "uid-2",
    reason: "handler-error",
  });
  expect(lines).toHaveLength(3);
  expect(running.logLines.join("")).not.toContain(SECRET);
  expect(await running.metrics.registry.metrics()).not.toContain(SECRET);

  function seeded(name: string, reviewUid: string) {
    return { body: `${reviewOf(reviewUid, name).slice(0, -3)},"secret":"${SECRET}"}}}` };
  }
});

test("metrics tell what happened", async () => {
  const { text } = await client.send({ method: "GET", path: "/metrics" });
  for (const pattern of [
    /ringfence_review_duration_seconds_count\{path="\/validate",lane="inline"\} [1-9]/,
    /ringfence_review_duration_seconds_count\{path="\/validate",lane="worker"\} [1-9]/,
    /ringfence_decisions_total\{path="\/validate",result="allowed"\} [1-9]/,
    /ringfence_decisions_total\{path="\/mutate",result="denied"\} 1/,
    /ringfence_denials_total\{guardrail="any-any"\} [1-9]/,
    /ringfence_failures_total\{reason="content-type"\} [1-9]/,
    /ringfence_failures_total\{reason="too-large"\} [1-9]/,
    /ringfence_failures_total\{reason="timeout"\} 1/,
    /ringfence_reviews_in_flight 0/,
    /ringfence_review_bytes_in_flight 0/,
    /ringfence_connections\{certificate="current"\} 1/,
    /ringfence_certificate_not_after_timestamp_seconds \d{10}/,
    /nodejs_eventloop_lag_seconds /,
  ]) {
    expect(text).toMatch(pattern);
  }
});
