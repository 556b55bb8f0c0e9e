/**
 * @module What is taken out of a policy when an exception has ended; see test/tables/exceptions/removals.yaml.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { planRemoval } from "../../../src/controller/rule-removal.ts";
import { readBundle } from "../../../src/engine/bundle.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { parseSettings } from "../../../src/engine/settings.ts";
import { ROOT, SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import type { Finding } from "../../../src/engine/verdict.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";

interface Row {
  readonly title: string;
  readonly object: JsonObject;
  readonly rules: readonly string[];
  readonly removed?: readonly string[];
  readonly refused?: string;
}

const table = readFileSync(join(ROOT, "test/tables/exceptions/removals.yaml"), "utf8");
const bundle = readBundle(SHIPPED_BUNDLE);
const engine = new Engine(bundle, parseSettings(readFileSync(SHIPPED_SETTINGS), SHIPPED_SETTINGS, bundle.manifest));

function lapsed(rules: readonly string[]) {
  const finding: Finding = {
    guardrail: "any-any",
    level: "deny",
    excused: null,
    message: "",
    rawMessage: "",
    fix: "",
    pointer: rules[0] ?? "/spec",
    compliance: [],
    rules,
  };
  return [{ finding, id: "1", ended: 0 }];
}

test.each(parse(table) as Row[])("$title", ({ object, rules, removed, refused }) => {
  const plan = planRemoval(engine, object, { owner: "shop-team" }, lapsed(rules), 1_800_000_000);
  if ("refused" in plan) {
    expect(plan.refused).toBe(refused);
    return;
  }
  expect(plan.rules).toEqual(removed);
  const operations = plan.patch.map(({ op, path }) => `${op} ${path}`);
  const expected = (removed ?? []).flatMap((path) => [`test ${path}`, `remove ${path}`]);
  expect(operations).toEqual(["test /metadata/uid", "test /metadata/resourceVersion", ...expected]);
});
