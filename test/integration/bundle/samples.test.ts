/**
 * @module The samples beside the guardrails, through readers, facts and the shipped bundle with the shipped settings.
 */
import { describe, expect, test } from "@jest/globals";
import type { Mode } from "../../../src/engine/bundle-manifest.ts";
import { readSamples, type SampleVerdict } from "../../../src/engine/guardrail-samples.ts";
import { type Level, pathWords } from "../../../src/engine/verdict.ts";
import { GUARDRAILS, judgeSample, shippedEngine } from "./sample-judge.ts";

const LEVELS: Readonly<Record<SampleVerdict, readonly Level[]>> = {
  denied: ["deny"],
  warned: ["warn"],
  reported: ["audit"],
  allowed: [],
};

/** The verdict that a mode gives to what a guardrail finds. */
const BAD: Readonly<Record<Mode, SampleVerdict>> = {
  enforce: "denied",
  warn: "warned",
  audit: "reported",
  off: "allowed",
};

const samples = await readSamples(GUARDRAILS);
const engine = await shippedEngine();

describe("a sample gives the findings that it names, and no others", () => {
  test.each(samples)("$file", async (sample) => {
    const findings = await judgeSample(engine, sample);
    const own = findings.filter(({ guardrail }) => guardrail === sample.guardrail);
    const others = findings.filter(({ guardrail }) => guardrail !== sample.guardrail);

    expect(new Set(own.map(({ pointer, message }) => `${pathWords(pointer)}: ${message}`))).toEqual(
      new Set(sample.finds),
    );
    expect([...new Set(own.map(({ level }) => level))]).toEqual(LEVELS[sample.verdict]);
    expect(new Set(others.map(({ guardrail }) => guardrail))).toEqual(new Set(sample.also));
  });
});

describe("every guardrail has at least two samples of each side", () => {
  test.each([...engine.guardrails.keys()])("%s", (slug) => {
    const verdicts = samples.filter(({ guardrail }) => guardrail === slug).map(({ verdict }) => verdict);
    const bad = BAD[engine.settings.guardrails[slug]?.mode ?? "enforce"];

    expect(verdicts.filter((verdict) => verdict === bad).length).toBeGreaterThanOrEqual(2);
    expect(verdicts.filter((verdict) => verdict === "allowed").length).toBeGreaterThanOrEqual(2);
  });
});

test("every samples folder belongs to a guardrail", () => {
  const slugs = new Set(engine.guardrails.keys());

  expect(samples.filter(({ guardrail }) => !slugs.has(guardrail)).map(({ file }) => file)).toEqual([]);
});
