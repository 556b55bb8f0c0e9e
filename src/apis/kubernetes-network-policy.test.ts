import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { RuleFact, UnionFact } from "../model/width.ts";
import { networkPolicyReader } from "./kubernetes-network-policy.ts";

interface Row {
  id: string;
  title: string;
  spec?: JsonValue;
  object?: JsonObject;
  text?: string;
  reading: { rules?: string[]; unions?: string[]; isolates?: string[]; subject?: string; defects?: string[] };
}

const verdicts = new URL("../../test/tables/verdicts/networking-v1-network-policy.yaml", import.meta.url);
const rows = parse(readFileSync(verdicts, "utf8")) as Row[];

const details = new URL("../../test/tables/apis/network-policy-defects.yaml", import.meta.url);
const detailRows = parse(readFileSync(details, "utf8")) as {
  spec?: JsonValue;
  object?: JsonObject;
  defects: string[];
}[];

function policyOf(spec: JsonValue): JsonObject {
  const metadata = { name: "web", namespace: "shop" };
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec };
}

function objectOf({ spec, object, text }: Row): JsonObject {
  if (text !== undefined) return parse(text) as JsonObject;
  return object ?? policyOf(spec ?? null);
}

function read(object: JsonObject) {
  const reading = networkPolicyReader.read(object);
  if (reading.policy === undefined) throw new Error("a NetworkPolicy without a policy");
  return { policy: reading.policy, defects: [...reading.defects, ...reading.policy.defects] };
}

function inWords(fact: RuleFact | UnionFact): string {
  const staged = "staged" in fact && fact.staged ? "staged " : "";
  return `${staged}${fact.direction} ${fact.peers.reach} ${fact.ports.reach}`;
}

describe("reading a NetworkPolicy", () => {
  test.each(rows)("$id: $title", (row) => {
    const { policy, defects } = read(objectOf(row));
    const { rules, unions } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
    const directions = ["ingress", "egress"] as const;
    expect({
      rules: rules.map(inWords),
      unions: unions.map(inWords),
      isolates: directions.filter((direction) => policy.isolates[direction]),
      subject: policy.subject.reach,
      defects: defects.map(({ kind, pointer }) => `${kind} ${pointer}`),
    }).toEqual({ rules: [], unions: [], isolates: ["ingress"], subject: "namespace", defects: [], ...row.reading });
  });

  test("every row has its own id", () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });
});

describe("what a defect of a NetworkPolicy says", () => {
  const titled = detailRows.map((row) => ({ ...row, title: JSON.stringify(row.object ?? row.spec) }));
  test.each(titled)("$title", ({ spec = null, object, defects: expected }) => {
    const { defects } = read(object ?? policyOf(spec));
    const said = defects.map(({ kind, pointer, effect, detail }) => `${kind} ${pointer} (${effect}): ${detail}`);
    expect(said).toEqual(expected);
  });
});

describe("where a rule says its peers and ports are", () => {
  test.each([
    { rule: {}, peers: "/spec/ingress/0", ports: "/spec/ingress/0" },
    { rule: { from: null, ports: null }, peers: "/spec/ingress/0", ports: "/spec/ingress/0" },
    { rule: { from: [], ports: [] }, peers: "/spec/ingress/0/from", ports: "/spec/ingress/0/ports" },
    { rule: { from: [{ podSelector: {} }] }, peers: "/spec/ingress/0/from", ports: "/spec/ingress/0" },
  ])("$rule", ({ rule, peers, ports }) => {
    const [found] = read(policyOf({ ingress: [rule] })).policy.rules;
    expect(found).toMatchObject({ pointer: "/spec/ingress/0", peersPointer: peers, portsPointer: ports });
  });
});
