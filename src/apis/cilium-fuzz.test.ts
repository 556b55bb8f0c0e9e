import { describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Direction, Reach } from "../model/traffic.ts";
import { ciliumReaders } from "./cilium.ts";
import { readerFor } from "./registry.ts";

/** Cases per property; fuzzing by hand sets more. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);

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
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(null, "x", {}) },
  );
}

/** An object with some of the fields. */
function some(fields: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonObject> {
  return fc.record(fields, { requiredKeys: [] });
}

const key = mostly(
  "app",
  "k8s:app",
  "io.kubernetes.pod.namespace",
  "k8s:io.kubernetes.pod.namespace",
  "k8s:io.cilium.k8s.namespace.labels.team",
  "io.cilium.k8s.policy.cluster",
  "io.cilium.k8s.policy.serviceaccount",
  "reserved:none",
  "reserved:world",
  "$host",
  "cidr:10.0.0.0/8",
  "container:a",
  "constructor",
);
const selector = some({
  matchLabels: fc.dictionary(
    fc.constantFrom("app", "reserved:world", "reserved:all", "__proto__", "k8s:io.kubernetes.pod.namespace"),
    mostly("web", ""),
    { maxKeys: 1 },
  ),
  matchExpressions: listOf(
    some({
      key,
      operator: mostly("In", "NotIn", "Exists", "DoesNotExist"),
      values: listOf(mostly("web", "shop")),
    }),
  ),
});
const anySelector = fc.oneof(fc.constant<JsonObject>({}), selector);
const cidr = mostly("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "::/0", "::ffff:0:0/96", "10.0.0.1");
const name = some({
  matchName: mostly("example.com"),
  matchPattern: mostly("*", "**.com", "*.*", "*.*.*", "*.*.*.*", "**.*"),
});
const port = some({
  port: mostly("0", "443", "1", "010", "0_0", "http", "70000"),
  endPort: mostly(0, 443, 65_535),
  protocol: mostly("TCP", "UDP", "ANY", "tcp", "ICMP"),
});
const layer7 = some({
  http: listOf(some({ path: mostly("/.*", "/api", ".*"), method: mostly("GET", ".*"), host: mostly("a.b") })),
  kafka: listOf(some({ topic: mostly("a") })),
  dns: listOf(name),
  l7proto: mostly("x"),
  l7: listOf(some({ a: mostly("b") })),
});
const toPorts = listOf(
  some({
    ports: listOf(port),
    rules: layer7,
    serverNames: listOf(mostly("*.example.com", "**.com")),
    listener: some({ name: mostly("a"), envoyConfig: some({ name: mostly("b") }) }),
  }),
);
const icmps = listOf(
  some({ fields: listOf(some({ type: mostly(8, "EchoRequest"), family: mostly("IPv4", "IPv6") })) }),
);
const cidrSet = listOf(some({ cidr, except: listOf(cidr), cidrGroupRef: mostly("a"), cidrGroupSelector: anySelector }));
const entities = listOf(mostly("all", "world", "cluster", "host", "none", "ALL"));
const services = listOf(
  some({
    k8sService: some({ serviceName: mostly("db"), namespace: mostly("shop") }),
    k8sServiceSelector: some({ selector: anySelector, namespace: mostly("shop") }),
  }),
);
const groups = listOf(some({ aws: some({ region: mostly("a") }) }));

/** Rules with one member for peers mostly; more than one is refused, and read all the same. */
function rule(prefix: "from" | "to"): fc.Arbitrary<JsonObject> {
  const members: Record<string, fc.Arbitrary<JsonValue>> = {
    [`${prefix}Endpoints`]: listOf(anySelector),
    [`${prefix}Entities`]: entities,
    [`${prefix}CIDR`]: listOf(cidr),
    [`${prefix}CIDRSet`]: cidrSet,
    [`${prefix}Nodes`]: listOf(anySelector),
    [`${prefix}Groups`]: groups,
    [`${prefix}Requires`]: listOf(anySelector),
    ...(prefix === "to" ? { toFQDNs: listOf(name), toServices: services } : {}),
  };
  const one = fc.oneof(
    fc.constant<JsonObject>({}),
    ...Object.entries(members).map(([member, value]) => fc.record({ [member]: value })),
  );
  const rest = some({ toPorts, icmps, authentication: some({ mode: mostly("disabled", "required") }), typo: key });
  return fc
    .tuple(one, rest, fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: one }))
    .map(([member, others, second]): JsonObject => ({ ...member, ...others, ...second }));
}

const [ingressRule, egressRule] = [rule("from"), rule("to")];
const spec = some({
  endpointSelector: anySelector,
  nodeSelector: fc.constant<JsonObject>({}),
  ingress: listOf(ingressRule),
  ingressDeny: listOf(ingressRule),
  egress: listOf(egressRule),
  egressDeny: listOf(egressRule),
  enableDefaultDeny: some({ ingress: mostly(true, false), egress: mostly(true, false) }),
});
const policy = fc.record({
  apiVersion: fc.constant("cilium.io/v2"),
  kind: fc.constantFrom("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
  specs: fc.array(spec, { minLength: 1, maxLength: 2 }),
});
type Policy = typeof policy extends fc.Arbitrary<infer Value> ? Value : never;

function read(object: JsonObject) {
  const reading = readerFor("cilium.io", object["kind"] as string)?.read(object);
  if (reading === undefined) throw new Error("this kind has no reader");
  return reading;
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
function widths(object: JsonObject, direction: Direction): readonly [number, number] {
  const { policy: found } = read(object);
  if (found === undefined) throw new Error("a policy without rules");
  const { rules, unions } = summariseRules(found, DEFAULT_WIDTH_CONTEXT);
  const facts = [...rules.filter(({ action }) => action === "allow"), ...unions];
  const inUse = facts.filter((fact) => fact.direction === direction && fact.ports.reach !== "none");
  const onEvery = inUse.filter(({ ports, operations }) => ports.reach === "all" && operations === "all");
  const widest = (some: typeof facts) => Math.max(0, ...some.map(({ peers }) => WIDEST_LAST.indexOf(peers.reach)));
  return [widest(inUse), widest(onEvery)];
}

function isNoWiderThan(narrow: JsonObject, wide: JsonObject): void {
  for (const direction of ["ingress", "egress"] as const) {
    const [inUse, onEvery] = widths(narrow, direction);
    const [wideInUse, wideOnEvery] = widths(wide, direction);
    expect(inUse).toBeLessThanOrEqual(wideInUse);
    expect(onEvery).toBeLessThanOrEqual(wideOnEvery);
  }
}

/** The same policy with a rule more in a section of its first spec. */
function withRule(object: Policy, section: string, added: JsonObject): JsonObject {
  const [first = {}, ...others] = object.specs;
  const written = first[section];
  const rules = Array.isArray(written) ? (written as readonly JsonValue[]) : [];
  return { ...object, specs: [{ ...first, [section]: [...rules, added] }, ...others] };
}

/** The same policy where the section is a list, which `withRule` makes of it. */
function withSection(object: Policy, section: string): JsonObject {
  const [first = {}, ...others] = object.specs;
  return {
    ...object,
    specs: [{ ...first, [section]: Array.isArray(first[section]) ? first[section] : [] }, ...others],
  };
}

jest.setTimeout(Math.max(60_000, RUNS * 60));

describe("Cilium policies of any shape", () => {
  test("are read without an exception, and without a rule that is undefined somewhere", () => {
    fc.assert(
      fc.property(policy, (object) => {
        const { policy: found } = read(object);
        expect(JSON.stringify(found?.rules)).not.toContain("null");
        for (const { peers, ports, pointer } of found?.rules ?? []) {
          expect(Object.values(peers).includes(undefined)).toBe(false);
          expect(typeof ports.words()).toBe("string");
          expect(pointer).toMatch(/^\/specs\/\d+\/(?:ingress|egress)(?:Deny)?\/\d+$/);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test.each(["ingress", "egress"] as const)("are no narrower with one more %s rule", (section) => {
    const added = section === "ingress" ? ingressRule : egressRule;
    fc.assert(
      fc.property(policy, added, (object, one) =>
        isNoWiderThan(withSection(object, section), withRule(object, section, one)),
      ),
      { numRuns: RUNS },
    );
  });

  test.each(["ingressDeny", "egressDeny"] as const)("are no wider with one more %s rule", (section) => {
    const added = section === "ingressDeny" ? ingressRule : egressRule;
    fc.assert(
      fc.property(policy, added, (object, one) =>
        isNoWiderThan(withRule(object, section, one), withSection(object, section)),
      ),
      { numRuns: RUNS },
    );
  });

  test("a denial of the same traffic leaves at most what the rule doesn't say for certain", () => {
    const certain = fc.constantFrom<JsonObject>(
      { fromEntities: ["all"] },
      { fromEndpoints: [{ matchExpressions: [{ key: "reserved:none", operator: "DoesNotExist" }] }] },
      { fromCIDR: ["0.0.0.0/0", "::/0"] },
      { fromEndpoints: [{ matchLabels: { app: "web" } }], toPorts: [{ ports: [{ port: "443", protocol: "TCP" }] }] },
      { icmps: [{ fields: [{ type: 8 }] }] },
    );
    fc.assert(
      fc.property(certain, (one) => {
        const object = {
          kind: "CiliumNetworkPolicy",
          specs: [{ endpointSelector: {}, ingress: [one], ingressDeny: [one] }],
        };
        expect(widths(object, "ingress")).toEqual([0, 0]);
      }),
    );
  });
});

describe("objects of cilium.io with arbitrary content", () => {
  test.each(ciliumReaders.flatMap(({ kinds }) => kinds))("%s", (kind) => {
    const content = fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue(), specs: fc.jsonValue() });
    fc.assert(
      fc.property(content, (object) => {
        expect(read({ apiVersion: "cilium.io/v2", kind, ...object }).family).toBe("network");
      }),
      { numRuns: RUNS },
    );
  });
});
