import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { ClusterError } from "./cluster-error.ts";
import { WorkQueue } from "./work-queue.ts";

const LIMITS = { atOnce: 2, perSecond: 1_000, burst: 1_000, firstBackoffMs: 20, longestBackoffMs: 80 };

async function untilEmpty(queue: WorkQueue): Promise<void> {
  while (queue.size > 0) await pause(1);
}

test("a key is never worked on twice at the same time, and what comes meanwhile is done afterwards", async () => {
  let together = 0;
  let most = 0;
  const done: string[] = [];
  const queue = new WorkQueue({
    limits: LIMITS,
    work: async (key) => {
      together += 1;
      most = Math.max(most, together);
      await pause(5);
      together -= 1;
      done.push(key);
    },
  });
  for (const key of ["a", "a", "b", "c", "a", "c"]) queue.add(key);
  await pause(2);
  queue.add("a");
  await untilEmpty(queue);
  expect(most).toBe(2);
  expect(done.toSorted()).toEqual(["a", "a", "b", "c"]);
});

test("a key that fails comes back later and later; one that waits isn't hurried by a change", async () => {
  const tries: number[] = [];
  const waits: number[] = [];
  const queue = new WorkQueue({
    limits: LIMITS,
    work: async () => {
      tries.push(performance.now());
      if (tries.length < 5) throw new Error("not yet");
    },
    failed: (_key, _error, _failures, waitMs) => void waits.push(waitMs),
  });
  queue.add("a");
  await pause(2);
  queue.add("a");
  expect(tries.length).toBe(1);
  await untilEmpty(queue);
  expect(tries.length).toBe(5);
  expect(waits.map((wait, index) => wait >= [10, 20, 40, 40][index]!)).toEqual([true, true, true, true]);
  expect(Math.max(...waits)).toBeLessThanOrEqual(80);
});

test("a server that asks for patience gets it", async () => {
  const waits: number[] = [];
  const queue = new WorkQueue({
    limits: LIMITS,
    work: () => Promise.reject(new ClusterError("TooManyRequests", "slow down", 429, 3)),
    failed: (_key, _error, _failures, waitMs) => void waits.push(waitMs),
  });
  queue.add("a");
  await pause(5);
  expect(waits).toEqual([3_000]);
  await queue.stop();
  expect(queue.size).toBe(0);
});

test("the rate bounds the calls: a burst, then so many per second", async () => {
  const at: number[] = [];
  const began = performance.now();
  const queue: WorkQueue = new WorkQueue({
    limits: { ...LIMITS, atOnce: 50, perSecond: 50, burst: 5 },
    work: async () => {
      await queue.turn();
      at.push(performance.now() - began);
    },
  });
  for (let key = 0; key < 15; key += 1) queue.add(String(key));
  await untilEmpty(queue);
  expect(at.filter((moment) => moment < 15).length).toBeLessThanOrEqual(6);
  expect(Math.max(...at)).toBeGreaterThan(180);
});

test("stopping waits for what is under way and forgets the rest", async () => {
  const done: string[] = [];
  const queue = new WorkQueue({
    limits: { ...LIMITS, atOnce: 1 },
    work: async (key) => {
      await pause(20);
      done.push(key);
    },
  });
  queue.add("a");
  queue.add("b");
  queue.addLater("c", 1);
  await queue.stop();
  queue.add("d");
  await pause(40);
  expect(done).toEqual(["a"]);
});
