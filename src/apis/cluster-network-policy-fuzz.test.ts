import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Direction, Reach } from "../model/traffic.ts";
import { adminNetworkPolicyReader } from "./admin-network-policy.ts";
import { awsReaders } from "./aws-network-policies.ts";
import { clusterNetworkPolicyReader } from "./cluster-network-policy.ts";
import { readerFor } from "./registry.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);
const READERS = [adminNetworkPolicyReader, clusterNetworkPolicyReader, ...awsReaders];

/** One of the given values, now and then something that doesn't belong there. */
function mostly(...usual: readonly JsonValue[]): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, 0, "", "x", [], {}, [null], true) },
  );
}

function listOf(item: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.array(item, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, "x", {}, [null]) },
  );
}

/** An object with some of the fields. */
function some(fields: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  return fc.record(fields, { requiredKeys: [] });
}

/** An object with one of the fields mostly; with several or none it is refused, and read all the same. */
function oneOf(fields: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  const single = Object.entries(fields).map(([key, value]) => ({
    weight: 6,
    arbitrary: fc.record({ [key]: value }) as fc.Arbitrary<JsonObject>,
  }));
  return fc.oneof(...single, { weight: 1, arbitrary: some(fields) });
}

const written = some({
  matchLabels: fc.dictionary(fc.constantFrom("app", "__proto__", "constructor"), mostly("web", ""), { maxKeys: 1 }),
  matchExpressions: listOf(
    some({
      key: mostly("app", "team", "kubernetes.io/metadata.name"),
      operator: mostly("In", "NotIn", "Exists", "DoesNotExist"),
      values: listOf(mostly("web", "shop")),
    }),
  ),
  typo: mostly({}),
});
const selector = fc.oneof(fc.constant<JsonObject>({}), written);
const pods = some({ namespaceSelector: selector, podSelector: selector });
const network = mostly("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "::/0", "::ffff:0:0/96", "1.2.3.4/0");
const name = mostly("example.com", "*.example.com", "*.co.uk", "*", "Example.Com.");
const source = oneOf({ namespaces: selector, pods });
const destination = oneOf({
  namespaces: selector,
  pods,
  nodes: selector,
  networks: listOf(network),
  domainNames: listOf(name),
});
const number = mostly(1, 443, 0, 65_535, 70_000, 1.5);
const range = { start: mostly(1, 443, 32_768), end: mostly(32_767, 65_535) };
const protocol = some({ destinationPort: oneOf({ number, range: some(range) }) });
const protocols = listOf(
  oneOf({ tcp: protocol, udp: protocol, sctp: protocol, destinationNamedPort: mostly("http", "dns") }),
);
const transport = mostly("TCP", "UDP", "SCTP", "tcp");
const ports = listOf(
  oneOf({
    portNumber: some({ protocol: transport, port: number }),
    portRange: some({ protocol: transport, ...range }),
    namedPort: mostly("http", "dns"),
  }),
);

const ALLOWING = ["Accept", "Allow"];
const REFUSING = ["Deny", "Pass"];

function rule(direction: Direction, actions: readonly string[]): fc.Arbitrary<JsonObject> {
  const action = actions === ALLOWING ? fc.constantFrom(...ALLOWING) : mostly(...actions);
  const peers: Record<string, fc.Arbitrary<JsonValue>> = direction === "ingress"
    ? { from: listOf(source) }
    : { to: listOf(destination) };
  const narrowing = fc.oneof(fc.constant<JsonObject>({}), some({ protocols, ports, name: mostly("a"), typo: action }));
  const whole: fc.Arbitrary<JsonObject> = fc.record({ action, ...peers });
  return fc.tuple(whole, narrowing).map(([first, more]) => ({ ...first, ...more }));
}

const KINDS = [
  { apiVersion: "policy.networking.k8s.io/v1alpha1", kind: "AdminNetworkPolicy" },
  { apiVersion: "policy.networking.k8s.io/v1alpha1", kind: "BaselineAdminNetworkPolicy" },
  { apiVersion: "policy.networking.k8s.io/v1alpha2", kind: "ClusterNetworkPolicy" },
  { apiVersion: "networking.k8s.aws/v1alpha1", kind: "ClusterNetworkPolicy" },
] as const;

const anyRule = (direction: Direction) =>
  fc.oneof(rule(direction, ALLOWING), rule(direction, REFUSING), rule(direction, [...ALLOWING, ...REFUSING]));
const policy = fc.record({
  head: fc.constantFrom(...KINDS),
  rest: some({ tier: mostly("Admin", "Baseline"), priority: number, subject: oneOf({ namespaces: selector, pods }) }),
  ingress: fc.array(anyRule("ingress"), { maxLength: 4 }),
  egress: fc.array(anyRule("egress"), { maxLength: 4 }),
});
type Policy = typeof policy extends fc.Arbitrary<infer Value> ? Value : never;

function objectOf({ head, rest, ingress, egress }: Policy): JsonObject {
  return { ...head, spec: { ...rest, ingress, egress } };
}

function read(object: JsonObject) {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const reading = readerFor(apiVersion.split("/")[0] ?? "", kind)?.read(object);
  if (reading?.policy === undefined) throw new Error("this kind has no reader");
  return reading.policy;
}

const WIDEST_LAST: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];

/** How wide the allow rules of a direction are, alone and together: over all ports in use, and on every port. */
function widths(object: Policy, direction: Direction): readonly [number, number] {
  const { rules, unions } = summariseRules(read(objectOf(object)), DEFAULT_WIDTH_CONTEXT);
  const facts = [...rules.filter(({ action }) => action === "allow"), ...unions];
  const inUse = facts.filter((fact) => fact.direction === direction && fact.ports.reach !== "none");
  const onEvery = inUse.filter((fact) => fact.ports.reach === "all");
  const widest = (chosen: typeof facts) => Math.max(0, ...chosen.map(({ peers }) => WIDEST_LAST.indexOf(peers.reach)));
  return [widest(inUse), widest(onEvery)];
}

function isNoWiderThan(narrow: Policy, wide: Policy): void {
  for (const direction of ["ingress", "egress"] as const) {
    const [inUse, onEvery] = widths(narrow, direction);
    const [wideInUse, wideOnEvery] = widths(wide, direction);
    expect(inUse).toBeLessThanOrEqual(wideInUse);
    expect(onEvery).toBeLessThanOrEqual(wideOnEvery);
  }
}

/** The same policy with a rule more at some place of the list. */
function withRule(object: Policy, direction: Direction, added: JsonObject, place: number): Policy {
  return { ...object, [direction]: object[direction].toSpliced(place % (object[direction].length + 1), 0, added) };
}

describe("cluster-wide policies of any shape", () => {
  test("are read without an exception, and without a rule that is undefined somewhere", () => {
    fc.assert(
      fc.property(policy, (object) => {
        const { rules } = read(objectOf(object));
        expect(JSON.stringify(rules)).not.toContain("null");
        for (const { peers, ports: found, pointer } of rules) {
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
      fc.property(policy, rule(direction, ALLOWING), fc.nat(), (object, added, place) =>
        isNoWiderThan(object, withRule(object, direction, added, place)),
      ),
      { numRuns: RUNS },
    );
  });

  test.each(["ingress", "egress"] as const)("are no wider with one more %s rule that refuses", (direction) => {
    fc.assert(
      fc.property(policy, rule(direction, REFUSING), fc.nat(), (object, added, place) =>
        isNoWiderThan(withRule(object, direction, added, place), object),
      ),
      { numRuns: RUNS },
    );
  });
});

describe("objects of these kinds with arbitrary content", () => {
  const kinds = READERS.flatMap(({ group, kinds: ofReader }) => ofReader.map((kind) => ({ group, kind })));
  test.each(kinds)("$group $kind", ({ group, kind }) => {
    const content = fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() });
    fc.assert(
      fc.property(content, (parts) => {
        const object = { apiVersion: `${group}/v1alpha1`, kind, ...parts } as JsonObject;
        expect(readerFor(group, kind)?.read(object).family).toBe("network");
      }),
      { numRuns: RUNS },
    );
  });
});
