import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { ROOT } from "../engine/shipped-files.ts";
import { type DefaultDenyRules, isGoverned } from "./governance.ts";

interface Row {
  readonly why: string;
  readonly mode: DefaultDenyRules["mode"];
  readonly since?: string;
  readonly exempt?: readonly string[];
  readonly namespace: string;
  readonly created: string;
  readonly governed: boolean;
}

const rows = load(readFileSync(join(ROOT, "test/tables/default-deny/governed.yaml"), "utf8")) as readonly Row[];

test.each(rows)("$why", ({ mode, since, exempt = [], namespace, created, governed }) => {
  expect(isGoverned({ mode, since, exemptNamespaces: exempt }, namespace, { createdAt: created })).toBe(governed);
});
