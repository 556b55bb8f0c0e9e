/**
 * @module Modes and exemptions of every guardrail: the part of the bundle that the build writes itself.
 */
import { describe, expect, test } from "@jest/globals";
import { readSamples, type Sample } from "../../../src/engine/guardrail-samples.ts";
import { defaultSettings, type Exempt, type GuardrailSettings, type Settings } from "../../../src/engine/settings.ts";
import type { Level } from "../../../src/engine/verdict.ts";
import { BUNDLE } from "./facts-of-samples.ts";
import { engineFor, GUARDRAILS, judgeSample, requestsOf } from "./sample-judge.ts";

const samples = await readSamples(GUARDRAILS);
const settings = defaultSettings(BUNDLE.manifest);

/** A sample that the guardrail objects to, alone. */
function badSample(slug: string): Sample {
  const sample = samples.find(({ guardrail, verdict }) => guardrail === slug && verdict !== "allowed");
  if (sample === undefined) throw new Error(`${slug} has no sample that it objects to`);
  return sample;
}

/** The namespace of the sample, or the one that it is. */
function namespacesOf(slug: string): readonly string[] {
  const [request] = requestsOf(badSample(slug));
  const name = request?.kind === "Namespace" ? request.name : (request?.namespace ?? "");
  return name === "" ? [] : [name];
}

async function levelsOf(slug: string, changed: Settings): Promise<readonly Level[]> {
  const findings = await judgeSample(engineFor(BUNDLE, changed), badSample(slug), { tier: "lab" });
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
  test.each(MODES)("in mode %s", async (mode, levels) => {
    expect(await levelsOf(slug, withGuardrail(slug, { mode }))).toEqual(levels);
  });

  const owner = { owner: "shop-team" };
  const namespaces = namespacesOf(slug);
  const EXEMPTIONS: readonly (readonly [string, Exempt])[] = [
    // A definition has no namespace.
    ...(namespaces.length === 0 ? [] : [["by namespace", { namespaces }] as const]),
    ["by user", { users: ["alice@*"] }],
    ["by group", { groups: ["system:authenticated"] }],
    ["by a label of the namespace", { namespaceLabels: { tier: "lab" } }],
  ];

  test.each(EXEMPTIONS)("exempt %s", async (_name, exempt) => {
    expect(await levelsOf(slug, withGuardrail(slug, { exempt }))).toEqual([]);
    expect(await levelsOf(slug, { ...settings, exempt })).toEqual([]);
  });

  test("not exempt by what another guardrail exempts", async () => {
    // None that an exception of the samples is from.
    const other = slug === "external-ips" ? "any-peer" : "external-ips";
    expect(await levelsOf(slug, withGuardrail(other, { exempt: { namespaces, labels: owner } }))).not.toEqual([]);
  });
});

test("a label of the object exempts", async () => {
  const exempting = (value: string) => withGuardrail("any-any", { exempt: { labels: { owner: value } } });

  expect(await levelsOf("any-any", exempting("shop-team"))).toEqual([]);
  expect(await levelsOf("any-any", exempting("another"))).toEqual(["deny"]);
});
