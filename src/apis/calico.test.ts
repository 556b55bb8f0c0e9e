import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { compareReach } from "../model/peer-width.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Direction, PolicyReading, Reach } from "../model/traffic.ts";
import { calicoReaders } from "./calico.ts";
import { readerFor } from "./registry.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);

function read(object: JsonObject): PolicyReading {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const reading = readerFor(apiVersion.split("/")[0] ?? "", kind)?.read(object);
  if (reading?.policy === undefined) throw new Error("this kind has no reader of policies");
  return reading.policy;
}

function policyOf(kind: string, spec: JsonObject): PolicyReading {
  return read({ apiVersion: "projectcalico.org/v3", kind, spec });
}

describe("a policy's place, subject and isolation", () => {
  test("tier and order are the rank; without them it comes last in the default tier", () => {
    expect(policyOf("NetworkPolicy", { tier: "security", order: -1.5 }).rank).toEqual({
      tier: "security",
      order: -1.5,
    });
    expect(policyOf("NetworkPolicy", {}).rank).toEqual({ tier: "default", order: Number.MAX_SAFE_INTEGER });
  });

  test.each([
    { kind: "NetworkPolicy", spec: {}, reach: "namespace" },
    { kind: "NetworkPolicy", spec: { selector: "app == 'web'" }, reach: "selected" },
    { kind: "NetworkPolicy", spec: { serviceAccountSelector: "has(x)" }, reach: "selected" },
    { kind: "NetworkPolicy", spec: { selector: "!all()" }, reach: "nobody" },
    { kind: "NetworkPolicy", spec: { selector: "(((" }, reach: "nobody" },
    { kind: "GlobalNetworkPolicy", spec: {}, reach: "cluster" },
    { kind: "GlobalNetworkPolicy", spec: { selector: " " }, reach: "cluster" },
    { kind: "GlobalNetworkPolicy", spec: { namespaceSelector: "all()" }, reach: "cluster" },
    { kind: "GlobalNetworkPolicy", spec: { namespaceSelector: "team == 'shop'" }, reach: "selected" },
    { kind: "GlobalNetworkPolicy", spec: { namespaceSelector: "global()" }, reach: "selected" },
    { kind: "GlobalNetworkPolicy", spec: { selector: "has(a) && !has(a)" }, reach: "nobody" },
  ])("$kind $spec is for $reach", ({ kind, spec, reach }) => {
    expect(policyOf(kind, spec).subject.reach).toBe(reach);
  });

  test.each([
    { spec: { types: ["Egress"] }, isolates: { ingress: false, egress: true } },
    { spec: {}, isolates: { ingress: true, egress: false } },
    { spec: { egress: [{ action: "Deny" }] }, isolates: { ingress: false, egress: true } },
  ])("$spec isolates $isolates", ({ spec, isolates }) => {
    expect(policyOf("GlobalNetworkPolicy", spec).isolates).toEqual(isolates);
    expect(policyOf("StagedGlobalNetworkPolicy", spec).isolates).toEqual({ ingress: false, egress: false });
  });

  test("past Calico's API server both directions are isolated where types are missing", () => {
    const object = { apiVersion: "crd.projectcalico.org/v1", kind: "NetworkPolicy", spec: {} };
    expect(read(object).isolates).toEqual({ ingress: true, egress: true });
  });

  test("flags for host endpoints make it a policy of hosts", () => {
    expect(policyOf("GlobalNetworkPolicy", { doNotTrack: true }).scope).toBe("host");
    expect(policyOf("GlobalNetworkPolicy", { doNotTrack: false }).scope).toBe("cluster");
    expect(policyOf("NetworkPolicy", {}).scope).toBe("namespace");
  });

  test("rules of staged kinds are staged", () => {
    const spec = { ingress: [{ action: "Allow" }], podSelector: {} };
    for (const kind of ["StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy"]) {
      expect(policyOf(kind, spec).rules.map(({ staged }) => staged)).toEqual([true]);
    }
  });
});

/** One of the given values, now and then something that doesn't belong there. */
function mostly(...usual: readonly JsonValue[]): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, 0, "", "x", [], {}, [null], true) },
  );
}

function listOf(...usual: readonly JsonValue[]): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.array(mostly(...usual), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, "x", {}, [null]) },
  );
}

/** An object with few of the fields. */
function some(fields: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  const keys = Object.keys(fields);
  return fc
    .subarray(keys, { maxLength: Math.min(keys.length, 3) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((key) => [key, fields[key] ?? fc.constant(null)]))));
}

const selector = mostly(
  "all()",
  "!all()",
  "global()",
  "a == 'b'",
  "a != 'b'",
  "has(a) || !has(a)",
  "has(projectcalico.org/namespace)",
  "projectcalico.org/namespace == 'shop' && has(a)",
  "pcns.team == 'shop'",
  "(((",
);
const nets = listOf("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "::/0", "1.2.3.4/0", "::ffff:0:0/96", "any");
const ports = listOf(443, "1:32767", "32768:65535", "http", "0:65535");
const entity = some({
  selector,
  notSelector: selector,
  namespaceSelector: selector,
  nets,
  notNets: nets,
  ports,
  notPorts: ports,
  serviceAccounts: some({ names: listOf("web"), selector }),
  services: some({ name: mostly("web"), namespace: mostly("shop") }),
  typo: mostly({}),
});
const narrowing = some({
  source: entity,
  destination: entity,
  protocol: mostly("TCP", "UDP", 6, "ICMP"),
  notProtocol: mostly("TCP", "ICMP"),
  ipVersion: mostly(4, 6),
  icmp: mostly({ type: 8 }),
  http: mostly({ methods: ["GET"] }),
});

function rule(...actions: readonly JsonValue[]): fc.Arbitrary<JsonObject> {
  return fc.tuple(fc.constantFrom(...actions), narrowing).map(([action, more]) => ({ action, ...more }));
}

const anyRule = fc.oneof(rule("Allow"), rule("Deny", "Log"), rule("Pass", "allow", null));
const policy = fc.record({
  apiVersion: fc.constantFrom("projectcalico.org/v3", "crd.projectcalico.org/v1"),
  kind: fc.constantFrom("NetworkPolicy", "GlobalNetworkPolicy"),
  // Rules of a direction that isn't selected have no effect, whatever is added to them.
  spec: fc.record({
    types: fc.constant(["Ingress", "Egress"]),
    tier: mostly("default", "security"),
    selector,
    ingress: fc.array(anyRule, { maxLength: 3 }),
    egress: fc.array(anyRule, { maxLength: 3 }),
  }),
});
type Policy = typeof policy extends fc.Arbitrary<infer Value> ? Value : never;

function widest(facts: readonly Reach[]): Reach {
  return facts.reduce((a, b) => (compareReach(a, b) >= 0 ? a : b), "nobody");
}

/** How wide the allow rules of a direction are, alone and together: over all ports in use, and on every port. */
function widths(object: Policy, direction: Direction): readonly [Reach, Reach] {
  const { rules, unions } = summariseRules(read(object), DEFAULT_WIDTH_CONTEXT);
  const facts = [...rules.filter(({ action }) => action === "allow"), ...unions];
  const inUse = facts.filter((fact) => fact.direction === direction && fact.ports.reach !== "none");
  const onEvery = inUse.filter((fact) => fact.ports.reach === "all");
  return [widest(inUse.map(({ peers }) => peers.reach)), widest(onEvery.map(({ peers }) => peers.reach))];
}

function isNoWiderThan(narrow: Policy, wide: Policy, direction: Direction): void {
  const [inUse, onEvery] = widths(narrow, direction);
  const [wideInUse, wideOnEvery] = widths(wide, direction);
  expect(compareReach(inUse, wideInUse)).toBeLessThanOrEqual(0);
  expect(compareReach(onEvery, wideOnEvery)).toBeLessThanOrEqual(0);
}

/** The same policy with a rule more at some place of the list. */
function withRule(object: Policy, direction: Direction, added: JsonObject, place: number): Policy {
  const rules = object.spec[direction];
  return { ...object, spec: { ...object.spec, [direction]: rules.toSpliced(place % (rules.length + 1), 0, added) } };
}

describe("Calico's policies of any shape", () => {
  test("are read without an exception, and without a rule that is undefined somewhere", () => {
    fc.assert(
      fc.property(policy, (object) => {
        for (const { peers, ports: found, pointer } of read(object).rules) {
          expect(Object.values(peers).includes(undefined)).toBe(false);
          expect(typeof found.words()).toBe("string");
          expect(pointer).toMatch(/^\/spec\/(?:ingress|egress)\/\d$/);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test.each(["ingress", "egress"] as const)("are no narrower with one more %s rule that allows", (direction) => {
    fc.assert(
      fc.property(policy, rule("Allow"), fc.nat(), (object, added, place) =>
        isNoWiderThan(object, withRule(object, direction, added, place), direction),
      ),
      { numRuns: RUNS },
    );
  });

  test.each(["ingress", "egress"] as const)("are no wider with one more %s rule that denies", (direction) => {
    fc.assert(
      fc.property(policy, rule("Deny", "Log"), fc.nat(), (object, added, place) =>
        isNoWiderThan(withRule(object, direction, added, place), object, direction),
      ),
      { numRuns: RUNS },
    );
  });
});

describe("objects of Calico's kinds with arbitrary content", () => {
  const kinds = calicoReaders.flatMap(({ group, kinds: ofReader }) => ofReader.map((kind) => ({ group, kind })));
  test.each(kinds)("$group $kind", ({ group, kind }) => {
    const content = fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() });
    fc.assert(
      fc.property(content, (parts) => {
        const object = { apiVersion: `${group}/v3`, kind, ...parts } as JsonObject;
        expect(readerFor(group, kind)?.read(object).family).toBe("network");
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });
});
