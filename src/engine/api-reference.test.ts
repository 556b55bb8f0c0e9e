/**
 * @module docs/apis is what the verdict tables say. `UPDATE_DOCS=1` writes the pages.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { apiReference } from "./api-reference.ts";
import { ROOT } from "./shipped-files.ts";
import { readSpellingTables, SPELLING_TABLES } from "./spellings.ts";

const FOLDER = join(ROOT, "docs", "apis");
const reference = apiReference(readSpellingTables(SPELLING_TABLES));

if (process.env["UPDATE_DOCS"] === "1") {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of reference) writeFileSync(join(FOLDER, name), text);
}

test("there is a page for every API, and no other", () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual([...reference.keys()].toSorted());
});

test.each([...reference])("%s is up to date", (name, text) => {
  expect(readFileSync(join(FOLDER, name), "utf8")).toBe(text);
});
