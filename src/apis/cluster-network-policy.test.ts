import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { RuleFact, UnionFact } from "../model/width.ts";
import { awsReaders } from "./aws-network-policies.ts";
import { networkPolicyReader } from "./kubernetes-network-policy.ts";
import { readerFor } from "./registry.ts";

interface Reading {
  rules: string[];
  unions: string[];
  subject: string;
  rank: string;
  isolates: string[];
  defects: string[];
}

const NOTHING = { rules: [], unions: [], isolates: [], defects: [] };

/** What a table leaves out of its rows' readings. */
const TABLES: Record<string, Reading> = {
  "policy-networking-admin-network-policy": { ...NOTHING, subject: "cluster", rank: "Admin 10" },
  "policy-networking-baseline-admin-network-policy": { ...NOTHING, subject: "cluster", rank: "Baseline 0" },
  "policy-networking-cluster-network-policy": { ...NOTHING, subject: "cluster", rank: "Admin 10" },
  "networking-aws-cluster-network-policy": { ...NOTHING, subject: "cluster", rank: "Admin 10" },
  "networking-aws-application-network-policy": {
    ...NOTHING,
    subject: "namespace",
    rank: "none",
    isolates: ["egress"],
  },
};

const allTables = verdictTables();
const tables = allTables.filter(({ name }) => name in TABLES);
const rows = tables.flatMap(({ name, rows: ofTable }) =>
  ofTable.flatMap(({ row, object }) => (object === undefined ? [] : [{ ...row, name, object }])),
);

function read(object: JsonObject) {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const reading = readerFor(apiVersion.split("/")[0] ?? "", kind)?.read(object);
  if (reading?.policy === undefined) throw new Error("this kind has no reader");
  return { policy: reading.policy, defects: [...reading.defects, ...reading.policy.defects] };
}

function inWords(fact: RuleFact | UnionFact): string {
  const action = "action" in fact && fact.action !== "allow" ? `${fact.action} ` : "";
  return `${action}${fact.direction} ${fact.peers.reach} ${fact.ports.reach}`;
}

function readingOf(object: JsonObject): Reading {
  const { policy, defects } = read(object);
  const { rules, unions } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
  return {
    rules: rules.map(inWords),
    unions: unions.map(inWords),
    subject: policy.subject.reach,
    rank: policy.rank === undefined ? "none" : `${policy.rank.tier} ${policy.rank.order}`,
    isolates: (["ingress", "egress"] as const).filter((direction) => policy.isolates[direction]),
    defects: defects.map(({ kind, pointer }) => `${kind} ${pointer}`),
  };
}

describe("reading a policy of policy.networking.k8s.io or networking.k8s.aws", () => {
  test.each(rows)("$name $id: $title", ({ name, object, ...row }) => {
    expect(readingOf(object)).toEqual({ ...TABLES[name], ...(row as { reading?: Partial<Reading> }).reading });
  });

  test("there is a table of every kind", () => {
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(TABLES).toSorted());
  });

  test.each(tables)("every row of $name has its own id", ({ rows: ofTable }) => {
    expect(new Set(ofTable.map(({ row }) => row.id)).size).toBe(ofTable.length);
  });
});

describe("what a defect says", () => {
  const path = new URL("../../test/tables/apis/cluster-network-policy-defects.yaml", import.meta.url);
  const details = parse(readFileSync(path, "utf8")) as { object: JsonObject; defects: string[] }[];
  test.each(details.map((row) => ({ ...row, title: JSON.stringify(row.object) })))("$title", ({ object, defects }) => {
    const said = read(object).defects.map(
      ({ kind, pointer, effect, detail }) => `${kind} ${pointer} (${effect}): ${detail}`,
    );
    expect(said).toEqual(defects);
  });
});

describe("AWS' ApplicationNetworkPolicy", () => {
  const reader = awsReaders.find(({ kinds }) => kinds.includes("ApplicationNetworkPolicy"));
  const networkPolicies = allTables.find(({ name }) => name === "networking-v1-network-policy")?.rows ?? [];
  const objects = networkPolicies.flatMap(({ row, object }) => (object === undefined ? [] : [{ id: row.id, object }]));

  test.each(objects)("reads NetworkPolicy's row $id as NetworkPolicy does", ({ object }) => {
    expect(JSON.stringify(reader?.read(object))).toBe(JSON.stringify(networkPolicyReader.read(object)));
  });
});

describe("where a rule says its peers and ports are", () => {
  const at = { pointer: "/spec/egress/0", peersPointer: "/spec/egress/0", portsPointer: "/spec/egress/0" };
  test.each([
    { rule: { action: "Accept" }, expected: at },
    { rule: { action: "Accept", to: [] }, expected: { ...at, peersPointer: "/spec/egress/0/to" } },
    { rule: { action: "Accept", protocols: [] }, expected: { ...at, portsPointer: "/spec/egress/0/protocols" } },
  ])("$rule", ({ rule, expected }) => {
    const object = {
      apiVersion: "policy.networking.k8s.io/v1alpha2",
      kind: "ClusterNetworkPolicy",
      spec: { egress: [rule] },
    };
    expect(read(object).policy.rules).toMatchObject([expected]);
  });
});
