/**
 * @module docs/own-guardrail.md, followed to the letter; see test/tools/guide.ts.
 */
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { ROOT } from "../../src/engine/shipped-files.ts";
import { findOpa, NO_OPA } from "../tools/find-opa.ts";
import { followGuide } from "../tools/guide.ts";

const GUIDE = readFileSync(join(ROOT, "docs", "own-guardrail.md"), "utf8");
const LONGEST_MS = 180_000;

const opa = findOpa();
if (opa === undefined) process.stdout.write(`skipped: the guide to own guardrails. ${NO_OPA}\n`);

const folder = mkdtempSync(join(tmpdir(), "ringfence-guide-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

(opa === undefined ? test.skip : test)(
  "the guide works as it is written",
  async () => {
    expect(await followGuide(GUIDE, folder, [dirname(opa ?? "")])).toBeGreaterThanOrEqual(5);
  },
  LONGEST_MS,
);
