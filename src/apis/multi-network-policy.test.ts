import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import { networkPolicyReader } from "./kubernetes-network-policy.ts";
import { multiNetworkPolicyReader } from "./multi-network-policy.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);
const FOR_NETWORK = { metadata: { annotations: { "k8s.v1.cni.cncf.io/policy-for": "macvlan" } } };

describe("MultiNetworkPolicy", () => {
  const table = verdictTables().find(({ name }) => name === "networking-v1-network-policy");
  const objects = (table?.rows ?? []).flatMap(({ row, object }) =>
    object === undefined ? [] : [{ id: row.id, object }],
  );

  test.each(objects)("reads NetworkPolicy's row $id as NetworkPolicy does", ({ object }) => {
    const written = { ...object, ...FOR_NETWORK };
    expect(JSON.stringify(multiNetworkPolicyReader.read(written))).toBe(
      JSON.stringify(networkPolicyReader.read(written)),
    );
  });

  test.each([
    { object: {}, pointer: "/metadata" },
    { object: { metadata: { name: "web" } }, pointer: "/metadata/annotations" },
    { object: { metadata: { annotations: { a: "b" } } }, pointer: "/metadata/annotations" },
  ])("says where the annotation is missing: $object", ({ object, pointer }) => {
    const { defects } = multiNetworkPolicyReader.read({ ...object, spec: { podSelector: {} } });
    expect(defects).toMatchObject([{ kind: "matches-nothing", pointer }]);
  });

  test("of any shape is read", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (metadata, spec) => {
        const reading = multiNetworkPolicyReader.read({ metadata, spec });
        return reading.policy !== undefined && reading.defects.length > 0;
      }),
      { numRuns: RUNS },
    );
  });
});
