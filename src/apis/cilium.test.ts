import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { RuleFact, UnionFact } from "../model/width.ts";
import { readerFor } from "./registry.ts";

interface Reading {
  rules?: string[];
  unions?: string[];
  isolates?: string[];
  scope?: string;
  subject?: string;
  defects?: string[];
}

const tables = verdictTables().filter(({ name }) => name.startsWith("cilium"));
const rows = tables.flatMap(({ name, rows: ofTable }) =>
  ofTable.flatMap(({ row, object }) => (object === undefined ? [] : [{ ...row, name, object }])),
);

const details = new URL("../../test/tables/apis/cilium-defects.yaml", import.meta.url);
const detailRows = parse(readFileSync(details, "utf8")) as { object: JsonObject; defects: string[] }[];

function read(object: JsonObject) {
  const reading = readerFor("cilium.io", object["kind"] as string)?.read(object);
  if (reading === undefined) throw new Error("this kind has no reader");
  return { ...reading, defects: [...reading.defects, ...(reading.policy?.defects ?? [])] };
}

function inWords(fact: RuleFact | UnionFact): string {
  const denies = "action" in fact && fact.action === "deny" ? "deny " : "";
  const layer7 = fact.operations === "some" ? " (some operations)" : "";
  return `${denies}${fact.direction} ${fact.peers.reach} ${fact.ports.reach}${layer7}`;
}

/** What a row says of its reading, for a kind with rules; the others have defects only. */
function readingOf(object: JsonObject): Reading {
  const { policy, defects } = read(object);
  const inPlaces = defects.map(({ kind, pointer }) => `${kind} ${pointer}`);
  if (policy === undefined) return { defects: inPlaces };
  const { rules, unions } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
  return {
    rules: rules.map(inWords),
    unions: unions.map(inWords),
    isolates: (["ingress", "egress"] as const).filter((direction) => policy.isolates[direction]),
    scope: policy.scope,
    subject: policy.subject.reach,
    defects: inPlaces,
  };
}

const DEFAULTS: Reading = {
  rules: [],
  unions: [],
  isolates: [],
  scope: "namespace",
  subject: "namespace",
  defects: [],
};

describe("reading an object of cilium.io", () => {
  test.each(rows)("$name $id: $title", ({ object, ...row }) => {
    const found = readingOf(object);
    const expected = found.rules === undefined ? { defects: [] } : DEFAULTS;
    expect(found).toEqual({ ...expected, ...(row as { reading?: Reading }).reading });
  });

  test.each(tables)("every row of $name has its own id", ({ rows: ofTable }) => {
    expect(new Set(ofTable.map(({ row }) => row.id)).size).toBe(ofTable.length);
  });
});

describe("what a defect of cilium.io says", () => {
  const titled = detailRows.map((row) => ({ ...row, title: JSON.stringify(row.object) }));
  test.each(titled)("$title", ({ object, defects: expected }) => {
    const { defects } = read({ apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", ...object });
    const said = defects.map(({ kind, pointer, effect, detail }) => `${kind} ${pointer} (${effect}): ${detail}`);
    expect(said).toEqual(expected);
  });
});

describe("where a rule says its peers and ports are", () => {
  test.each([
    { rule: {}, peers: "/spec/ingress/0", ports: "/spec/ingress/0" },
    { rule: { fromEndpoints: null, toPorts: null }, peers: "/spec/ingress/0", ports: "/spec/ingress/0" },
    { rule: { fromEndpoints: [] }, peers: "/spec/ingress/0/fromEndpoints", ports: "/spec/ingress/0" },
    {
      rule: { fromCIDR: ["10.0.0.0/24"], toPorts: [{ ports: [{ port: "443" }] }] },
      peers: "/spec/ingress/0/fromCIDR",
      ports: "/spec/ingress/0/toPorts",
    },
    { rule: { icmps: [{ fields: [{ type: 8 }] }] }, peers: "/spec/ingress/0", ports: "/spec/ingress/0/icmps" },
  ])("$rule", ({ rule, peers, ports }) => {
    const object = { kind: "CiliumNetworkPolicy", spec: { endpointSelector: {}, ingress: [rule] } };
    const [found] = read(object).policy?.rules ?? [];
    expect(found).toMatchObject({ pointer: "/spec/ingress/0", peersPointer: peers, portsPointer: ports });
  });
});
