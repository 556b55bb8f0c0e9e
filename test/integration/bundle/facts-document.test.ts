/**
 * @module docs/facts.md describes every field that facts have, and no other; its example is real. `UPDATE_DOCS=1`
 * writes the example.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Facts } from "../../../src/engine/facts.ts";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import { factsOfSamples, factsOfVerdictRows } from "./facts-of-samples.ts";

const FILE = join(ROOT, "docs", "facts.md");
const EXAMPLE = "any_any/samples/denied.empty-rule.yaml";

/** Described, but in no sample: APIs with tiers, bundles that ask for the object, and approvals that are verified. */
const RARE = [
  "policy.rank.tier",
  "policy.rank.order",
  "source",
  "exception.approvals[].coveredRules",
  "exception.approvals[].findings",
  "exception.approvals[].guardrails",
];

/** Objects whose keys are the user's. */
const USER_KEYS = /(?:^|\.)(?:labels|oldLabels|namespaceLabels|annotations|source)$/;

const inputs = [...(await factsOfSamples()), ...factsOfVerdictRows()];

function exampleText(): string {
  const facts = inputs.find(([name]) => name === EXAMPLE)?.[1];
  const stable: Partial<Facts> = {
    ...facts,
    uid: "c0ffee",
    digest: "sha256:...",
    now: "2026-11-30T12:00:00Z",
    nowSeconds: 1796040000,
  };
  return JSON.stringify(stable, null, 2);
}

if (process.env["UPDATE_DOCS"] === "1") {
  const text = readFileSync(FILE, "utf8").replace(/```json\n[^`]*```/, () => `\`\`\`json\n${exampleText()}\n\`\`\``);
  writeFileSync(FILE, text);
}

const page = readFileSync(FILE, "utf8");

/** What is described once, wherever it stands: peers and ports of rules and unions, places of subjects and flows. */
const PEERS_AND_PORTS = /^policy\.(?:rules|unions)\[\]\.(peers|ports)/;
const PLACES = /^policy\.(?:subject|rules\[\]\.flows\[\])\.(?:domains|tenants)\[\]/;

/** Paths of all fields with a value of their own. */
function fieldsOf(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  if (typeof value !== "object" || value === null || USER_KEYS.test(path)) {
    return [
      path
        .replace(/^(?:service\.clients|openings\[\]\.users)\.(?!annotations|pointer)/, "peers.")
        .replace(PEERS_AND_PORTS, "$1")
        .replace(PLACES, "place")
        .replace(/\[\]$/, ""),
    ];
  }
  return Object.entries(value).flatMap(([key, item]) => fieldsOf(item, path === "" ? key : `${path}.${key}`));
}

/** The first cells of the tables whose head is `field`. */
function describedFields(): readonly string[] {
  const tables = page.split("\n\n").filter((block) => block.includes("| field |"));
  return tables.flatMap((block) => [...block.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field = ""]) => field));
}

const described = describedFields();
const found = new Set(inputs.flatMap(([, facts]) => fieldsOf(facts, "")));

test("every field is described", () => {
  expect([...found].filter((field) => !described.includes(field)).toSorted()).toEqual([]);
});

test("every described field exists", () => {
  expect(described.filter((field) => !exists(field) && !isPartOfRule(field) && !RARE.includes(field))).toEqual([]);
});

function exists(field: string): boolean {
  return [...found].some((path) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[]`));
}

/** Peers, ports and places, which have tables of their own; who may connect to a Service or use a listener are peers too. */
function isPartOfRule(field: string): boolean {
  return (
    /^policy\.(?:rules|unions)(?:$|\[\]\.(?:peers|ports)$)|^openings\[\]\.users$/.test(field) ||
    PLACES.test(`${field}[]`)
  );
}

test("no field is described twice", () => {
  expect(described.filter((field, index) => described.indexOf(field) !== index)).toEqual([]);
});

test("the example is what the sample's facts are", () => {
  expect(/```json\n([^`]*)\n```/.exec(page)?.[1]).toBe(exampleText());
});
