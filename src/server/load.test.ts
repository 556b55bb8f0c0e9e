import { expect, test } from "@jest/globals";
import { Load } from "./load.ts";

test("reviews are counted from begin to end and bounded", () => {
  const load = new Load({ reviewsInFlight: 2, bytesInFlight: 100 });
  expect([load.begin(0), load.begin(0), load.begin(0)]).toEqual([true, true, false]);
  load.end();
  expect(load.begin(0)).toBe(true);
  expect(load.reviews).toBe(2);
});

test("bytes count when they come, not when they are announced", () => {
  const load = new Load({ reviewsInFlight: 10, bytesInFlight: 100 });
  expect([load.begin(100), load.begin(100), load.begin(101)]).toEqual([true, true, false]);
  expect(load.bytes).toBe(0);
  expect([load.hold(60), load.hold(41), load.hold(40), load.hold(1)]).toEqual([true, false, true, false]);
  expect(load.begin(1)).toBe(false);
  load.release(100);
  expect([load.bytes, load.begin(100)]).toEqual([0, true]);
});
