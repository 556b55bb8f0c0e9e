import { describe, expect, test } from "@jest/globals";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { RuleFact } from "../model/width.ts";
import { readerFor } from "./registry.ts";

interface Columns {
  readonly mesh?: readonly string[];
  readonly rules?: readonly string[];
  readonly defects?: readonly string[];
}

const tables = verdictTables().filter(
  ({ name }) =>
    name.startsWith("mesh-") ||
    name.startsWith("spire-") ||
    (name.startsWith("istio-") && name !== "istio-authorization-policy"),
);
const rows = tables.flatMap(({ name, rows: ofTable }) =>
  ofTable.flatMap(({ row, object }) => (object === undefined ? [] : [{ ...row, name, object }])),
);

function read(object: JsonObject) {
  const [group, version] = (object["apiVersion"] as string).split("/");
  const reading = readerFor(version === undefined ? "" : (group ?? ""), object["kind"] as string)?.read(object);
  if (reading === undefined) throw new Error("this kind has no reader");
  return reading;
}

function inWords(fact: RuleFact): string {
  const layer7 = fact.operations === "some" ? " (some operations)" : "";
  return `${fact.direction} ${fact.peers.reach} ${fact.ports.reach}${layer7}`;
}

function columnsOf(object: JsonObject): Columns {
  const { policy, mesh = [], pods = [], defects } = read(object);
  const settings = [...mesh, ...pods.flatMap((pod) => pod.mesh)];
  return {
    mesh: settings.map(({ setting, pointer }) => `${setting} ${pointer}`),
    rules: policy === undefined ? [] : summariseRules(policy, DEFAULT_WIDTH_CONTEXT).rules.map(inWords),
    defects: [...defects, ...(policy?.defects ?? [])].map(({ kind, pointer }) => `${kind} ${pointer}`),
  };
}

describe("reading what an object says of a mesh", () => {
  test.each(rows)(
    "$name $id: $title",
    ({ object, mesh = [], rules = [], defects = [] }: (typeof rows)[number] & Columns) => {
      expect(columnsOf(object)).toEqual({ mesh, rules, defects });
    },
  );
});
