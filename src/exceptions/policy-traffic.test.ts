/**
 * @module The laws of approved traffic: what was approved covers itself and everything narrower, however it is written;
 * anything more is outside, and the way through the signed text changes nothing.
 */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { PeersRow } from "../../test/tables/model/read-tables.ts";
import { peersFrom, policyOf, portsFrom } from "../../test/tables/model/read-tables.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { PortSet } from "../model/port-set.ts";
import type { PolicyReading, TrafficRule } from "../model/traffic.ts";
import { coveredRules, policyTraffic, type PolicyTraffic } from "./policy-traffic.ts";
import { LARGEST_SCOPE, readTrafficScope, trafficScopeOf } from "./traffic-scope.ts";

const OBJECT: JsonObject = { spec: { podSelector: { matchLabels: { app: "web" } } } };

type RuleParts = Pick<TrafficRule, "peers" | "ports"> & Partial<TrafficRule>;

function policy(rules: readonly RuleParts[]): PolicyReading {
  return policyOf(rules, "deny-overrides");
}

/** Through the signed text and back, as an approval takes it. */
function approved(reading: PolicyReading, object: JsonObject = OBJECT): PolicyTraffic {
  const pointers = reading.rules.map(({ pointer }) => pointer);
  const scope = trafficScopeOf(reading, object, pointers);
  const traffic = readTrafficScope(JSON.parse(JSON.stringify(scope ?? null)) as JsonObject | null);
  if (traffic === undefined) throw new Error("the traffic can't be written down");
  return traffic;
}

function covers(before: readonly RuleParts[], after: readonly RuleParts[]): boolean {
  const covered = coveredRules(policyTraffic(policy(after), OBJECT), approved(policy(before)));
  return covered.size === after.length;
}

const cidr = fc.constantFrom(
  "0.0.0.0/0",
  "0.0.0.0/1",
  "10.0.0.0/8",
  "10.1.0.0/16",
  "192.0.2.7/32",
  "::/0",
  "2001:db8::/32",
);
const formula = fc.constantFrom("app In web", "app In web,api", "app Exists", "tier NotIn db", "every");
const peers = fc
  .record({
    everyone: fc.constantFrom(false, false, false, true),
    cidrs: fc.array(cidr, { maxLength: 3 }),
    except: fc.array(fc.constantFrom("10.2.0.0/16", "192.0.2.0/24"), { maxLength: 1 }),
    outsideOnly: fc.boolean(),
    pods: fc.array(fc.record({ namespaces: fc.oneof(fc.constant("own"), formula), pods: formula }), { maxLength: 2 }),
    entities: fc.uniqueArray(fc.constantFrom("cluster" as const, "outside" as const, "nodes" as const), {
      maxLength: 1,
    }),
    identities: fc.array(fc.constantFrom("*/shop/*", "*/*/web", "td/shop/web"), { maxLength: 1 }),
    names: fc.array(fc.constantFrom("*.example.com", "api.example.com"), { maxLength: 1 }),
    unresolved: fc.array(fc.constantFrom("CIDRGroup a", "CIDRGroup b"), { maxLength: 1 }),
  })
  .map((row): PeersRow => row);
const ports = fc.uniqueArray(
  fc.constantFrom("TCP 443", "TCP 80-90", "UDP 53", "TCP named http", "ICMP", "TCP", "everything", "minus ICMP"),
  { minLength: 1, maxLength: 3 },
);
const rule = fc
  .record({ peers, ports, direction: fc.constantFrom("ingress" as const, "egress" as const) })
  .map((row): RuleParts => ({ ...row, peers: peersFrom(row.peers), ports: portsFrom(row.ports) }));
const rules = fc.array(rule, { minLength: 1, maxLength: 4 });

const RUNS = { numRuns: 300 };

describe("what was approved covers", () => {
  test("itself", () => {
    fc.assert(
      fc.property(rules, (all) => covers(all, all)),
      RUNS,
    );
  });

  test("itself in another order, and every part of it", () => {
    fc.assert(
      fc.property(rules, fc.nat(), (all, at) => {
        const turned = [...all.slice(at % all.length), ...all.slice(0, at % all.length)].toReversed();
        return covers(all, turned) && turned.every((one) => covers(all, [one]));
      }),
      RUNS,
    );
  });

  test("itself split by ports and by addresses", () => {
    fc.assert(
      fc.property(rules, ports, cidr, (all, part, prefix) => {
        const half = portsFrom(part);
        const addresses = peersFrom({ cidrs: [prefix] }).addresses;
        const split = all.flatMap((one) => [
          {
            ...one,
            ports: one.ports.intersect(half),
            peers: { ...one.peers, addresses: one.peers.addresses.intersect(addresses) },
          },
          { ...one, ports: one.ports.subtract(half) },
          { ...one, peers: { ...one.peers, addresses: one.peers.addresses.subtract(addresses) } },
        ]);
        return covers(all, split);
      }),
      RUNS,
    );
  });

  test("less: whoever covers more covers what the narrower covers", () => {
    fc.assert(
      fc.property(rules, rules, rules, (a, b, c) => !(covers(a, b) && covers(b, c)) || covers(a, c)),
      RUNS,
    );
  });

  test("more approvals cover no less", () => {
    fc.assert(
      fc.property(rules, rules, rules, (a, more, b) => !covers(a, b) || covers([...a, ...more], b)),
      RUNS,
    );
  });
});

describe("what was approved doesn't cover", () => {
  const client = { pods: [{ namespaces: "own", pods: "app In client" }] };
  const base: PeersRow = { cidrs: ["10.0.0.0/8"], ...client };
  const narrow = { peers: peersFrom(base), ports: portsFrom(["TCP 443"]) };

  test.each<readonly [string, PeersRow, readonly string[], Partial<TrafficRule>?]>([
    ["one address more", { ...base, cidrs: ["10.0.0.0/8", "11.0.0.0/32"] }, ["TCP 443"]],
    ["another address family", { ...base, cidrs: ["10.0.0.0/8", "::1/128"] }, ["TCP 443"]],
    ["addresses that may be Pods", { cidrs: ["10.0.0.0/8"] }, ["TCP 443"]],
    ["other Pods", { pods: [{ namespaces: "own", pods: "app In client,web" }] }, ["TCP 443"]],
    ["the same Pods of every namespace", { pods: [{ namespaces: "every", pods: "app In client" }] }, ["TCP 443"]],
    ["an entity", { ...base, entities: ["nodes"] }, ["TCP 443"]],
    ["an identity", { ...base, identities: ["*/shop/web"] }, ["TCP 443"]],
    ["a name", { ...base, names: ["example.com"] }, ["TCP 443"]],
    ["what can't be seen", { ...base, unresolved: ["CIDRGroup a"] }, ["TCP 443"]],
    ["everyone", { everyone: true }, ["TCP 443"]],
    ["one port more", base, ["TCP 443-444"]],
    ["the same port of another protocol", base, ["TCP 443", "UDP 443"]],
    ["a named port", base, ["TCP 443", "TCP named https"]],
    ["another protocol", base, ["TCP 443", "ICMP"]],
    ["the other direction", base, ["TCP 443"], { direction: "egress" }],
    ["operations that were not looked at", base, ["TCP 443"], { operations: "some" }],
  ])("%s", (name, row, texts, part = {}) => {
    const outside = name === "addresses that may be Pods";
    const before = outside ? { ...narrow, peers: peersFrom({ ...base, outsideOnly: true }) } : narrow;
    const after = { peers: peersFrom(row), ports: portsFrom(texts), ...part };
    const isOperations = part.operations === "some";

    expect(covers([before], [before])).toBe(true);
    // Some operations of a rule whose every operation was approved are less; all of one of which some were are more.
    expect(isOperations ? covers([after], [before]) : covers([before], [after])).toBe(false);
  });

  test("one more peer or port, for any approval", () => {
    fc.assert(
      fc.property(rules, fc.nat(), (all, at) => {
        const index = at % all.length;
        const more = all.map((one, place) =>
          place === index ? { ...one, peers: { ...one.peers, names: [...one.peers.names, "new.example.org"] } } : one,
        );
        const isEverybody = all.some((one) => one.peers.everyone && one.direction === all[index]?.direction);
        return isEverybody || all[index]?.ports.isEmpty() === true || !covers(all, more);
      }),
      RUNS,
    );
  });

  test("a port between two approved addresses and ports", () => {
    const web = { peers: peersFrom({ cidrs: ["10.0.0.0/8"] }), ports: portsFrom(["TCP 80"]) };
    const dns = { peers: peersFrom({ cidrs: ["192.0.2.0/24"] }), ports: portsFrom(["UDP 53"]) };
    const both = {
      peers: peersFrom({ cidrs: ["10.0.0.0/8", "192.0.2.0/24"] }),
      ports: portsFrom(["TCP 80", "UDP 53"]),
    };

    expect(covers([web, dns], [both])).toBe(false);
    expect(covers([both], [web, dns])).toBe(true);
  });
});

describe("whom the policy is for", () => {
  const wide = { peers: peersFrom({ everyone: true }), ports: PortSet.everything };
  const selecting = (podSelector: JsonObject, reach: "selected" | "namespace") => {
    const reading = { ...policy([wide]), subject: { reach, pointer: "/spec/podSelector" } } as const;
    return { reading, object: { spec: { podSelector } } };
  };
  const isCovered = (before: ReturnType<typeof selecting>, after: ReturnType<typeof selecting>) =>
    coveredRules(policyTraffic(after.reading, after.object), approved(before.reading, before.object)).size === 1;
  const web = selecting({ matchLabels: { app: "web", tier: "front" } }, "selected");

  test.each([
    [
      "the same selector written in another order",
      web,
      selecting({ matchLabels: { tier: "front", app: "web" } }, "selected"),
      true,
    ],
    [
      "an empty list beside it",
      web,
      selecting({ matchExpressions: [], matchLabels: { app: "web", tier: "front" } }, "selected"),
      true,
    ],
    ["another selector", web, selecting({ matchLabels: { app: "api" } }, "selected"), false],
    ["every Pod instead of some", web, selecting({}, "namespace"), false],
    ["some Pods instead of every one", selecting({}, "namespace"), web, true],
  ])("%s", (_name, before, after, expected) => {
    expect(isCovered(before, after)).toBe(expected);
  });

  test("a key that is __proto__ is a key", () => {
    const evil = JSON.parse('{"matchLabels":{"__proto__":"x"}}') as JsonObject;

    expect(isCovered(selecting({ matchLabels: {} }, "selected"), selecting(evil, "selected"))).toBe(false);
  });
});

describe("bounds", () => {
  test("what is too much to be signed is refused", () => {
    const many = Array.from({ length: 300 }, (_, index) => `10.${index % 250}.${index % 256}.1/32`);
    const reading = policy([{ peers: peersFrom({ cidrs: many }), ports: portsFrom(["TCP 443"]) }]);

    expect(trafficScopeOf(reading, OBJECT, ["/spec/rules/0"])).toBeUndefined();
  });

  test("a large approval and a huge policy take no longer than a fraction of a second", () => {
    const few = Array.from({ length: 8 }, (_, index) => ({
      peers: peersFrom({
        cidrs: [`10.${index}.0.0/16`],
        pods: [{ namespaces: "every", pods: [`k${index} NotIn a,b`, "app In web"] }],
      }),
      ports: portsFrom([`TCP ${1000 + index * 2}`]),
    }));
    const huge = Array.from({ length: 3000 }, (_, index) => ({
      peers: peersFrom({
        cidrs: [`10.${index % 8}.${index % 250}.0/24`],
        pods: [{ namespaces: "every", pods: ["app In web", `k${index % 8} NotIn a,b,c`] }],
      }),
      ports: portsFrom([`TCP ${1000 + (index % 8) * 2}`]),
    }));
    const allowed = approved(policy(few));
    const current = policyTraffic(policy(huge), OBJECT);
    const start = performance.now();
    const covered = coveredRules(current, allowed);

    expect(performance.now() - start).toBeLessThan(1_000);
    expect(covered.size).toBeLessThan(huge.length);
  });

  test.each<[string, unknown]>([
    ["nothing", null],
    ["another version", { version: 2, frame: "", reach: null, flows: [] }],
    ["no flows", { version: 1, frame: "", reach: null }],
    ["a flow that is none", { version: 1, frame: "", reach: null, flows: [null] }],
    ["a reach that is none", { version: 1, frame: "", reach: "everywhere", flows: [] }],
    ["a range that is none", flowWith({ addresses: ["10.0.0.0/8"] })],
    ["a range backwards", flowWith({ addresses: ["10.0.0.2-10.0.0.1"] })],
    ["ports of no transport", flowWith({ ports: [["TCPX", 1, 2]] })],
    ["a formula that is none", flowWith({ pods: [["own", ["Like", "a", "b"]]] })],
  ])("a scope that is none covers nothing: %s", (_name, value) => {
    expect(readTrafficScope(value as JsonObject | null)).toBeUndefined();
  });

  test("the largest scope fits into an approval", () => {
    expect(LARGEST_SCOPE * 1.34).toBeLessThan(8192 * 0.75);
  });
});

function flowWith(part: JsonObject): JsonObject {
  const flow = {
    direction: "ingress",
    selection: "",
    operations: "all",
    everyone: false,
    addresses: [],
    addressesReachPods: false,
    pods: [],
    named: [],
    ports: "all",
    ...part,
  };
  return { version: 1, frame: "", reach: null, flows: [flow] };
}
