/**
 * @module Tests of the summary: the table of policies, and reach against the packet oracle.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ORACLE_PORTS, ORACLE_PREFIXES, ORACLE_REACHES, portReachFor } from "../../test/tables/model/packet-oracle.ts";
import type { PeersRow, RuleRow } from "../../test/tables/model/read-tables.ts";
import { peersFrom, policyFrom, policyOf, portsFrom, readRows } from "../../test/tables/model/read-tables.ts";
import { DEFAULT_WIDTH_CONTEXT, everyone, peersOf } from "./peer-set.ts";
import { PortSet } from "./port-set.ts";
import { summariseRules } from "./summarise.ts";
import type { Evaluation, PolicyReading, Reach, RuleAction } from "./traffic.ts";
import type { PeersFact, PortReach, RuleFact, UnionFact } from "./width.ts";

interface UnionRow {
  readonly why: string;
  readonly evaluation?: Evaluation;
  readonly policy: readonly RuleRow[];
  readonly rules: readonly string[];
  readonly unions?: readonly string[];
  readonly shadowed?: readonly number[];
}

test.each(readRows("unions.yaml") as readonly UnionRow[])("$why", ({ evaluation, policy, rules, unions, shadowed }) => {
  const summary = summarise(policyFrom(policy, evaluation ?? "deny-overrides"));
  expect(summary.rules.map(({ peers, ports }) => `${peers.reach} ${ports.reach}`)).toEqual(rules);
  expect(summary.unions.map(unionText)).toEqual(unions ?? []);
  expect(summary.shadowed).toEqual((shadowed ?? []).map((index) => `/spec/rules/${index}`));
});

function summarise(policy: PolicyReading) {
  return summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
}

function unionText({ peers, ports, pointers, operations }: UnionFact): string {
  const rules = pointers.map((pointer) => pointer.slice("/spec/rules/".length)).join(" ");
  return `${peers.reach} ${ports.reach} of ${rules}${operations === "some" ? " in some operations" : ""}`;
}

test("facts point to the peers, the ports, and what rules have in common", () => {
  const policy = policyOf(
    [
      { peers: peersFrom({ cidrs: ["0.0.0.0/1"] }), ports: portsFrom(["TCP 443"]) },
      { peers: peersFrom({ cidrs: ["128.0.0.0/1"] }), ports: portsFrom(["TCP 443"]) },
    ],
    "deny-overrides",
  );
  const { rules, unions } = summarise(policy);
  expect(rules[1]?.pointer).toBe("/spec/rules/1");
  expect(rules[1]?.peers.pointer).toBe("/spec/rules/1/peers");
  expect(rules[1]?.ports.pointer).toBe("/spec/rules/1/ports");
  expect(unions[0]).toEqual({
    direction: "ingress",
    peers: {
      reach: "anyone",
      ipv4Share: 1,
      ipv6Share: 0,
      nat64Share: 0,
      selfAssignable: false,
      nearlyAll: false,
      unresolved: false,
      besideOwnNamespace: false,
      pointer: "/spec/rules",
      words: "0.0.0.0/0",
    },
    ports: { reach: "some", share: 1 / 65535, pointer: "/spec/rules", words: "TCP 443" },
    operations: "all",
    pointers: ["/spec/rules/0", "/spec/rules/1"],
  });
});

const REACHES: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];
const PORT_REACHES: readonly PortReach[] = ["none", "some", "wide", "all"];

/** The allow facts of a policy that count, with the most ports on which one of them has at least the given reach. */
function portReachOfFacts(facts: readonly (RuleFact | UnionFact)[], reach: Reach): PortReach {
  const ranks = facts
    .filter(({ peers }) => REACHES.indexOf(peers.reach) >= REACHES.indexOf(reach))
    .map(({ ports }) => PORT_REACHES.indexOf(ports.reach));
  return PORT_REACHES[Math.max(0, ...ranks)] ?? "none";
}

function allowFacts(policy: PolicyReading): readonly (RuleFact | UnionFact)[] {
  const { rules, unions } = summarise(policy);
  return [...rules.filter(({ action, staged }) => action === "allow" && !staged), ...unions];
}

const prefixes = fc.array(fc.constantFrom(...ORACLE_PREFIXES), { minLength: 1, maxLength: 3 });
const pods = fc.constantFrom<PeersRow>(
  { pods: [{ namespaces: "every", pods: "every" }] },
  { pods: [{ namespaces: ["a NotIn x"], pods: ["b DoesNotExist"] }] },
  { pods: [{ namespaces: ["a In x"], pods: "every" }] },
  { pods: [{ namespaces: "own", pods: "every" }] },
);
const addresses = fc
  .tuple(prefixes, fc.oneof(fc.constant([]), prefixes))
  .map(([cidrs, except]): PeersRow => ({ cidrs, except }));
const peers = fc.oneof(addresses, addresses, pods, fc.constant<PeersRow>({ everyone: true }));
const ports = fc.array(fc.constantFrom(...ORACLE_PORTS), { minLength: 1, maxLength: 2 });
const allow: fc.Arbitrary<RuleRow> = fc.record({ peers, ports });
/** Policies whose denials the model subtracts exactly: addresses from addresses, and everyone from anybody. */
const exactRules: fc.Arbitrary<readonly RuleRow[]> = fc.boolean().chain((byAddress) => {
  const denied = byAddress
    ? fc.oneof(addresses, fc.constant<PeersRow>({ everyone: true }))
    : fc.constant({ everyone: true });
  const allowed = byAddress ? fc.oneof(addresses, fc.constant<PeersRow>({ everyone: true })) : peers;
  const deny = fc.record({ action: fc.constantFrom<RuleAction>("deny", "pass"), peers: denied, ports });
  return fc.array(fc.oneof(fc.record({ peers: allowed, ports }), deny), { maxLength: 5 });
});
const anyDeny: fc.Arbitrary<RuleRow> = fc.record({ action: fc.constantFrom("deny", "pass", "log"), peers, ports });
const evaluation = fc.constantFrom<Evaluation>("deny-overrides", "first-match");

test.each([
  ["TCP 80", "TCP 80", "some"],
  ["TCP 80", "TCP 443", "none"],
  ["TCP", "TCP", "all"],
])("the oracle itself sees what halves on %s and %s make: %s", (lower, upper, open) => {
  const halves: RuleRow[] = [
    { peers: { cidrs: ["0.0.0.0/1"] }, ports: [lower] },
    { peers: { cidrs: ["128.0.0.0/1"] }, ports: [upper] },
  ];
  expect(portReachFor(policyFrom(halves, "deny-overrides"), "anyone")).toBe(open);
});

test("facts are never narrower than the packets that get through", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(allow, allow, anyDeny), { maxLength: 5 }), evaluation, (rules, order) => {
      const policy = policyFrom(rules, order);
      const facts = allowFacts(policy);
      for (const reach of ORACLE_REACHES) {
        const open = PORT_REACHES.indexOf(portReachFor(policy, reach));
        expect(PORT_REACHES.indexOf(portReachOfFacts(facts, reach))).toBeGreaterThanOrEqual(open);
      }
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? "300") },
  );
});

test("facts are no wider than the packets that get through, where subtraction is exact", () => {
  fc.assert(
    fc.property(exactRules, evaluation, (rules, order) => {
      const policy = policyFrom(rules, order);
      const facts = allowFacts(policy);
      for (const reach of ORACLE_REACHES) {
        expect(portReachOfFacts(facts, reach)).toBe(portReachFor(policy, reach));
      }
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? "300") },
  );
});

/**
 * The narrowest reach that counts as no narrower. Below all namespaces, half of the addresses may stand for an own
 * namespace: neither is wider. The public internet without the rest is ranked below all namespaces.
 */
function leastReach({ reach, ipv4Share, ipv6Share }: PeersFact): Reach {
  if (reach === "own-namespace") return "selected";
  return reach === "external" && Math.max(ipv4Share, ipv6Share) < 0.998 ? "all-namespaces" : reach;
}

/** Expects every allow fact of one policy to be matched by facts at least as wide of the other. */
function expectNoNarrower(wide: PolicyReading, narrow: PolicyReading): void {
  const facts = allowFacts(wide);
  for (const { peers: each, ports: on } of allowFacts(narrow)) {
    if (each.reach === "nobody") continue;
    const found = PORT_REACHES.indexOf(portReachOfFacts(facts, leastReach(each)));
    expect(found).toBeGreaterThanOrEqual(PORT_REACHES.indexOf(on.reach));
  }
}

test("all namespaces on most ports take the place of the internet on them", () => {
  const before: RuleRow[] = [
    { peers: { pods: [{ namespaces: "every", pods: "every" }] }, ports: ["TCP 32769-65535"] },
    { peers: { cidrs: ["::/1"] }, ports: ["TCP 80"] },
  ];
  const added: RuleRow = { peers: { pods: [{ namespaces: "every", pods: "every" }] }, ports: ["TCP"] };
  expectNoNarrower(policyFrom([added, ...before], "deny-overrides"), policyFrom(before, "deny-overrides"));
});

test("adding an allow never narrows, wherever it stands", () => {
  const rules = fc.array(fc.oneof(allow, anyDeny), { maxLength: 4 });
  fc.assert(
    fc.property(rules, allow, fc.nat(4), evaluation, (before, added, position, order) => {
      const after = before.toSpliced(Math.min(position, before.length), 0, added);
      expectNoNarrower(policyFrom(after, order), policyFrom(before, order));
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? "300") },
  );
});

test("adding a denial never widens, wherever it stands", () => {
  const rules = fc.array(fc.oneof(allow, anyDeny), { maxLength: 4 });
  fc.assert(
    fc.property(rules, anyDeny, fc.nat(4), evaluation, (before, added, position, order) => {
      const after = before.toSpliced(Math.min(position, before.length), 0, added);
      expectNoNarrower(policyFrom(before, order), policyFrom(after, order));
    }),
    { numRuns: Number(process.env["FUZZ_RUNS"] ?? "300") },
  );
});

test("a union is only told where no single rule tells it", () => {
  fc.assert(
    fc.property(fc.array(allow, { maxLength: 4 }), (rules) => {
      const { rules: facts, unions } = summarise(policyFrom(rules, "deny-overrides"));
      for (const union of unions) {
        const wide = REACHES.indexOf(union.peers.reach) >= REACHES.indexOf("all-namespaces");
        const alone = PORT_REACHES.indexOf(portReachOfFacts(facts, union.peers.reach));
        if (wide) expect(alone).toBeLessThan(PORT_REACHES.indexOf(union.ports.reach));
        expect(union.pointers.length).toBeGreaterThan(0);
      }
    }),
  );
});

test("a policy that is too large to lay out exactly is judged wider, never narrower, and in bounded time", () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    peers: peersFrom({ cidrs: [`10.${index % 250}.0.0/16`] }),
    ports: PortSet.range("TCP", 1 + index * 7, 50_000 + index * 5),
  }));
  const policy = policyOf([{ peers: everyone, ports: PortSet.range("TCP", 443, 443) }, ...many], "deny-overrides");
  const started = performance.now();
  expect(portReachOfFacts(allowFacts(policy), "anyone")).toBe("all");
  const denials = many.map((rule) => ({ ...rule, action: "deny" as const }));
  const ordered = policyOf([...denials, { peers: everyone, ports: PortSet.everything }], "first-match");
  expect(portReachOfFacts(allowFacts(ordered), "all-namespaces")).toBe("all");
  // Generous: the bound is there against minutes, not against a busy machine.
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("denials that take nothing do not use up the bound", () => {
  const useless = Array.from({ length: 200 }, (_, index) => ({
    action: "deny" as const,
    peers: peersFrom({ pods: [{ namespaces: "own", pods: `app In v${index}` }] }),
    ports: PortSet.range("TCP", index + 1, index + 1),
  }));
  const allowed = { peers: peersFrom({ cidrs: ["0.0.0.0/0"] }), ports: PortSet.everything };
  const policy = policyOf([...useless, { ...allowed, action: "deny" }, allowed], "deny-overrides");
  expect(summarise(policy).shadowed).toEqual(["/spec/rules/201"]);
});

test("an empty policy has nothing to tell", () => {
  expect(summarise(policyOf([], "first-match"))).toEqual({ rules: [], unions: [], shadowed: [] });
  const { rules } = summarise(policyOf([{ peers: peersOf({}), ports: PortSet.nothing }], "deny-overrides"));
  expect(rules[0]?.peers.reach).toBe("nobody");
  expect(rules[0]?.ports.reach).toBe("none");
});
