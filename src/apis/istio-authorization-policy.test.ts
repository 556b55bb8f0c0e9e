import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "yaml";
import { verdictTables } from "../../test/tables/verdict-rows.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Reach } from "../model/traffic.ts";
import type { RuleFact, UnionFact } from "../model/width.ts";
import { authorizationPolicyReader } from "./istio-authorization-policy.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);

interface Reading {
  rules: string[];
  unions: string[];
  subject: string;
  scope: string;
  isolates: string[];
  defects: string[];
}

/** What the table leaves out of its rows' readings. */
const USUAL: Reading = {
  rules: [],
  unions: [],
  subject: "namespace",
  scope: "namespace",
  isolates: ["ingress"],
  defects: [],
};

const table = verdictTables().find(({ name }) => name === "istio-authorization-policy");
const rows = (table?.rows ?? []).flatMap(({ row, object }) => (object === undefined ? [] : [{ ...row, object }]));

function read(object: JsonObject) {
  const { policy, defects, labels } = authorizationPolicyReader.read(object);
  if (policy === undefined) throw new Error("the reader gave no policy");
  return { policy, labels, defects: [...defects, ...policy.defects] };
}

function inWords(fact: RuleFact | UnionFact): string {
  const isStaged = "staged" in fact && fact.staged;
  const action = "action" in fact ? fact.action : "allow";
  const operations = fact.operations === "some" ? " some operations" : "";
  return `${isStaged ? "staged " : ""}${action} ${fact.peers.reach} ${fact.ports.reach}${operations}`;
}

function readingOf(object: JsonObject): Reading {
  const { policy, defects } = read(object);
  const { rules, unions } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
  return {
    rules: rules.map(inWords),
    unions: unions.map(inWords),
    subject: policy.subject.reach,
    scope: policy.scope,
    isolates: (["ingress", "egress"] as const).filter((direction) => policy.isolates[direction]),
    defects: defects.map(({ kind, pointer }) => `${kind} ${pointer}`),
  };
}

describe("reading an AuthorizationPolicy", () => {
  test.each(rows)("$id: $title", ({ object, ...row }) => {
    expect(readingOf(object)).toEqual({ ...USUAL, ...(row as { reading?: Partial<Reading> }).reading });
  });

  test("every row has its own id", () => {
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });
});

describe("what a defect says", () => {
  const path = new URL("../../test/tables/apis/istio-defects.yaml", import.meta.url);
  const details = parse(readFileSync(path, "utf8")) as { object: JsonObject; defects: string[] }[];
  test.each(details.map((row) => ({ ...row, title: JSON.stringify(row.object) })))("$title", ({ object, defects }) => {
    const said = read(object).defects.map(
      ({ kind, pointer, effect, detail }) => `${kind} ${pointer} (${effect}): ${detail}`,
    );
    expect(said).toEqual(defects);
  });
});

/** What one source means, in words. */
function wordsOf(source: JsonObject, namespace: string | null): string | undefined {
  const object = { metadata: { namespace }, spec: { rules: [{ from: [{ source }] }] } };
  const { rules } = summariseRules(read(object).policy, DEFAULT_WIDTH_CONTEXT);
  return rules[0]?.peers.words;
}

describe("who is meant, in words", () => {
  test.each([
    { source: { principals: ["td/ns/web/sa/api"] }, words: 'identity "td"/"web"/"api"' },
    { source: { principals: ["td/ns/web/sa/a*"] }, words: 'identity "td"/"web"/"a*"' },
    { source: { principals: ["td/ns/web/s*"] }, words: 'identity "td"/"web"/*' },
    { source: { principals: ["td/ns/w*"] }, words: 'identity "td"/"w*"/*' },
    { source: { principals: ["td/n*"] }, words: 'identity "td"/*/*' },
    { source: { principals: ["t*"] }, words: 'identity "t*"/*/*' },
    { source: { principals: ["td/team/a"] }, words: 'identity "td"/"team/a"/*' },
    { source: { principals: ["td/team/*"] }, words: 'identity "td"/"team/*"/*' },
    { source: { principals: ["td/ns/web/sa/api/x*"] }, words: 'identity "td"/"ns/web/sa/api/x*"/*' },
    { source: { principals: ["td/ns/web/xx/y*"] }, words: 'identity "td"/"ns/web/xx/y*"/*' },
    { source: { principals: ["td/n/web*"] }, words: 'identity "td"/"n/web*"/*' },
    { source: { principals: ["td/ns/web/s/y*"] }, words: 'identity "td"/"ns/web/s/y*"/*' },
    { source: { principals: ["*pi"] }, words: 'identity */*/"*pi"' },
    { source: { principals: ["*ault"] }, words: "identity */*/*" },
    { source: { principals: ["*/sa/api"] }, words: 'identity */*/"api"' },
    { source: { principals: ["*eb/sa/api"] }, words: 'identity */"*eb"/"api"' },
    { source: { principals: ["*/web/sa/api"] }, words: 'identity */"web"/"api"' },
    { source: { principals: ["*d/ns/web/sa/api"] }, words: 'identity "*d"/"web"/"api"' },
    { source: { namespaces: ["*-prod"] }, words: 'identity */"*-prod"/*' },
    { source: { namespaces: ["a*b*c"] }, words: 'identity */"a*"/*' },
    { source: { namespaces: ["*a*"] }, words: "identity */*/*" },
    { source: { namespaces: ["shop"] }, words: "every Pod of its namespace" },
    { source: { namespaces: ["shop", "web"] }, words: 'every Pod of its namespace, identity */"web"/*' },
    { source: { serviceAccounts: ["api"] }, words: 'identity */"shop"/"api"' },
    { source: { serviceAccounts: ["api"] }, namespace: null, words: 'identity */"default"/"api"' },
    {
      source: { ipBlocks: ["10.0.0.0/8", "192.0.2.7"], notIpBlocks: ["10.128.0.0/9"] },
      words: "10.0.0.0/9, 192.0.2.7/32",
    },
    { source: { ipBlocks: ["::ffff:192.0.2.0/120"] }, words: "192.0.2.0/24" },
    { source: { remoteIpBlocks: ["192.0.2.7"] }, words: '192.0.2.7/32, unresolved "addresses that a proxy reports"' },
    { source: { ipBlocks: ["10.0.0.0/8"], remoteIpBlocks: ["192.0.2.7"] }, words: "10.0.0.0/8" },
    { source: { ipBlocks: ["10.0.0.0/8"], principals: ["*"] }, words: "10.0.0.0/8" },
    { source: { ipBlocks: ["10.0.0.0/8"], serviceAccounts: ["web/api"] }, words: 'identity */"web"/"api"' },
    { source: { principals: ["*/sa/api"], namespaces: ["web"] }, words: 'identity */"web"/*' },
    { source: { requestPrincipals: ["*/*"] }, words: "nobody" },
  ])("$source in $namespace", ({ source, namespace = "shop", words }) => {
    expect(wordsOf(source, namespace)).toBe(words);
  });
});

describe("rules of one that differ in their operations", () => {
  const web = { source: { namespaces: ["web"] } };
  const token = { source: { requestPrincipals: ["*"] } };
  const port = { operation: { ports: ["8080"] } };
  const path = { operation: { ports: ["80"], paths: ["/a"] } };
  test.each([
    { rule: { from: [web, token] }, expected: ["allow selected all", "allow anyone all some operations"] },
    {
      rule: { from: [web], to: [port, path] },
      expected: ["allow selected some", "allow selected some some operations"],
    },
    {
      rule: { to: [port], when: [{ key: "request.headers[a]", values: ["b"] }] },
      expected: ["allow anyone some some operations"],
    },
    { rule: { to: [port], when: [{ key: "destination.port", values: ["80"] }] }, expected: ["allow anyone none"] },
  ])("$rule", ({ rule, expected }) => {
    const { policy } = read({ spec: { rules: [rule] } });
    expect(summariseRules(policy, DEFAULT_WIDTH_CONTEXT).rules.map(inWords)).toEqual(expected);
    for (const { pointer, peersPointer, portsPointer } of policy.rules) {
      expect(pointer).toBe("/spec/rules/0");
      expect(peersPointer).toBe("from" in rule ? "/spec/rules/0/from" : "/spec/rules/0");
      expect(portsPointer).toBe("to" in rule ? "/spec/rules/0/to" : "/spec/rules/0");
    }
  });
});

test("conditions behind the hundredth don't narrow", () => {
  const filler = { key: "request.headers[a]", notValues: ["b"] };
  const telling = { key: "source.namespace", values: ["web"] };
  const reachWith = (count: number) => {
    const when = [...Array.from({ length: count }, () => filler), telling];
    return readingOf({ spec: { rules: [{ when }] } }).rules;
  };
  expect(reachWith(99)).toEqual(["allow selected all"]);
  expect(reachWith(100)).toEqual(["allow anyone all"]);
});

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

const principals = listOf(
  mostly("*", "td/ns/web/sa/api", "td/*", "*/sa/default", "**", "spiffe://td/x", "td/ns/*/sa/a"),
);
const namespaces = listOf(mostly("*", "web", "shop", "p*d", "*-prod", "__proto__"));
const addresses = listOf(
  mostly("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "192.0.2.7", "::/0", "1.2.3.4/0"),
);
const ports = listOf(mostly("80", "0", "65535", "65536", "*"));
const texts = listOf(mostly("*", "/*", "GET", "/a"));
const source = some({
  principals,
  notPrincipals: principals,
  namespaces,
  notNamespaces: namespaces,
  requestPrincipals: principals,
  ipBlocks: addresses,
  notIpBlocks: addresses,
  remoteIpBlocks: addresses,
  serviceAccounts: listOf(mostly("web/api", "api", "a/b/c")),
  trustDomains: listOf(mostly("*", "td")),
  typo: mostly({}),
});
const condition = some({
  key: mostly(
    "source.ip",
    "source.namespace",
    "source.principal",
    "destination.port",
    "request.headers[a]",
    "constructor",
  ),
  values: listOf(mostly("*", "web", "10.0.0.0/8", "80")),
  notValues: listOf(mostly("web")),
});
const rule = some({
  from: listOf(some({ source })),
  to: listOf(
    some({ operation: some({ ports, notPorts: ports, hosts: texts, methods: texts, paths: texts, notPaths: texts }) }),
  ),
  when: listOf(condition),
});
const policyOf = fc.record({
  rules: fc.array(rule, { maxLength: 4 }),
  rest: some({ selector: mostly({}, { matchLabels: { app: "web" } }) }),
});
type Policy = typeof policyOf extends fc.Arbitrary<infer Value> ? Value : never;

function objectOf({ rules, rest }: Policy, action: string): JsonObject {
  return { metadata: { namespace: "shop" }, spec: { ...rest, action, rules } };
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

/** How wide the rules are, alone and together: over all ports in use, and on every port. */
function widths(policy: Policy): readonly [number, number] {
  const { rules, unions } = summariseRules(read(objectOf(policy, "ALLOW")).policy, DEFAULT_WIDTH_CONTEXT);
  const inUse = [...rules, ...unions].filter((fact) => fact.ports.reach !== "none");
  const onEvery = inUse.filter((fact) => fact.ports.reach === "all");
  const widest = (facts: typeof inUse) => Math.max(0, ...facts.map(({ peers }) => WIDEST_LAST.indexOf(peers.reach)));
  return [widest(inUse), widest(onEvery)];
}

describe("policies of any shape", () => {
  test("are read without an exception, and without a rule that is undefined somewhere", () => {
    fc.assert(
      fc.property(policyOf, mostly("ALLOW", "DENY", "AUDIT", "CUSTOM"), (policy, action) => {
        const { policy: found } = read({
          ...objectOf(policy, "ALLOW"),
          spec: { ...policy.rest, action, rules: policy.rules },
        });
        expect(JSON.stringify(found)).not.toContain("undefined");
        for (const { peers, ports: numbers, pointer, operations } of found.rules) {
          expect(Object.values(peers).includes(undefined)).toBe(false);
          expect(typeof numbers.words()).toBe("string");
          expect(operations).toMatch(/^(?:some|all)$/);
          expect(pointer).toMatch(/^\/spec\/rules\/\d$/);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("are no narrower with one more rule that allows", () => {
    fc.assert(
      fc.property(policyOf, rule, fc.nat(), (policy, added, place) => {
        const rules = policy.rules.toSpliced(place % (policy.rules.length + 1), 0, added);
        const [inUse, onEvery] = widths(policy);
        const [wideInUse, wideOnEvery] = widths({ ...policy, rules });
        expect(inUse).toBeLessThanOrEqual(wideInUse);
        expect(onEvery).toBeLessThanOrEqual(wideOnEvery);
      }),
      { numRuns: RUNS },
    );
  });

  test("are no wider with one more condition", () => {
    fc.assert(
      fc.property(policyOf, (policy) => {
        const when = [{ key: "source.namespace", values: ["web"] }];
        const rules = policy.rules.map((each) => ({ ...each, when }));
        const without = policy.rules.map((each) => ({ ...each, when: [] }));
        const [inUse, onEvery] = widths({ ...policy, rules });
        const [wideInUse, wideOnEvery] = widths({ ...policy, rules: without });
        expect(inUse).toBeLessThanOrEqual(wideInUse);
        expect(onEvery).toBeLessThanOrEqual(wideOnEvery);
      }),
      { numRuns: RUNS },
    );
  });

  test("are read whatever is in there", () => {
    const content = fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() });
    fc.assert(
      fc.property(content, (parts) => {
        expect(authorizationPolicyReader.read(parts as JsonObject).family).toBe("network");
      }),
      { numRuns: RUNS },
    );
  });
});
