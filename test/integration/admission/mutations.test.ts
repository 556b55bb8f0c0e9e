/**
 * @module What the mutating webhook promises, on generated objects: its patch applies, a second round changes nothing, the
 * order of the settings doesn't matter, nothing that was written changes, and nothing more is allowed than before.
 * FUZZ_RUNS sets the number of objects.
 */
import { beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type MutationRequest, mutationsOf } from "../../../src/admission/mutations.ts";
import { readerFor } from "../../../src/apis/registry.ts";
import type { MutateSettings } from "../../../src/engine/default-deny-settings.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { splitApiVersion } from "../../../src/engine/judge-request.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../../../src/model/peer-set.ts";
import { summariseRules } from "../../../src/model/summarise.ts";
import { shippedEngine } from "../bundle/sample-judge.ts";
import { applyPatch } from "./json-patch.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 1000);
const PATIENCE_MS = 600_000;

let engine: Engine;
beforeAll(async () => {
  engine = await shippedEngine();
});

const KEYS = ["owner", "security-domain", "example.com/team", "constructor", "__proto__", "a~b"];
const junk = fc.constantFrom<JsonValue>(null, "text", 7, [], {}, [null], [{}]);
const labelMap = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom("shop", "bank", "")), { maxLength: 4 })
  .map((pairs): JsonValue => Object.fromEntries(pairs));

/** An object of which each member may be absent, and now and then is something else. */
function shape(members: Readonly<Record<string, fc.Arbitrary<JsonValue>>>): fc.Arbitrary<JsonObject> {
  const optional = Object.entries(members).map(([key, member]) =>
    fc
      .oneof(
        { weight: 8, arbitrary: member },
        { weight: 2, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: junk },
      )
      .map((value): [string, JsonValue | undefined] => [key, value]),
  );
  return fc.tuple(...optional).map((pairs) => Object.fromEntries(pairs.filter(([, value]) => value !== undefined)));
}

const metadata = shape({
  labels: labelMap,
  annotations: fc.constantFrom<JsonValue>({}, { "kubernetes.io/config.mirror": "x" }),
  ownerReferences: fc.constantFrom<JsonValue>([], [{ kind: "ReplicaSet", controller: true }], [{ kind: "Thing" }]),
  deletionTimestamp: fc.constant<JsonValue>("2026-11-30T12:00:00Z"),
});
/** Mostly without what makes Ringfence leave an object alone. */
const plainMetadata = fc.oneof(
  { weight: 4, arbitrary: shape({ labels: labelMap }) },
  { weight: 1, arbitrary: metadata },
);

const rules = (peers: string) =>
  fc.constantFrom<JsonValue>(
    [],
    [{}],
    [{ [peers]: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ port: 443 }] }],
    [{ [peers]: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }, { ports: [{ port: 53, protocol: "UDP" }] }],
  );
const policySpec = shape({
  podSelector: fc.constantFrom<JsonValue>({}, { matchLabels: { app: "web" } }),
  policyTypes: fc.constantFrom<JsonValue>(
    ["Ingress"],
    ["Egress"],
    ["Ingress", "Egress"],
    [],
    ["ingress"],
    [7],
    ["Ingress", "Ingress"],
  ),
  ingress: rules("from"),
  egress: rules("to"),
});
const podTemplate = shape({
  metadata: plainMetadata,
  spec: fc.constant<JsonValue>({ containers: [{ name: "main", image: "main" }] }),
});

const object = fc.oneof(
  { weight: 3, arbitrary: whole("networking.k8s.io/v1", "NetworkPolicy", policySpec) },
  {
    weight: 1,
    arbitrary: whole("cilium.io/v2", "CiliumNetworkPolicy", shape({ endpointSelector: fc.constant<JsonValue>({}) })),
  },
  {
    weight: 1,
    arbitrary: whole("v1", "Pod", shape({ containers: fc.constant<JsonValue>([{ name: "main", image: "main" }]) })),
  },
  { weight: 1, arbitrary: whole("v1", "Service", shape({ type: fc.constant<JsonValue>("ClusterIP") })) },
  { weight: 2, arbitrary: whole("apps/v1", "Deployment", shape({ template: podTemplate })) },
  {
    weight: 2,
    arbitrary: whole(
      "batch/v1",
      "CronJob",
      shape({ jobTemplate: shape({ metadata: plainMetadata, spec: shape({ template: podTemplate }) }) }),
    ),
  },
  { weight: 1, arbitrary: whole("v1", "Binding", shape({})) },
  { weight: 1, arbitrary: whole("v1", "ConfigMap", shape({})) },
);

function whole(apiVersion: string, kind: string, spec: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> {
  return shape({ metadata: plainMetadata, spec }).map((members) => ({ apiVersion, kind, ...members }));
}

const settings: fc.Arbitrary<MutateSettings> = fc.record({
  policyTypes: fc.boolean(),
  labelsFromNamespace: fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 4 }),
});

const namespaceLabels = fc.oneof(
  fc.constant(null),
  fc
    .uniqueArray(fc.constantFrom(...KEYS), { maxLength: 5 })
    .map((keys) => Object.fromEntries(keys.map((key) => [key, "shop"]))),
);

const request: fc.Arbitrary<MutationRequest> = fc
  .tuple(object, fc.oneof(fc.constant("none"), fc.constant("same"), fc.constant("other")), object, namespaceLabels)
  .map(([written, stored, other, labels]) => ({
    group: splitApiVersion(written["apiVersion"] as string).group,
    kind: written["kind"] as string,
    namespace: "shop",
    name: "web",
    object: written,
    oldObject: { none: null, same: written, other }[stored] ?? null,
    namespaceLabels: labels,
  }));

function mutated(asked: MutationRequest, by: MutateSettings): MutationRequest {
  return { ...asked, object: applyPatch(asked.object, mutationsOf(asked, by)) as JsonObject };
}

function holds(property: (asked: MutationRequest, by: MutateSettings) => void, numRuns = RUNS): void {
  fc.assert(fc.property(request, settings, property), { numRuns });
}

test(
  "the patch applies, and a second round has nothing to do",
  () => {
    holds((asked, by) => {
      expect(mutationsOf(mutated(asked, by), by)).toEqual([]);
    });
  },
  PATIENCE_MS,
);

test(
  "the order of completions doesn't matter",
  () => {
    holds((asked, by) => {
      const types: MutateSettings = { ...by, labelsFromNamespace: [] };
      const labels: MutateSettings = { policyTypes: false, labelsFromNamespace: by.labelsFromNamespace.toReversed() };
      const { object: result } = mutated(asked, by);
      expect(mutated(mutated(asked, types), labels).object).toEqual(result);
      expect(mutated(mutated(asked, labels), types).object).toEqual(result);
    });
  },
  PATIENCE_MS,
);

test(
  "nothing that was written is changed",
  () => {
    holds((asked, by) => {
      expectContained(asked.object, mutated(asked, by).object);
    });
  },
  PATIENCE_MS,
);

test(
  "the same is allowed as before, and at least as much is isolated",
  () => {
    holds((asked, by) => {
      const before = readerFor(asked.group, asked.kind)?.read(asked.object).policy;
      const after = readerFor(asked.group, asked.kind)?.read(mutated(asked, by).object).policy;
      if (before === undefined || after === undefined) return;
      // A rule that comes to life would add to what other policies of the namespace allow.
      const alive = (policy: typeof before) =>
        summariseRules(policy, DEFAULT_WIDTH_CONTEXT).rules.filter(({ staged }) => !staged);
      expect(alive(after)).toEqual(alive(before));
      expect(after.subject).toEqual(before.subject);
      for (const direction of ["ingress", "egress"] as const) {
        expect(after.isolates[direction] || !before.isolates[direction]).toBe(true);
      }
    });
  },
  PATIENCE_MS,
);

test(
  "the guardrails deny nothing that they didn't deny before",
  () => {
    holds((asked, by) => {
      const before = denials(asked);
      for (const denial of denials(mutated(asked, by))) expect(before).toContain(denial);
    });
  },
  PATIENCE_MS,
);

test(
  "the generated objects are worth it: each kind of completion occurs",
  () => {
    const paths = new Set<string>();
    holds((asked, by) => {
      for (const { path } of mutationsOf(asked, by)) paths.add(path.replace(/labels\/.*/, "labels/KEY"));
    }, 20_000);
    expect([...paths].toSorted()).toEqual([
      "/metadata",
      "/metadata/labels",
      "/metadata/labels/KEY",
      "/spec/jobTemplate/metadata",
      "/spec/jobTemplate/metadata/labels",
      "/spec/jobTemplate/metadata/labels/KEY",
      "/spec/jobTemplate/spec/template/metadata",
      "/spec/jobTemplate/spec/template/metadata/labels",
      "/spec/jobTemplate/spec/template/metadata/labels/KEY",
      "/spec/policyTypes",
      "/spec/template/metadata",
      "/spec/template/metadata/labels",
      "/spec/template/metadata/labels/KEY",
    ]);
  },
  PATIENCE_MS,
);

function denials({
  group,
  kind,
  namespace,
  name,
  object: judged,
  oldObject,
  namespaceLabels: labels,
}: MutationRequest) {
  const { findings } = engine.judge({
    uid: "1",
    place: "admission",
    operation: oldObject === null ? "CREATE" : "UPDATE",
    group,
    version: "v1",
    kind,
    namespace,
    name,
    subresource: "",
    user: { name: "alice", groups: [] },
    object: judged,
    oldObject,
    namespaceLabels: labels,
  });
  return findings
    .filter(({ level }) => level === "deny")
    .map(({ guardrail, pointer, message }) => `${guardrail} ${pointer} ${message}`);
}

/** Objects may grow anywhere, and lists of texts; null is nothing. */
function expectContained(before: JsonValue, after: JsonValue): void {
  if (before === null) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    for (const item of before) expect(after).toContainEqual(item);
  } else if (isJsonObject(before) && isJsonObject(after)) {
    for (const [key, item] of Object.entries(before)) expectContained(item ?? null, after[key] ?? null);
  } else expect(after).toBe(before);
}
