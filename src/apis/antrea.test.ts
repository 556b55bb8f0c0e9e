import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isComplete, isNoWider, labelSelector, listOf, mostly, prefix, some } from "../../test/tools/reader-fuzz.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { Direction, PolicyReading } from "../model/traffic.ts";
import { modelPattern } from "./antrea-names.ts";
import { antreaReaders } from "./antrea.ts";
import { readerFor } from "./registry.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);

function read(kind: string, spec: JsonValue): PolicyReading {
  const reading = readerFor("crd.antrea.io", kind)?.read({ apiVersion: "crd.antrea.io/v1beta1", kind, spec });
  if (reading?.policy === undefined) throw new Error("this kind has no reader of policies");
  return reading.policy;
}

describe("a policy's place, subject and isolation", () => {
  test("tier and priority are the rank; without a tier it is the application tier", () => {
    expect(read("NetworkPolicy", { tier: "securityops", priority: 1.5 }).rank).toEqual({
      tier: "securityops",
      order: 1.5,
    });
    expect(read("NetworkPolicy", { priority: 10_000 }).rank).toEqual({ tier: "application", order: 10_000 });
    expect(read("NetworkPolicy", { priority: 10_001 }).rank).toBeUndefined();
    expect(read("NetworkPolicy", {}).rank).toBeUndefined();
  });

  test.each([
    { kind: "NetworkPolicy", appliedTo: [{ podSelector: {} }], reach: "namespace" },
    { kind: "NetworkPolicy", appliedTo: [{}], reach: "namespace" },
    { kind: "NetworkPolicy", appliedTo: [{ podSelector: { matchLabels: { a: "b" } } }], reach: "selected" },
    { kind: "NetworkPolicy", appliedTo: [{ externalEntitySelector: {} }], reach: "selected" },
    { kind: "NetworkPolicy", appliedTo: [{ podSelector: { matchLabels: { "a a": "b" } } }], reach: "nobody" },
    { kind: "NetworkPolicy", appliedTo: [], reach: "nobody" },
    { kind: "ClusterNetworkPolicy", appliedTo: [{ podSelector: {} }], reach: "cluster" },
    { kind: "ClusterNetworkPolicy", appliedTo: [{ namespaceSelector: {} }], reach: "cluster" },
    { kind: "ClusterNetworkPolicy", appliedTo: [{}], reach: "nobody" },
    { kind: "ClusterNetworkPolicy", appliedTo: [{ group: "web" }], reach: "selected" },
    { kind: "ClusterNetworkPolicy", appliedTo: [{ nodeSelector: {} }], reach: "selected" },
    {
      kind: "ClusterNetworkPolicy",
      appliedTo: [{ group: "web" }, { namespaceSelector: { matchLabels: { team: "shop" } } }],
      reach: "selected",
    },
  ])("$kind applied to $appliedTo is for $reach", ({ kind, appliedTo, reach }) => {
    expect(read(kind, { priority: 5, appliedTo }).subject).toMatchObject({ reach, pointer: "/spec/appliedTo" });
  });

  test("the subject of rules stands where the first of them has it", () => {
    const rules = [{ action: "Drop", appliedTo: [{ podSelector: {} }] }];
    expect(read("NetworkPolicy", { priority: 5, egress: rules }).subject).toMatchObject({
      reach: "namespace",
      pointer: "/spec/egress/0/appliedTo",
    });
  });

  test.each([
    { rules: [], isolated: false },
    { rules: [{ action: "Allow" }], isolated: false },
    { rules: [{ action: "Drop" }], isolated: true },
    { rules: [{ action: "Reject" }], isolated: true },
    { rules: [{ action: "Drop", ports: [{ protocol: "TCP" }] }], isolated: false },
    { rules: [{ action: "Drop", ports: [{ sourcePort: 1 }] }], isolated: false },
    { rules: [{ action: "Drop", from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }], isolated: false },
  ])("$rules isolates: $isolated", ({ rules, isolated }) => {
    const { isolates } = read("ClusterNetworkPolicy", {
      priority: 5,
      appliedTo: [{ podSelector: {} }],
      ingress: rules,
    });
    expect(isolates).toEqual({ ingress: isolated, egress: false });
  });
});

describe("names", () => {
  test.each([
    ["example.com", "example.com"],
    ["Example.Com.", "example.com"],
    ["*", "**"],
    ["*.example.com", "**.example.com"],
    ["*example.com", "**.*example.com"],
    ["a*b.com", "a*.**.*b.com"],
    ["a**", "a*.**"],
    ["*.*", "**.**"],
  ])("%s is %s", (text, pattern) => expect(modelPattern(text)).toBe(pattern));
});

describe("a rule", () => {
  const ruleOf = (rule: JsonObject) => {
    const [read_] = read("ClusterNetworkPolicy", {
      priority: 5,
      appliedTo: [{ podSelector: {} }],
      egress: [rule],
    }).rules;
    if (read_ === undefined) throw new Error("no rule was read");
    return read_;
  };

  test("about ICMP is about both families of it", () => {
    const { ports } = ruleOf({ action: "Allow", protocols: [{ icmp: {} }, { igmp: {} }] });
    expect([...ports.others.names].toSorted()).toEqual(["ICMP", "ICMPV6", "IGMP"]);
  });

  test.each([
    { fqdn: "*", unresolved: [] },
    { fqdn: "*.example.com", unresolved: [] },
    { fqdn: "*.com", unresolved: ["whoever has a name like *.com"] },
  ])("to $fqdn has owners that can't be seen: $unresolved", ({ fqdn, unresolved }) => {
    expect(ruleOf({ action: "Allow", to: [{ fqdn }] }).peers.unresolved).toEqual(unresolved);
  });

  test.each([
    { rule: { to: [{ group: "a" }], ports: [{ port: 1 }] }, peers: "/to", ports: "/ports" },
    { rule: { protocols: [{ icmp: {} }] }, peers: "", ports: "/protocols" },
    { rule: { toServices: [{ name: "a", namespace: "b" }] }, peers: "/toServices", ports: "" },
  ])("has its peers and ports where they are written: $rule", ({ rule, peers, ports }) => {
    const { pointer, peersPointer, portsPointer } = ruleOf({ action: "Allow", ...rule });
    expect([peersPointer, portsPointer]).toEqual([`${pointer}${peers}`, `${pointer}${ports}`]);
  });
});

const peer = some({
  podSelector: labelSelector,
  namespaceSelector: labelSelector,
  externalEntitySelector: labelSelector,
  nodeSelector: labelSelector,
  namespaces: some({ match: mostly("Self"), sameLabels: listOf(mostly("team", "kubernetes.io/metadata.name")) }),
  ipBlock: some({ cidr: prefix, except: listOf(mostly("10.0.0.0/9", "0.0.0.0/0")) }),
  group: mostly("web"),
  fqdn: mostly("*", "*com", "example.com", "*.*"),
  serviceAccount: some({ name: mostly("web"), namespace: mostly("shop") }),
  scope: mostly("Cluster", "ClusterSet"),
  typo: mostly({}),
});
const port = some({
  protocol: mostly("TCP", "UDP"),
  port: mostly(443, 1, "http"),
  endPort: mostly(65_535, 32_767),
  sourcePort: mostly(53),
  sourceEndPort: mostly(54),
});
const protocol = some({ icmp: some({ icmpType: mostly(8) }), igmp: mostly({}) });
const layer7 = some({
  http: some({ path: mostly("/*", "/api"), method: mostly("GET") }),
  tls: some({ sni: mostly("*") }),
});
const parts = some({
  from: listOf(peer),
  to: listOf(peer),
  toServices: listOf(some({ name: mostly("db"), namespace: mostly("shop") })),
  ports: listOf(port),
  protocols: listOf(protocol),
  l7Protocols: listOf(layer7),
  name: mostly("a", "b"),
  typo: mostly({}),
});
const subject = fc.constantFrom<JsonObject>(
  {},
  {},
  {},
  { appliedTo: [{ podSelector: {} }] },
  { appliedTo: [{ podSelector: { matchLabels: { app: "web" } } }] },
);

function rule(...actions: readonly JsonValue[]): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(fc.constantFrom(...actions), parts, subject)
    .map(([action, more, appliedTo]) => ({ action, ...more, ...appliedTo }));
}

const anyRule = fc.oneof(rule("Allow"), rule("Drop", "Reject"), rule("Pass", "allow", null));
const policy = fc.record({
  kind: fc.constantFrom("NetworkPolicy", "ClusterNetworkPolicy"),
  spec: fc.record({
    priority: mostly(5, 1.5),
    tier: mostly("baseline", "application"),
    appliedTo: listOf(some({ podSelector: labelSelector, namespaceSelector: labelSelector, group: mostly("web") })),
    ingress: fc.array(anyRule, { maxLength: 3 }),
    egress: fc.array(anyRule, { maxLength: 3 }),
  }),
});
type Policy = typeof policy extends fc.Arbitrary<infer Value> ? Value : never;

/** The same policy with a rule more at some place of the list. */
function withRule(written: Policy, direction: Direction, added: JsonObject, place: number): JsonObject {
  const rules = written.spec[direction];
  return { ...written.spec, [direction]: rules.toSpliced(place % (rules.length + 1), 0, added) };
}

describe("Antrea's policies of any shape", () => {
  test("are read completely", () => {
    fc.assert(
      fc.property(policy, ({ kind, spec }) => isComplete(read(kind, spec), { spec })),
      { numRuns: RUNS },
    );
  });

  test.each(["ingress", "egress"] as const)("are no narrower with one more %s rule that allows", (direction) => {
    fc.assert(
      fc.property(policy, rule("Allow"), fc.nat(), (written, added, place) => {
        const wide = read(written.kind, withRule(written, direction, added, place));
        return isNoWider(read(written.kind, written.spec), wide, direction);
      }),
      { numRuns: RUNS },
    );
  });
});

describe("objects of Antrea's kinds with arbitrary content", () => {
  const group = some({
    podSelector: labelSelector,
    namespaceSelector: labelSelector,
    externalEntitySelector: labelSelector,
    ipBlocks: listOf(some({ cidr: prefix })),
    childGroups: listOf(mostly("a")),
    serviceReference: some({ name: mostly("web") }),
    priority: mostly(5, 254, 256),
  });
  test.each(antreaReaders)("$kinds", ({ kinds: [kind = ""] }) => {
    const content = fc.record({ metadata: fc.jsonValue(), spec: fc.oneof(fc.jsonValue(), group) });
    fc.assert(
      fc.property(content, (written) => {
        const object = { apiVersion: "crd.antrea.io/v1beta1", kind, ...written } as JsonObject;
        const reading = readerFor("crd.antrea.io", kind)?.read(object);
        return reading?.family === "network" && (reading.policy === undefined || isComplete(reading.policy, object));
      }),
      { numRuns: Math.ceil(RUNS / 5) },
    );
  });
});
