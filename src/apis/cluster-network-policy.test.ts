import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
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

/** A ClusterNetworkPolicy with the given egress rules, or another kind that looks like it. */
function egress(rules: readonly JsonValue[], kind = { apiVersion: "policy.networking.k8s.io/v1alpha2" }): JsonObject {
  const spec = { tier: "Admin", priority: 10, subject: { namespaces: {} }, egress: rules };
  return { kind: "ClusterNetworkPolicy", ...kind, spec };
}

describe("how many elements a list may have", () => {
  const aws = { apiVersion: "networking.k8s.aws/v1alpha1" };
  const names = (count: number) => Array.from({ length: count }, (_, index) => `h${index}.example.com`);
  const rule = { action: "Accept", to: [{ namespaces: {} }] };
  const limits: { what: string; most: number; object: (count: number) => JsonObject }[] = [
    { what: "rules", most: 25, object: (count) => egress(Array.from({ length: count }, () => rule)) },
    {
      what: "rules of AWS",
      most: 100,
      object: (count) =>
        egress(
          Array.from({ length: count }, () => rule),
          aws,
        ),
    },
    {
      what: "peers",
      most: 25,
      object: (count) => egress([{ ...rule, to: Array.from({ length: count }, () => ({ namespaces: {} })) }]),
    },
    {
      what: "peers of AWS",
      most: 100,
      object: (count) => egress([{ ...rule, to: Array.from({ length: count }, () => ({ namespaces: {} })) }], aws),
    },
    {
      what: "networks",
      most: 25,
      object: (count) =>
        egress([{ ...rule, to: [{ networks: names(count).map((_, index) => `10.0.${index}.0/24`) }] }]),
    },
    { what: "names", most: 25, object: (count) => egress([{ ...rule, to: [{ domainNames: names(count) }] }]) },
    {
      what: "protocols",
      most: 25,
      object: (count) =>
        egress([{ ...rule, protocols: names(count).map((name) => ({ destinationNamedPort: name.slice(0, 3) })) }]),
    },
    {
      what: "ports of AWS",
      most: 100,
      object: (count) => egress([{ ...rule, ports: names(count).map(() => ({ portNumber: { port: 443 } })) }], aws),
    },
  ];

  test.each(limits)("$what: $most", ({ most, object }) => {
    expect(read(object(most)).defects).toEqual([]);
    expect(read(object(most + 1)).defects).toMatchObject([{ kind: "invalid-value" }]);
  });
});

describe("what a rule allows, in words", () => {
  const admin = { apiVersion: "policy.networking.k8s.io/v1alpha1", kind: "AdminNetworkPolicy" };
  const web = [{ namespaces: { matchLabels: { team: "shop" } } }];
  test.each([
    { rule: { to: [{ domainNames: ["*.Example.com."] }] }, peers: '"**.example.com"', ports: "every port" },
    {
      rule: { to: web, protocols: [{ destinationNamedPort: "dns" }] },
      ports: 'TCP named "dns", UDP named "dns", SCTP named "dns"',
    },
    { rule: { to: web, ports: [{ portNumber: { port: 443 } }] }, kind: admin, ports: "TCP 443" },
    { rule: { to: web, ports: [{ portRange: { start: 1, end: 9 } }] }, kind: admin, ports: "TCP 1-9" },
  ])("$rule", ({ rule, kind, peers, ports }) => {
    const { policy } = read(egress([{ action: kind === undefined ? "Accept" : "Allow", ...rule }], kind));
    const { rules } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
    expect(rules.map((found) => found.ports.words)).toEqual([ports]);
    if (peers !== undefined) expect(rules.map((found) => found.peers.words)).toEqual([peers]);
  });
});
