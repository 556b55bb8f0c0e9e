/**
 * @module The guides to exceptions, followed to the letter; see test/tools/guide.ts.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import { followGuide } from "../../tools/guide.ts";

const LONGEST_MS = 300_000;
const folder = mkdtempSync(join(tmpdir(), "ringfence-guides-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["exceptions-for-teams", 10],
  ["exceptions-for-approvers", 6],
  ["exceptions-for-platform-teams", 6],
])(
  "%s works as it is written",
  async (name, commands) => {
    const page = readFileSync(join(ROOT, "docs", `${name}.md`), "utf8");
    expect(await followGuide(page, join(folder, name))).toBeGreaterThanOrEqual(commands);
  },
  LONGEST_MS,
);
