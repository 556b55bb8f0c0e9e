/**
 * @module docs/guardrails is what the METADATA and the samples say. `UPDATE_DOCS=1` writes the pages.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readBundle } from "./bundle.ts";
import { guardrailReference } from "./guardrail-reference.ts";
import { readSamples } from "./guardrail-samples.ts";
import { ROOT, SHIPPED_BUNDLE, SHIPPED_REGO } from "./shipped-files.ts";

const FOLDER = join(ROOT, "docs", "guardrails");

const { manifest } = readBundle(SHIPPED_BUNDLE);
const reference = guardrailReference(manifest.guardrails, await readSamples(join(SHIPPED_REGO, "guardrails")));

if (process.env["UPDATE_DOCS"] === "1") {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of reference) writeFileSync(join(FOLDER, name), text);
}

test("there is a page for every guardrail, and no other", () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual([...reference.keys()].toSorted());
});

test.each([...reference])("%s is up to date", (name, text) => {
  expect(readFileSync(join(FOLDER, name), "utf8")).toBe(text);
});
