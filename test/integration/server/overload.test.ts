import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type RunningServer, startServer, until, WORKER_MODULE } from "./running-server.ts";
import type { ReviewResult, WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

const BIG = 100_000;
function count(results: readonly ReviewResult[], status: number): number {
  return results.filter((result) => result.status === status).length;
}

describe("beyond what it can hold, the server says 429 and when to try again", () => {
  const sent = 12;

  test.each<[what: string, limits: object, request: { padding: number; chunked?: true }]>([
    ["reviews in flight", { reviewsInFlight: 4 }, { padding: 0 }],
    ["bytes in flight", { bytesInFlight: 4 * BIG }, { padding: BIG }],
    ["bytes in flight that nobody announced", { bytesInFlight: 4 * BIG }, { padding: BIG, chunked: true }],
    ["reviews that wait for the worker", { queuedReviews: 3 }, { padding: BIG }],
  ])("%s", async (_what, limits, request) => {
    const running = await startServer({ limits });
    const client = running.client({ connections: sent });
    // Connections first: handshakes take so long that the reviews wouldn't meet.
    await Promise.all(Array.from({ length: sent }, () => client.send({ method: "GET", path: "/livez" })));
    const results = await Promise.all(Array.from({ length: sent }, () => client.review("slow", request)));
    const refused = count(results, 429);
    expect(count(results, 200)).toBe(sent - refused);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(sent);
    for (const result of results.filter(({ status }) => status === 429)) {
      expect(result.headers["retry-after"]).toBe("1");
      expect(result.text).toMatch(/try again/);
    }
    for (const result of results.filter(({ status }) => status === 200)) expect(result.response?.allowed).toBe(true);
    expect(await running.metric("ringfence_failures_total", { reason: "overloaded" })).toBe(refused);

    // No connection was lost, and when the load is gone so is the refusal.
    const after = await Promise.all(Array.from({ length: 3 }, () => client.review("web", request)));
    expect(count(after, 200)).toBe(3);
    expect(after.every((result) => result.reused)).toBe(true);
    expect(await running.metric("ringfence_reviews_in_flight")).toBe(0);
    expect(await running.metric("ringfence_review_bytes_in_flight")).toBe(0);
    await running.stop();
  });
});

describe("the worker lane", () => {
  let running: RunningServer;
  let client: WebhookClient;

  beforeAll(async () => {
    running = await startServer({ limits: { queuedReviews: 5 } });
    client = running.client({ connections: 12 });
  });

  afterAll(() => running.stop());

  const inFlight = () => running.metric("ringfence_reviews_in_flight");
  const replaced = (reason: string) => running.metric("ringfence_worker_replacements_total", { reason });

  /** Occupies the worker for a while. */
  async function startSpinning(timeout: string): Promise<{ answer: Promise<ReviewResult> }> {
    const answer = client.review("spin", { padding: BIG, path: `/validate?timeout=${timeout}` });
    await until("the review has begun", async () => (await inFlight()) === 1);
    return { answer };
  }

  /** As many big reviews as may wait. */
  function waitInLine(options: { signal?: AbortSignal }): Promise<ReviewResult>[] {
    const request = { padding: BIG, path: "/validate?timeout=30s", ...options };
    return Array.from({ length: 5 }, () => client.review("web", request));
  }

  test("ends a review that spins; those behind it are judged, or denied when their turn comes too late", async () => {
    const { answer } = await startSpinning("2500ms");
    let ended = false;
    void answer.then(() => (ended = true));
    const patient = client.review("web", { padding: BIG, path: "/validate?timeout=30s" });
    const hasty = await client.review("web", { padding: BIG, path: "/validate?timeout=300ms" });
    expect(hasty.response).toMatchObject({ uid: hasty.uid, allowed: false });
    // Small reviews don't wait for it, and no worker ends for the sake of one that waits.
    const small = await client.review("web");
    expect([small.response?.allowed, ended, await replaced("stopped")]).toEqual([true, false, 0]);

    const { response, uid } = await answer;
    expect(response).toMatchObject({ uid, allowed: false, status: { code: 403 } });
    expect(response?.status?.message).toMatch(/in time/);
    expect((await patient).response?.allowed).toBe(true);
    expect(await replaced("stopped")).toBe(1);
    expect(running.server.readiness.report().healthy).toBe(true);
  });

  test("survives workers that die, one after the other", async () => {
    for (let round = 1; round <= 3; round += 1) {
      const { response, uid } = await client.review("crash", { padding: BIG, path: "/validate?timeout=30s" });
      expect(response).toMatchObject({ uid, allowed: false });
      expect(response?.status?.message).toMatch(/lost the worker/);
      expect(await replaced("crashed")).toBe(round);
      expect((await client.review("web", { padding: BIG, path: "/validate?timeout=30s" })).response?.allowed).toBe(
        true,
      );
    }
  });

  test("forgets waiting reviews whose clients have gone", async () => {
    const { answer } = await startSpinning("3s");
    const gone = new AbortController();
    const abandoned = Promise.allSettled(waitInLine({ signal: gone.signal }));
    await until("all are in hand", async () => (await inFlight()) === 6);
    gone.abort();
    expect((await abandoned).map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
    await until("they are forgotten", async () => (await inFlight()) === 1);
    expect(await running.metric("ringfence_failures_total", { reason: "client-gone" })).toBe(5);
    // Their places in the queue are free for as many others.
    const results = await Promise.all(waitInLine({}));
    expect(results.map(({ response }) => response?.allowed)).toEqual(Array(5).fill(true));
    await answer;
  });
});

test("that can't start says so and doesn't start over and over", async () => {
  const running = await startServer({ workerModule: new URL("no-such-worker.ts", WORKER_MODULE) }, "started");
  const client = running.client();
  const { status, text } = await client.send({ method: "GET", path: "/readyz" });
  expect([status, JSON.parse(text).checks["review-workers"]]).toEqual([503, "no review worker is ready"]);
  expect((await client.review("web")).response?.allowed).toBe(true);
  const { response, uid } = await client.review("web", { padding: BIG, path: "/validate?timeout=1500ms" });
  expect(response).toMatchObject({ uid, allowed: false });
  expect(await running.metric("ringfence_worker_replacements_total", { reason: "crashed" })).toBeLessThan(10);
  await running.stop();
});
