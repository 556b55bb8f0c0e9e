import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { type ClusterClient, connectCluster } from "../../../src/controller/cluster-client.ts";
import { NamespaceWatch, type NamespaceWatchOptions } from "../../../src/controller/namespace-labels.ts";
import { eventually } from "../../controlplane/eventually.ts";
import { temporaryFolder, writeKubeconfig } from "./kubeconfigs.ts";
import { ScriptedApiServer } from "./scripted-api-server.ts";

jest.setTimeout(30_000);

const SOON_MS = 10_000;

let folder: string;
let server: ScriptedApiServer;
let client: ClusterClient;
let watches: NamespaceWatch[];

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  server = await ScriptedApiServer.start();
  server.namespaces.set("shop", { team: "shop" });
  client = await connectCluster({ kubeconfig: await writeKubeconfig(folder, server.url, server.authority) });
  watches = [];
});

afterEach(async () => {
  await Promise.all(watches.map((watch) => watch.stop()));
  client.close();
  await server.stop();
});

function start(options: NamespaceWatchOptions = {}): NamespaceWatch {
  const timing = { firstBackoffMs: 10, longestBackoffMs: 50 };
  const watch = new NamespaceWatch(client, { ...options, timing: { ...timing, ...options.timing } });
  watches.push(watch);
  watch.start();
  return watch;
}

/** A watch that never gets a list, so that all labels have to be asked for. */
function startBlind(options: NamespaceWatchOptions = {}): NamespaceWatch {
  server.next = [{ to: "list", do: "hang", times: 1_000 }];
  return start({ ...options, timing: { answerMs: 60_000 } });
}

async function untilWatching(watch: NamespaceWatch): Promise<void> {
  await watch.untilSynced();
  await eventually(
    "a watch",
    async () => server.openWatches,
    (open) => open === 1,
    SOON_MS,
  );
}

test("labels are there after the first list, and follow every change", async () => {
  const watch = start();
  expect(watch.cached("shop")).toBeUndefined();
  expect(watch.synced).toBe(false);
  await untilWatching(watch);
  expect(watch.synced).toBe(true);
  expect(watch.cached("shop")).toEqual({ team: "shop" });
  expect(watch.cached("elsewhere")).toBeUndefined();
  server.namespaces.set("shop", { team: "other", tier: "gold" });
  const labels = async () => watch.cached("shop");
  await eventually("the new labels", labels, (state) => state?.["tier"] === "gold", SOON_MS);
  server.namespaces.remove("shop");
  await eventually("no labels", labels, (state) => state === undefined, SOON_MS);
  expect(server.count("get")).toBe(0);
});

test("a namespace without labels is known: it has none", async () => {
  server.namespaces.set("bare", {});
  const watch = start();
  await watch.untilSynced();
  expect(watch.cached("bare")).toEqual({});
});

test("names that are members of every object are only names", async () => {
  const hostile = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}') as Record<string, string>;
  server.namespaces.set("constructor", hostile);
  const watch = start();
  await watch.untilSynced();
  const labels = watch.cached("constructor");
  expect(Object.entries(labels ?? {})).toEqual(Object.entries(hostile));
  expect(Object.getPrototypeOf(labels)).toBeNull();
  expect(watch.cached("shop")?.["constructor"]).toBeUndefined();
  for (const name of ["__proto__", "toString", "hasOwnProperty"]) {
    expect(watch.cached(name)).toBeUndefined();
    expect(await watch.lookup(name)).toBeUndefined();
  }
});

test("a lookup asks the cluster once for all who wait, and its answer serves until the watch catches up", async () => {
  const watch = startBlind();
  const all = await Promise.all(Array.from({ length: 50 }, () => watch.lookup("shop")));
  expect(all).toEqual(Array.from({ length: 50 }, () => ({ team: "shop" })));
  expect(await watch.lookup("shop")).toEqual({ team: "shop" });
  expect(server.count("get")).toBe(1);
});

test("an answer is used while the watch is behind, and no more once it has caught up", async () => {
  const watch = start({ answerLifeMs: 60_000, timing: { silenceMs: 1_000 } });
  await untilWatching(watch);
  await server.disturb("freeze");
  server.namespaces.set("late", { team: "late" });
  expect(watch.cached("late")).toBeUndefined();
  expect(await watch.lookup("late")).toEqual({ team: "late" });
  expect(watch.cached("late")).toEqual({ team: "late" });
  server.namespaces.set("late", { team: "later" });
  const labels = async () => watch.cached("late");
  await eventually("the watch's labels", labels, (state) => state?.["team"] === "later", SOON_MS);
  server.namespaces.remove("late");
  await eventually("no labels", labels, (state) => state === undefined, SOON_MS);
  expect(await watch.lookup("late")).toBeUndefined();
});

test("an answer that the watch never confirms is asked for again", async () => {
  const watch = startBlind({ answerLifeMs: 50 });
  await watch.lookup("shop");
  server.namespaces.set("shop", { team: "other" });
  await pause(60);
  expect(await watch.lookup("shop")).toEqual({ team: "other" });
});

test("a namespace that doesn't exist has no labels, and is asked for each time: it may come any moment", async () => {
  const watch = startBlind();
  expect(await watch.lookup("soon")).toBeUndefined();
  server.namespaces.set("soon", {});
  expect(await watch.lookup("soon")).toEqual({});
});

test.each(["..", ".", "", "a/b", "a?b", "A", "a%2f", "a".repeat(64), "-a", "a\n"])(
  "%j can't be a namespace: no labels, no question",
  async (name) => {
    expect(await startBlind().lookup(name)).toBeUndefined();
    expect(server.count("get")).toBe(0);
  },
);

test("a cluster that doesn't answer in time is an error with its reason, for all who wait", async () => {
  const watch = startBlind({ lookupMs: 100 });
  server.next.push({ to: "get", do: "hang" });
  const began = performance.now();
  const answers = await Promise.allSettled([watch.lookup("shop"), watch.lookup("shop")]);
  expect(performance.now() - began).toBeLessThan(5_000);
  for (const answer of answers) {
    expect(answer).toMatchObject({
      reason: { message: "the API server didn't answer GET /api/v1/namespaces/shop in 0.1 s" },
    });
  }
  // The next question has its own chance.
  expect(await watch.lookup("shop")).toEqual({ team: "shop" });
});

test("a lookup that is forbidden is an error, not a namespace without labels", async () => {
  const watch = startBlind();
  server.next.push({ to: "get", status: 403 });
  await expect(watch.lookup("shop")).rejects.toMatchObject({ reason: "Forbidden" });
});

test("without contact for too long every namespace is asked for; with contact the watch counts again", async () => {
  server.bookmarkMs = 50;
  const watch = start({ staleAfterMs: 1_000, answerLifeMs: 0 });
  expect(watch.stale).toBe(true);
  await untilWatching(watch);
  await pause(1_200);
  expect(watch.stale).toBe(false);
  expect(watch.cached("shop")).toEqual({ team: "shop" });

  server.next = [
    { to: "watch", status: 500, times: 1_000 },
    { to: "list", status: 500, times: 1_000 },
  ];
  await server.disturb("end");
  await eventually(
    "staleness",
    async () => watch.stale,
    (stale) => stale,
    SOON_MS,
  );
  expect(watch.cached("shop")).toBeUndefined();
  server.namespaces.set("shop", { team: "new" });
  expect(await watch.lookup("shop")).toEqual({ team: "new" });
  expect(watch.cached("shop")).toBeUndefined();

  server.next = [];
  await eventually(
    "the watch's labels",
    async () => watch.cached("shop"),
    (state) => state?.["team"] === "new",
    SOON_MS,
  );
});

test("stopping gives up the questions under way", async () => {
  const watch = startBlind({ lookupMs: 60_000 });
  server.next.push({ to: "get", do: "hang" });
  const question = watch.lookup("shop");
  const given = expect(question).rejects.toMatchObject({ reason: "Aborted" });
  await pause(50);
  await watch.stop();
  await given;
  client.close();
  await eventually(
    "no socket",
    async () => server.openSockets,
    (open) => open === 0,
    SOON_MS,
  );
});

test("whether a namespace is being deleted is asked each time, and one that is gone is", async () => {
  const watch = startBlind();
  expect(await watch.isTerminating("shop")).toBe(false);
  server.namespaces.remove("shop");
  expect(await watch.isTerminating("shop")).toBe(true);
  expect(server.count("get")).toBe(2);
  expect(await watch.isTerminating("../shop")).toBe(false);
  expect(server.count("get")).toBe(2);
});

test("a cluster that doesn't tell whether a namespace is being deleted is an error", async () => {
  const watch = startBlind({ lookupMs: 100 });
  server.next.push({ to: "get", do: "hang" });
  await expect(watch.isTerminating("shop")).rejects.toThrow("0.1 s");
});
