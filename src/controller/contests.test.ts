import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { Contests } from "./contests.ts";

test("the fourth revert in the window makes a contest, once", () => {
  const contests = new Contests(3, 600_000);
  expect([1, 2, 3, 4, 5].map(() => contests.reverted("shop"))).toEqual([false, false, false, true, false]);
  expect(contests.isContested("shop")).toBe(true);
  expect(contests.isContested("other")).toBe(false);
  expect(contests.count).toBe(1);
  expect(contests.restMs("shop")).toBeGreaterThan(590_000);
  contests.forget("shop");
  expect(contests.isContested("shop")).toBe(false);
  expect(contests.restMs("shop")).toBe(0);
});

test("it ends when the reverts are old", async () => {
  const contests = new Contests(1, 50);
  contests.reverted("shop");
  contests.reverted("shop");
  expect(contests.isContested("shop")).toBe(true);
  await pause(contests.restMs("shop") + 5);
  expect(contests.isContested("shop")).toBe(false);
  expect(contests.count).toBe(0);
});
