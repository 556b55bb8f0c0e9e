import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isComplete, isNoWider, labelSelector, listOf, mostly, some } from "../../test/tools/reader-fuzz.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { PolicyReading } from "../model/traffic.ts";
import { fqdnNetworkPolicyReader } from "./gke-fqdn-network-policy.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);

function read(version: string, spec: JsonValue): PolicyReading {
  const object = { apiVersion: `networking.gke.io/${version}`, kind: "FQDNNetworkPolicy", spec };
  const { policy } = fqdnNetworkPolicyReader.read(object);
  if (policy === undefined) throw new Error("no policy was read");
  return policy;
}

describe("subject and isolation", () => {
  const egress = [{ matches: [{ name: "example.com" }] }];
  test.each([
    { podSelector: {}, reach: "namespace" },
    { podSelector: { matchLabels: { app: "web" } }, reach: "selected" },
    { podSelector: { matchLabels: { "a a": "web" } }, reach: "nobody" },
  ])("$podSelector is for $reach", ({ podSelector, reach }) => {
    const { subject, isolates } = read("v1alpha1", { podSelector, egress });
    expect(subject.reach).toBe(reach);
    expect(isolates).toEqual({ ingress: false, egress: true });
  });

  test("the older controller isolates what policyTypes say, and what has rules", () => {
    expect(read("v1alpha3", { podSelector: {}, policyTypes: ["Ingress"] }).isolates).toEqual({
      ingress: true,
      egress: false,
    });
    expect(read("v1alpha3", { podSelector: {}, egress: [{}] }).isolates).toEqual({ ingress: false, egress: true });
  });

  test("the older controller has rules of both directions", () => {
    const rules = [{ from: [{ fqdns: ["a.example.com"] }], to: [{ fqdns: ["b.example.com"] }] }];
    const reading = read("v1alpha4", { podSelector: {}, ingress: rules, egress: rules });
    expect(reading.rules.map(({ direction, peers }) => [direction, ...peers.names])).toEqual([
      ["ingress", "a.example.com"],
      ["egress", "b.example.com"],
    ]);
  });
});

test.each([
  { pattern: "*", unresolved: [] },
  { pattern: "*.example.com", unresolved: [] },
  { pattern: "*.com", unresolved: ["whoever has a name like *.com"] },
])("$pattern has owners that can't be seen: $unresolved", ({ pattern, unresolved }) => {
  const { rules } = read("v1alpha1", { podSelector: {}, egress: [{ matches: [{ pattern }] }] });
  expect(rules[0]?.peers.unresolved).toEqual(unresolved);
});

const match = some({ name: mostly("example.com", "*.com"), pattern: mostly("*", "*.com", "*.example.com", "**.*") });
const validMatch = fc.constantFrom<JsonObject>({ name: "example.com" }, { pattern: "*" }, { pattern: "*.co.uk" });
const ports = listOf(some({ protocol: mostly("TCP", "UDP", "ALL"), port: mostly(443, 1, 70_000) }));
const fqdns = some({ fqdns: listOf(mostly("example.com", "*")) });
const rule = some({ matches: listOf(match), to: listOf(fqdns), from: listOf(fqdns), ports });

describe("FQDNNetworkPolicies of any shape", () => {
  test.each(["v1alpha1", "v1alpha3"])("%s is read completely", (version) => {
    const spec = some({ podSelector: labelSelector, ingress: listOf(rule), egress: listOf(rule) });
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: spec }, fc.jsonValue()), (written) =>
        isComplete(read(version, written as JsonValue), { spec: written }),
      ),
      { numRuns: RUNS },
    );
  });

  test("are no narrower with one more match or rule", () => {
    const matches = fc.array(validMatch, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(matches, validMatch, ports, rule, (list, added, written, other) => {
        const policyOf = (...rules: JsonObject[]) => read("v1alpha1", { podSelector: {}, egress: rules });
        const one = policyOf({ matches: list, ports: written });
        const more = policyOf({ matches: [...list, added], ports: written });
        return (
          isNoWider(one, more, "egress") && isNoWider(one, policyOf(other, { matches: list, ports: written }), "egress")
        );
      }),
      { numRuns: RUNS },
    );
  });
});
