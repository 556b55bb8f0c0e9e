/**
 * @module Our host against the reference: the same bundle with the same facts in the WASM host of
 * `@open-policy-agent/opa-wasm`, and the same Rego with the same facts in OPA itself.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import type { GuardrailMetadata } from "../../../src/engine/bundle-manifest.ts";
import type { RawFinding } from "../../../src/engine/facts.ts";
import { readSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_REGO, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import { WasmHost } from "../../../src/engine/wasm-host.ts";
import { findOpa, NO_OPA } from "../../tools/find-opa.ts";
import { BUNDLE, factsOfSamples, factsOfVerdictRows, type NamedFacts } from "./facts-of-samples.ts";

const settings = await readSettings(SHIPPED_SETTINGS, BUNDLE.manifest);
const data = { ringfence: { settings } };
const host = new WasmHost(BUNDLE.module, JSON.stringify(data));
const reference = await loadPolicy(readFileSync(join(SHIPPED_BUNDLE, "policy.wasm")));
reference.setData(data);

const inputs: readonly NamedFacts[] = [...(await factsOfSamples()), ...factsOfVerdictRows()];

function answerOfOurs(facts: NamedFacts[1]): unknown {
  const entrypoint = host.entrypoints.get(`ringfence/main/${facts.object.family}`) ?? -1;
  return JSON.parse(host.evaluate(entrypoint, JSON.stringify(facts)));
}

test("there are enough inputs to mean something", () => {
  expect(inputs.length).toBeGreaterThan(150);
  expect(new Set(inputs.map(([, { object }]) => object.family)).size).toBe(6);
});

describe("our host answers what the reference host answers", () => {
  test.each(inputs)("%s", (_name, facts) => {
    expect(answerOfOurs(facts)).toEqual(reference.evaluate(facts, `ringfence/main/${facts.object.family}`));
  });
});

const opa = findOpa();
if (opa === undefined) process.stdout.write(`skipped: the comparison with OPA itself. ${NO_OPA}\n`);

(opa === undefined ? test.skip : test)("the bundle finds what OPA itself finds with the same Rego", () => {
  const ofOpa = findingsOfOpa(opa ?? "");
  for (const [index, [name, facts]] of inputs.entries()) {
    const [answer] = answerOfOurs(facts) as [{ result: { findings: RawFinding[] } }];
    const ours = answer.result.findings.map((finding) => JSON.stringify(finding, KEYS)).toSorted();
    const theirs = (ofOpa[index] ?? []).map((finding) => JSON.stringify(finding, KEYS)).toSorted();
    expect({ name, findings: ours }).toEqual({ name, findings: theirs });
  }
});

const KEYS = ["guardrail", "pointer", "message", "fix"];

/** One run of `opa eval` over all inputs: findings of the guardrails that judge the input's family and don't exempt it. */
function findingsOfOpa(program: string): readonly (readonly RawFinding[])[] {
  const { guardrails } = BUNDLE.manifest;
  const families = Object.fromEntries(guardrails.map(({ slug, families: judged }) => [slug, judged]));
  const rule = (
    name: string,
    { slug }: GuardrailMetadata,
  ) => `${name} contains object.union(finding, {"guardrail": "${slug}"}) if {
      input.object.family in data.families["${slug}"]
      some finding in data.ringfence.guardrails.${slug.replaceAll("-", "_")}.findings
      not data.ringfence.lib.settings.exempt("${slug}")
    }`;
  const isSecond = ({ needs }: GuardrailMetadata) => needs.includes("findings");
  const inexcusable = guardrails.filter(({ excusable }) => !excusable).map(({ slug }) => slug);
  // What the build writes into the bundle for the guardrails that need the findings of the others.
  const main = [
    "package ringfence.main",
    `inexcusable := {slug | some slug in ${JSON.stringify(inexcusable)}}`,
    ...guardrails.filter((one) => !isSecond(one)).map((one) => rule("raised", one)),
  ];
  const rules = [
    "findings contains finding if some finding in data.ringfence.lib.exceptions.judged",
    ...guardrails.filter(isSecond).map((one) => rule("findings", one)),
  ];
  const query = "answers := [found | some facts in data.inputs; found := findings with input as facts]";
  const folder = mkdtempSync(join(tmpdir(), "ringfence-reference-"));
  try {
    writeFileSync(join(folder, "main.rego"), main.join("\n\n"));
    writeFileSync(join(folder, "query.rego"), ["package comparison", ...rules, query].join("\n\n"));
    writeFileSync(
      join(folder, "data.json"),
      JSON.stringify({ ...data, families, inputs: inputs.map(([, facts]) => facts) }),
    );
    const sources = ["lib", "guardrails"].flatMap((part) => ["--data", join(SHIPPED_REGO, part)]);
    const args = ["eval", "--format", "raw", "--ignore", "*.yaml", "--ignore", "*_test.rego", ...sources];
    const output = execFileSync(program, [...args, "--data", folder, "data.comparison.answers"], {
      maxBuffer: 1 << 28,
    });
    return JSON.parse(output.toString("utf8")) as (readonly RawFinding[])[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
