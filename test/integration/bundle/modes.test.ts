/**
 * @module Modes and exemptions of every guardrail: the part of the bundle that the build writes itself.
 */
import { describe, expect, test } from "@jest/globals";
import { Engine } from "../../../src/engine/engine.ts";
import { readSamples, type Sample } from "../../../src/engine/guardrail-samples.ts";
import { defaultSettings, type Exempt, type GuardrailSettings, type Settings } from "../../../src/engine/settings.ts";
import type { Level } from "../../../src/engine/verdict.ts";
import { BUNDLE } from "./facts-of-samples.ts";
import { GUARDRAILS, requestsOf, settingsOfSample } from "./sample-judge.ts";

const samples = await readSamples(GUARDRAILS);
const settings = defaultSettings(BUNDLE.manifest);

/** A sample that the guardrail objects to, alone. */
function badSample(slug: string): Sample {
  const sample = samples.find(({ guardrail, verdict }) => guardrail === slug && verdict !== "allowed");
  if (sample === undefined) throw new Error(`${slug} has no sample that it objects to`);
  return sample;
}

function levelsOf(slug: string, changed: Settings): readonly Level[] {
  const sample = badSample(slug);
  const engine = new Engine(BUNDLE, settingsOfSample(changed, sample));
  const findings = requestsOf(sample).flatMap(
    (request) => engine.judge({ ...request, namespaceLabels: { ...request.namespaceLabels, tier: "lab" } }).findings,
  );
  return [...new Set(findings.filter(({ guardrail }) => guardrail === slug).map(({ level }) => level))];
}

function withGuardrail(slug: string, change: Partial<GuardrailSettings>): Settings {
  const guardrail = settings.guardrails[slug];
  if (guardrail === undefined) throw new Error(`${slug} has no settings`);
  return { ...settings, guardrails: { ...settings.guardrails, [slug]: { ...guardrail, ...change } } };
}

const MODES: readonly (readonly [GuardrailSettings["mode"], readonly Level[]])[] = [
  ["enforce", ["deny"]],
  ["warn", ["warn"]],
  ["audit", ["audit"]],
  ["off", []],
];

describe.each(BUNDLE.manifest.guardrails)("$slug", ({ slug }) => {
  test.each(MODES)("in mode %s", (mode, levels) => {
    expect(levelsOf(slug, withGuardrail(slug, { mode }))).toEqual(levels);
  });

  const owner = { owner: "shop-team" };
  const EXEMPTIONS: readonly (readonly [string, Exempt])[] = [
    ["by namespace", { namespaces: ["shop"] }],
    ["by user", { users: ["alice@*"] }],
    ["by group", { groups: ["system:authenticated"] }],
    ["by a label of the namespace", { namespaceLabels: { tier: "lab" } }],
  ];

  test.each(EXEMPTIONS)("exempt %s", (_name, exempt) => {
    expect(levelsOf(slug, withGuardrail(slug, { exempt }))).toEqual([]);
    expect(levelsOf(slug, { ...settings, exempt })).toEqual([]);
  });

  test("not exempt by what another guardrail exempts", () => {
    const other = slug === "any-any" ? "any-peer" : "any-any";

    expect(levelsOf(slug, withGuardrail(other, { exempt: { namespaces: ["shop"], labels: owner } }))).not.toEqual([]);
  });
});

test("a label of the object exempts", () => {
  expect(levelsOf("any-any", withGuardrail("any-any", { exempt: { labels: { owner: "shop-team" } } }))).toEqual([]);
  expect(levelsOf("any-any", withGuardrail("any-any", { exempt: { labels: { owner: "another" } } }))).toEqual(["deny"]);
});
