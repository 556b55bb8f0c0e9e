import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "yaml";
import { type ClusterClient, connectCluster } from "../../../src/controller/cluster-client.ts";
import type { ClusterError } from "../../../src/controller/cluster-error.ts";
import { asObject } from "../../../src/controller/listed-objects.ts";
import { Reflector, type ReflectorOptions, type ReflectorTiming } from "../../../src/controller/reflector.ts";
import { eventually } from "../../controlplane/eventually.ts";
import { temporaryFolder, writeKubeconfig } from "./kubeconfigs.ts";
import { type Disturbance, type NextAnswer, ScriptedApiServer } from "./scripted-api-server.ts";

interface Fault {
  readonly name: string;
  readonly watch: Disturbance;
  readonly next?: readonly NextAnswer[];
  readonly handler?: "throws";
  readonly forget?: boolean;
  readonly resyncMs?: number;
  readonly limitMs?: number;
  readonly failure: string;
  readonly relist: boolean;
  readonly waitsMs?: number;
}

const tables = join(import.meta.dirname, "../../tables/watch");
const faults = parse(readFileSync(join(tables, "faults.yaml"), "utf8")) as Fault[];
const disturbances = [...new Set(faults.map(({ watch }) => watch))];

jest.setTimeout(30_000);

// Failures are followed by short pauses, but a machine that is busy for a second is no failure.
const timing: ReflectorTiming = {
  watchMs: 60_000,
  watchGraceMs: 300,
  answerMs: 10_000,
  silenceMs: 10_000,
  resyncMs: 600_000,
  firstBackoffMs: 10,
  longestBackoffMs: 100,
  steadyMs: 1_000,
};
const SOON_MS = 10_000;

let folder: string;
let server: ScriptedApiServer;
let client: ClusterClient;
let failures: ClusterError[];
let waits: number[];
let running: Reflector<unknown>[];

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  server = await ScriptedApiServer.start();
  server.bookmarkMs = 100;
  for (const name of ["shop", "bank", "gone", "quiet"]) server.namespaces.set(name, { team: name });
  client = await connectCluster({ kubeconfig: await writeKubeconfig(folder, server.url, server.authority) });
  failures = [];
  waits = [];
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((reflector) => reflector.stop()));
  client.close();
  await server.stop();
});

/** Makes and starts a reflector; it is stopped after the test. */
function start(options: Partial<ReflectorOptions<unknown>> = {}): Reflector<unknown> {
  const reflector = new Reflector<unknown>({
    client,
    path: "/api/v1/namespaces",
    pageSize: 2,
    keep: (object) => asObject(object["metadata"])?.["labels"],
    observer: {
      failed(error, _count, waitMs) {
        failures.push(error);
        waits.push(waitMs);
      },
    },
    timing,
    ...options,
  });
  running.push(reflector);
  reflector.start();
  return reflector;
}

async function equalsServer(reflector: Reflector<unknown>): Promise<void> {
  const look = async () => [...reflector.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const truth = [...server.namespaces.labels].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const holds = (state: unknown) => JSON.stringify(state) === JSON.stringify(truth);
  await eventually("the copy to equal the server's state", look, holds, SOON_MS);
}

async function untilWatching(reflector: Reflector<unknown>): Promise<void> {
  await reflector.untilSynced();
  await eventually(
    "a watch",
    async () => server.openWatches,
    (open) => open === 1,
    SOON_MS,
  );
}

const firstPages = () =>
  server.requests.filter(({ verb, url }) => verb === "list" && !url.searchParams.has("continue"));

test.each(faults)("$name: the copy equals the server's state soon after", async (fault) => {
  const reflector = start({
    onChange: () => {
      if (fault.handler === "throws") throw new Error("the handler is broken");
    },
    timing: {
      ...timing,
      resyncMs: fault.resyncMs ?? timing.resyncMs,
      answerMs: fault.limitMs ?? timing.answerMs,
      silenceMs: fault.limitMs ?? timing.silenceMs,
    },
  });
  await untilWatching(reflector);

  failures.length = 0;
  const listsBefore = firstPages().length;
  server.next = structuredClone(fault.next ?? []) as NextAnswer[];
  const began = performance.now();
  await server.disturb(fault.watch);
  server.namespaces.set("shop", { team: "shop", env: "dev" });
  server.namespaces.remove("gone");
  server.namespaces.set("constructor", { __proto__x: "1" });
  if (fault.forget) server.namespaces.forgetHistory();
  await equalsServer(reflector);

  expect(failures[0]?.reason ?? "none").toBe(fault.failure);
  expect(firstPages().length > listsBefore).toBe(fault.relist);
  await eventually(
    "every scripted answer to be given",
    async () => server.next,
    (next) => next.length === 0,
    SOON_MS,
  );
  if (fault.waitsMs !== undefined) expect(performance.now() - began).toBeGreaterThanOrEqual(fault.waitsMs);

  // It lives on: one more change arrives.
  server.namespaces.set("quiet", { team: "loud" });
  await equalsServer(reflector);
});

test("a table row that means nothing would be noticed", () => {
  const keys = new Set(faults.flatMap((fault) => Object.keys(fault)));
  const known = ["name", "watch", "next", "handler", "forget", "resyncMs", "limitMs", "failure", "relist", "waitsMs"];
  expect([...keys].filter((key) => !known.includes(key))).toEqual([]);
});

test("a handler that throws is reported with the key, and the others are served", async () => {
  const failed: string[] = [];
  const told: string[] = [];
  const reflector = start({
    onChange: (key) => {
      told.push(key);
      if (key === "gone") throw new Error("the handler is broken");
    },
    observer: {
      handlerFailed: (key) => void failed.push(key),
      watching: () => {
        throw new Error("the observer is broken as well");
      },
    },
  });
  await untilWatching(reflector);
  expect(told.toSorted()).toEqual(["bank", "gone", "quiet", "shop"]);
  expect(failed).toEqual(["gone"]);
});

test("changes are told by key with what is kept, deletions without", async () => {
  const told: [string, unknown][] = [];
  const reflector = start({ onChange: (key, kept) => void told.push([key, kept]) });
  await untilWatching(reflector);
  told.length = 0;
  server.namespaces.set("shop", { team: "other" });
  server.namespaces.remove("gone");
  await equalsServer(reflector);
  expect(told).toEqual([
    ["shop", { team: "other" }],
    ["gone", undefined],
  ]);

  // What went while nobody watched is told after the list.
  told.length = 0;
  await server.disturb("garbage");
  server.namespaces.remove("bank");
  await equalsServer(reflector);
  expect(told).toContainEqual(["bank", undefined]);
  expect(told).toContainEqual(["quiet", { team: "quiet" }]);
});

test("a list of many pages is complete, and asked for page by page", async () => {
  for (let number = 0; number < 41; number += 1) server.namespaces.set(`n${number}`, { number: String(number) });
  const reflector = start();
  await reflector.untilSynced();
  expect(reflector.size).toBe(45);
  expect(server.count("list")).toBe(23);
});

test("a quiet collection keeps its place by bookmarks: history may be forgotten without a new list", async () => {
  const reflector = start();
  await untilWatching(reflector);
  // As if other collections had changed a lot.
  server.namespaces.forgetHistory();
  await pause(250);
  await server.disturb("end");
  await eventually(
    "the next watch",
    async () => server.count("watch"),
    (count) => count === 2,
    SOON_MS,
  );
  server.namespaces.set("shop", {});
  await equalsServer(reflector);
  expect(firstPages()).toHaveLength(1);
  expect(failures).toEqual([]);
});

test("a watch from which bookmarks come isn't silent, however long it lasts", async () => {
  const reflector = start({ timing: { ...timing, silenceMs: 1_000 } });
  await untilWatching(reflector);
  await pause(2_500);
  expect(failures).toEqual([]);
  expect(server.count("watch")).toBe(1);
});

test("a steady watch that the server ends as asked goes on without a pause", async () => {
  start({ timing: { ...timing, watchMs: 1_000, steadyMs: 500, firstBackoffMs: 60_000, longestBackoffMs: 60_000 } });
  await eventually(
    "a third watch",
    async () => server.count("watch"),
    (count) => count >= 3,
    SOON_MS,
  );
  expect(server.requests.find(({ verb }) => verb === "watch")?.url.searchParams.get("timeoutSeconds")).toBe("1");
});

test("a watch that the server never ends is ended by the client and goes on where it was", async () => {
  server.ignoresTimeout = true;
  start({ timing: { ...timing, watchMs: 500 } });
  await eventually(
    "a second watch",
    async () => server.count("watch"),
    (count) => count >= 2,
    SOON_MS,
  );
  expect(failures.map(({ message }) => message)).toEqual([
    "the API server didn't end GET /api/v1/namespaces (watch) in 1.3 s",
  ]);
  expect(firstPages()).toHaveLength(1);
});

test("a server that always fails is asked less and less", async () => {
  server.next = [{ to: "list", status: 500, times: 1_000 }];
  const reflector = start();
  await pause(1_000);
  await reflector.stop();
  // 10, 20, 40, 80 ms, then every 50 to 100 ms.
  expect(server.count("list")).toBeLessThanOrEqual(24);
  expect(server.count("list")).toBeGreaterThanOrEqual(5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(timing.longestBackoffMs);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(timing.longestBackoffMs / 2);
});

test("a list that works and a watch that always fails are asked less and less, too", async () => {
  server.next = [{ to: "watch", status: 500, times: 1_000 }];
  const reflector = start();
  await pause(1_000);
  await reflector.stop();
  expect(server.count("watch")).toBeLessThanOrEqual(24);
  expect(reflector.size).toBe(4);
});

test("contact is counted from data, not from hope", async () => {
  const reflector = start();
  expect(reflector.sinceContactMs).toBe(Number.POSITIVE_INFINITY);
  await untilWatching(reflector);
  await pause(1_000);
  expect(reflector.sinceContactMs).toBeLessThan(900);
  server.next = [
    { to: "watch", status: 500, times: 1_000 },
    { to: "list", status: 500, times: 1_000 },
  ];
  await server.disturb("end");
  await pause(1_000);
  expect(reflector.sinceContactMs).toBeGreaterThan(950);
});

test("stopping before the first list rejects the wait for it, and leaves the process alone", async () => {
  server.next = [{ to: "list", do: "hang", times: 1_000 }];
  const reflector = start();
  const synced = reflector.untilSynced();
  await pause(20);
  await reflector.stop();
  await expect(synced).rejects.toMatchObject({ reason: "Aborted" });
  reflector.start();
  await pause(50);
  expect(server.openWatches).toBe(0);
});

const clocks = async () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;

test("stopping at any moment leaves no socket, no request and no clock", async () => {
  // Long enough that one which is left behind is seen.
  const LONG_MS = 60_000;
  const slow = { answerMs: LONG_MS, silenceMs: LONG_MS, watchMs: LONG_MS, longestBackoffMs: LONG_MS };
  const before = await clocks();
  const moments = fc.integer({ min: 0, max: 40 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...disturbances), moments, moments, async (disturbance, calmMs, restMs) => {
      const own = await connectCluster({ kubeconfig: await writeKubeconfig(folder, server.url, server.authority) });
      const reflector = start({ client: own, pageSize: 1, timing: { ...timing, ...slow } });
      await pause(calmMs);
      await server.disturb(disturbance);
      await pause(restMs);
      await reflector.stop();
      own.close();
      await eventually(
        "no socket",
        async () => server.openSockets,
        (open) => open === 0,
        SOON_MS,
      );
      const asked = server.requests.length;
      await pause(20);
      expect(server.requests.length).toBe(asked);
      await eventually("no clock", clocks, (count) => count <= before, SOON_MS);
    }),
    { numRuns: 30, endOnFailure: true },
  );
}, 120_000);

test("stopping in a long pause between two tries ends at once", async () => {
  server.next = [{ to: "list", status: 500, times: 1_000 }];
  const reflector = start({ timing: { ...timing, firstBackoffMs: 60_000, longestBackoffMs: 60_000 } });
  await eventually(
    "a failure",
    async () => failures.length,
    (count) => count === 1,
    SOON_MS,
  );
  const began = performance.now();
  await reflector.stop();
  expect(performance.now() - began).toBeLessThan(500);
});
