/**
 * @module Every setting of a mesh that readers can find is described, occurs in a row, and belongs to one guardrail.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { MESH_SETTINGS } from "../../../src/apis/mesh-setting.ts";
import { ROOT, SHIPPED_REGO } from "../../../src/engine/shipped-files.ts";
import { factsOfVerdictRows } from "./facts-of-samples.ts";

const page = readFileSync(join(ROOT, "docs", "facts.md"), "utf8");
const library = readFileSync(join(SHIPPED_REGO, "lib", "mesh.rego"), "utf8");
const sets = [...library.matchAll(/^(?:mtls|weakening) := \{([^}]*)\}/gm)].map(([, names = ""]) => names);
const sorted = [...sets.join().matchAll(/"([a-z-]+)"/g)].map(([, name = ""]) => name);
const found = new Set(factsOfVerdictRows().flatMap(([, { mesh = [] }]) => mesh.map(({ setting }) => setting)));

test.each(MESH_SETTINGS)("%s is described", (setting) => expect(page).toContain(`\`${setting}\``));

test.each(MESH_SETTINGS)("%s is in a row of the tables", (setting) => expect([...found]).toContain(setting));

test("rego/lib/mesh.rego names settings that exist, and none twice", () => {
  expect(sets.length).toBe(2);
  expect(sorted.filter((name, index) => sorted.indexOf(name) !== index)).toEqual([]);
  expect(sorted.filter((name) => !MESH_SETTINGS.some((setting) => setting === name))).toEqual([]);
});
