import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { HealthChecks, watchEventLoop } from "./health.ts";

test("a report names every check; one reason is enough to be unhealthy", () => {
  const checks = new HealthChecks();
  expect(checks.report()).toEqual({ healthy: true, checks: new Map() });
  let reason: string | undefined;
  checks.add("bundle", () => reason);
  checks.add("__proto__", () => undefined);
  expect(checks.report()).toEqual({
    healthy: true,
    checks: new Map([
      ["bundle", "ok"],
      ["__proto__", "ok"],
    ]),
  });
  reason = "not loaded yet";
  expect(checks.report()).toEqual({
    healthy: false,
    checks: new Map([
      ["bundle", "not loaded yet"],
      ["__proto__", "ok"],
    ]),
  });
});

test("a check that throws isn't well and doesn't hide the others", () => {
  const checks = new HealthChecks();
  checks.add("a", () => {
    throw new Error("secret detail");
  });
  checks.add("b", () => undefined);
  expect(checks.report()).toEqual({
    healthy: false,
    checks: new Map([
      ["a", "the check itself failed"],
      ["b", "ok"],
    ]),
  });
});

test("a check of the same name is replaced", () => {
  const checks = new HealthChecks();
  checks.add("a", () => "old");
  checks.add("a", () => undefined);
  expect(checks.report().healthy).toBe(true);
});

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test.each<[blockedMs: number, healthy: boolean]>([
  [0, true],
  [4_900, true],
  [5_100, false],
])("an event loop that was blocked for %d ms is well: %s", (blockedMs, healthy) => {
  const watch = watchEventLoop();
  try {
    jest.advanceTimersByTime(1_000);
    const now = performance.now();
    const clock = jest.spyOn(performance, "now").mockReturnValue(now + 1_000 + blockedMs);
    jest.advanceTimersByTime(1_000);
    clock.mockRestore();
    expect(watch.check() === undefined).toBe(healthy);
  } finally {
    watch.stop();
  }
});
