import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Reach } from "../model/traffic.ts";
import { istioReaders } from "./istio.ts";
import { MESH_SETTINGS, type MeshSettingName } from "./mesh-setting.ts";
import { readerFor } from "./registry.ts";
import { spireReaders } from "./spire.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);

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

const keys = fc.constantFrom("app", "__proto__", "constructor", "istio.io/use-waypoint");
const labels = fc.dictionary(keys, mostly("web", "none", "*"), { maxKeys: 2 });
const metadata = some({
  name: mostly("web"),
  namespace: mostly("shop", "istio-system"),
  labels,
  annotations: labels,
});
const selector = some({ matchLabels: labels, typo: mostly("x") });
const mode = mostly("STRICT", "PERMISSIVE", "DISABLE", "UNSET", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "ALLOW_ANY");
const NAMES = ["*", "*.com", "*.example.com", "*.local", "web.bank.svc.cluster.local", "web", "Example.Com.", "a.*"];
const name = mostly(...NAMES);
const placedName = fc
  .tuple(fc.constantFrom("*", ".", "~", "shop", ""), fc.constantFrom(...NAMES))
  .map(([namespace, dns]): JsonValue => `${namespace}/${dns}`);
const host = fc.oneof(name, placedName);
const tls = some({
  mode,
  insecureSkipVerify: mostly(true, false),
  caCertificates: mostly("x"),
  httpsRedirect: mostly(true),
});
const trafficPolicy = some({ tls, portLevelSettings: listOf(some({ port: mostly({ number: 1 }), tls })) });
const port = some({
  number: mostly(1, 443, 65_535, 70_000, 1.5),
  protocol: mostly("TCP", "TLS", "http"),
  name: mostly("a"),
});
const listener = some({ hosts: listOf(host), port, typo: mostly("x") });
const workload = some({ address: mostly("192.0.2.7"), serviceAccount: mostly("ledger") });
const template = mostly(
  "spiffe://td/ns/{{ .PodMeta.Namespace }}",
  "{{ .PodSpec.ServiceAccountName }}",
  "{{",
  "{{ . }}",
  '{{ index .PodMeta.Labels "a" }}',
);
const meshConfig = some({
  outboundTrafficPolicy: some({ mode }),
  enableAutoMtls: mostly(true, false),
  rootNamespace: mostly("x"),
  trustDomainAliases: listOf(mostly("a")),
  pathNormalization: some({ normalization: mostly("NONE") }),
  defaultConfig: some({ interceptionMode: mostly("NONE") }),
});

/** All fields of all kinds that are read: what a kind doesn't know must not disturb it either. */
const spec = some({
  selector,
  mtls: some({ mode }),
  portLevelMtls: fc.dictionary(fc.constantFrom("80", "0", "http", "__proto__"), some({ mode }), { maxKeys: 2 }),
  jwtRules: listOf(some({ issuer: mostly("x"), audiences: listOf(mostly("a")) })),
  workloadSelector: some({ labels }),
  egress: listOf(listener),
  outboundTrafficPolicy: some({ mode }),
  hosts: listOf(host),
  addresses: listOf(mostly("0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/8", "::/0", "1.2.3.4")),
  ports: listOf(port),
  location: mostly("MESH_INTERNAL"),
  resolution: mostly("NONE", "STATIC", "DYNAMIC_DNS"),
  endpoints: listOf(workload),
  exportTo: listOf(mostly(".", "*")),
  host: name,
  trafficPolicy,
  subsets: listOf(some({ trafficPolicy })),
  servers: listOf(some({ hosts: listOf(host), tls })),
  configPatches: listOf(
    some({ applyTo: mostly("CLUSTER", "HTTP_FILTER"), patch: some({ operation: mostly("MERGE") }) }),
  ),
  environmentVariables: labels,
  template: workload,
  serviceAccount: mostly("ledger"),
  meshConfig,
  values: some({ meshConfig, global: some({ proxy: some({ excludeIPRanges: mostly("0.0.0.0/0") }) }) }),
  spiffeIDTemplate: template,
  podSelector: selector,
  namespaceSelector: selector,
  dnsNameTemplates: listOf(template),
  fallback: mostly(true),
  admin: mostly(true),
  federatesWith: listOf(mostly("x")),
  spiffeID: mostly("x"),
  parentID: mostly("x"),
  selectors: listOf(mostly("k8s:ns:x", "k8s:sa:x", "unix:uid:0")),
});

const kinds = [...istioReaders, ...spireReaders].flatMap(({ group, kinds: ofReader }) =>
  ofReader.map((kind) => ({ group, kind })),
);

function read(group: string, kind: string, object: JsonObject) {
  const reading = readerFor(group, kind)?.read({ apiVersion: `${group}/v1`, kind, ...object });
  if (reading === undefined) throw new Error("this kind has no reader");
  return reading;
}

function isSound(setting: MeshSettingName, pointer: string, words: string): boolean {
  const isPlaced = pointer.startsWith("/spec") || pointer.startsWith("/metadata/labels");
  return MESH_SETTINGS.includes(setting) && isPlaced && !words.includes("undefined");
}

describe("objects of any shape", () => {
  test.each(kinds)("$group $kind", ({ group, kind }) => {
    fc.assert(
      fc.property(fc.record({ metadata, spec }), (object) => {
        const { policy, mesh = [], defects } = read(group, kind, object);
        const settings = mesh.filter(({ setting, pointer, words }) => !isSound(setting, pointer, words));
        const wrong = defects.filter(({ pointer, detail }) => !pointer.startsWith("/") || detail.includes("undefined"));
        const rules = (policy?.rules ?? []).filter((rule) => Object.values(rule).includes(undefined));
        expect([settings, wrong, rules]).toEqual([[], [], []]);
      }),
      { numRuns: RUNS },
    );
  });
});

const WIDEST_LAST: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];

/** How wide a policy is, alone and together: over all ports in use, and on every port. */
function widths(kind: string, object: JsonObject): readonly [number, number] {
  const { policy } = read("networking.istio.io", kind, object);
  if (policy === undefined) throw new Error("this kind has no rules");
  const { rules, unions } = summariseRules(policy, DEFAULT_WIDTH_CONTEXT);
  const inUse = [...rules, ...unions].filter((fact) => fact.ports.reach !== "none");
  const widest = (facts: typeof inUse) => Math.max(0, ...facts.map(({ peers }) => WIDEST_LAST.indexOf(peers.reach)));
  return [widest(inUse), widest(inUse.filter((fact) => fact.ports.reach === "all"))];
}

/** What is added is a list's next element: it can only allow more. */
function checkMonotone(kind: string, narrow: JsonObject, wide: JsonObject): void {
  const [inUse, onEvery] = widths(kind, narrow);
  const [wideInUse, wideOnEvery] = widths(kind, wide);
  expect(inUse).toBeLessThanOrEqual(wideInUse);
  expect(onEvery).toBeLessThanOrEqual(wideOnEvery);
}

describe("one more", () => {
  test("listener of a Sidecar never narrows", () => {
    const outbound = fc.oneof(fc.constant<JsonObject>({}), some({ mode }));
    fc.assert(
      fc.property(fc.array(listener, { maxLength: 3 }), listener, outbound, (egress, added, policy) => {
        const rest = { outboundTrafficPolicy: policy };
        checkMonotone("Sidecar", { spec: { ...rest, egress } }, { spec: { ...rest, egress: [...egress, added] } });
      }),
      { numRuns: RUNS },
    );
  });

  test("host of a ServiceEntry never narrows", () => {
    const rest = some({
      ports: listOf(port),
      resolution: mostly("NONE", "DNS"),
      addresses: listOf(mostly("10.0.0.0/8")),
    });
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), name, rest, (hosts, added, fields) => {
        checkMonotone(
          "ServiceEntry",
          { spec: { ...fields, hosts } },
          { spec: { ...fields, hosts: [...hosts, added] } },
        );
      }),
      { numRuns: RUNS },
    );
  });

  test("port of a ServiceEntry that has some never narrows", () => {
    const fields = { hosts: ["*.example.com"], resolution: "NONE" };
    fc.assert(
      fc.property(fc.array(port, { minLength: 1, maxLength: 3 }), port, (ports, added) => {
        checkMonotone(
          "ServiceEntry",
          { spec: { ...fields, ports } },
          { spec: { ...fields, ports: [...ports, added] } },
        );
      }),
      { numRuns: RUNS },
    );
  });
});
