import { expect, test } from "@jest/globals";
import { Backoff } from "./backoff.ts";

test("waits double up to the limit, each between its half and its whole; a success begins anew", () => {
  const backoff = new Backoff(1_000, 30_000);
  for (const whole of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    const wait = backoff.next();
    expect(wait).toBeGreaterThanOrEqual(whole / 2);
    expect(wait).toBeLessThanOrEqual(whole);
  }
  expect(backoff.failures).toBe(7);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(1_000);
});

test("it stays at the limit after very many failures", () => {
  const backoff = new Backoff(1_000, 30_000);
  for (let failure = 0; failure < 5_000; failure += 1) expect(backoff.next()).toBeLessThanOrEqual(30_000);
});

test("two that failed together don't come back together", () => {
  const waits = Array.from({ length: 20 }, () => new Backoff(1_000, 30_000).next());
  expect(new Set(waits).size).toBeGreaterThan(15);
});
