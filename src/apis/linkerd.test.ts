import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isComplete, isNoWider, labelSelector, listOf, mostly, prefix, some } from "../../test/tools/reader-fuzz.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { PolicyReading } from "../model/traffic.ts";
import { linkerdReaders } from "./linkerd.ts";
import { readerFor } from "./registry.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);
const GROUP = "policy.linkerd.io";

function read(kind: string, spec: JsonValue, version = "v1beta3"): PolicyReading {
  const object = { apiVersion: `${GROUP}/${version}`, kind, metadata: { name: "web", namespace: "shop" }, spec };
  const reading = readerFor(GROUP, kind)?.read(object);
  if (reading?.policy === undefined) throw new Error("this kind has no reader of policies");
  return reading.policy;
}

describe("scope, subject and isolation", () => {
  test.each([
    { kind: "Server", spec: { podSelector: {}, port: 80 }, reach: "namespace" },
    { kind: "Server", spec: { podSelector: { matchLabels: { app: "web" } }, port: 80 }, reach: "selected" },
    { kind: "Server", spec: { externalWorkloadSelector: {}, port: 80 }, reach: "selected" },
    { kind: "Server", spec: { podSelector: { matchLabels: { "a a": "b" } }, port: 80 }, reach: "nobody" },
    { kind: "Server", spec: {}, reach: "nobody" },
    { kind: "ServerAuthorization", spec: { server: { name: "web" } }, reach: "selected" },
    { kind: "ServerAuthorization", spec: { server: { selector: {} } }, reach: "namespace" },
    { kind: "AuthorizationPolicy", spec: { targetRef: { kind: "Namespace", name: "shop" } }, reach: "namespace" },
    { kind: "AuthorizationPolicy", spec: { targetRef: { group: GROUP, kind: "Server" } }, reach: "selected" },
    { kind: "EgressNetwork", spec: { trafficPolicy: "Deny" }, reach: "namespace" },
  ])("$kind $spec is for $reach", ({ kind, spec, reach }) => expect(read(kind, spec).subject.reach).toBe(reach));

  test("an EgressNetwork isolates where it denies everything outside", () => {
    expect(read("EgressNetwork", { trafficPolicy: "Deny" }).isolates).toEqual({ ingress: false, egress: true });
    expect(read("EgressNetwork", { trafficPolicy: "Allow" }).isolates.egress).toBe(false);
    const some = { trafficPolicy: "Deny", networks: [{ cidr: "192.0.2.0/24" }] };
    expect(read("EgressNetwork", some).isolates.egress).toBe(false);
  });

  test("an EgressNetwork is about the outside alone, and lets through what it doesn't name", () => {
    const networks = [{ cidr: "0.0.0.0/0" }];
    const { rules } = read("EgressNetwork", { trafficPolicy: "Deny", networks });
    expect(rules.map(({ action, pointer, peers }) => [action, pointer, peers.addressesReachPods])).toEqual([
      ["deny", "/spec/trafficPolicy", false],
      ["allow", "/spec/networks", false],
    ]);
    expect(rules[1]?.peers.addresses.size(4)).toBe(0n);
  });

  test("an EgressNetwork of Linkerd's own namespace is for the mesh", () => {
    const reading = readerFor(GROUP, "EgressNetwork")?.read({
      apiVersion: `${GROUP}/v1alpha1`,
      kind: "EgressNetwork",
      metadata: { namespace: "linkerd-egress" },
      spec: { trafficPolicy: "Deny" },
    });
    expect(reading?.policy?.scope).toBe("mesh");
    expect(reading?.policy?.subject.reach).toBe("cluster");
  });
});

describe("identities", () => {
  const any = { match: "any" };
  const exactly = (value: string) => ({ match: "exact", value });
  test.each([
    ["*", { trustDomain: any, namespace: any, serviceAccount: any }],
    ["*.local", { trustDomain: { match: "suffix", value: "local" }, namespace: any, serviceAccount: any }],
    [
      "*.b.serviceaccount.identity.linkerd.local",
      {
        trustDomain: { match: "suffix", value: "identity.linkerd.local" },
        namespace: exactly("b"),
        serviceAccount: any,
      },
    ],
    [
      "*.a.b.serviceaccount.identity.linkerd.local",
      {
        trustDomain: { match: "suffix", value: "identity.linkerd.local" },
        namespace: exactly("b"),
        serviceAccount: { match: "suffix", value: ".a" },
      },
    ],
    [
      "a.b.serviceaccount.identity.linkerd.local",
      {
        trustDomain: exactly("identity.linkerd.local"),
        namespace: exactly("b"),
        serviceAccount: exactly("a"),
      },
    ],
    ["client.example.com", { trustDomain: any, namespace: exactly("client.example.com"), serviceAccount: any }],
    ["spiffe://td/a/b", { trustDomain: exactly("td"), namespace: exactly("a/b"), serviceAccount: any }],
  ])("%s", (identity, pattern) => {
    const [rule] = read("MeshTLSAuthentication", { identities: [identity] }).rules;
    expect(rule?.peers.identities).toEqual([pattern]);
  });

  test.each(["", "*.", "**", "a.*.b", "A.b", "spiffe://", "spiffe:///a", "spiffe://td/", "*a.b"])(
    "%j is refused",
    (identity) => {
      const { rules, defects } = read("MeshTLSAuthentication", { identities: [identity] });
      expect(rules).toEqual([]);
      expect(defects.map(({ kind, pointer }) => [kind, pointer])).toEqual([["invalid-value", "/spec/identities/0"]]);
    },
  );
});

const identity = fc.constantFrom<JsonValue>(
  "*",
  "*.local",
  "*.shop.serviceaccount.identity.l.local",
  "a.b",
  "spiffe://a/b",
);
const network = fc.constantFrom<JsonObject>(
  { cidr: "0.0.0.0/0" },
  { cidr: "0.0.0.0/1" },
  { cidr: "128.0.0.0/1" },
  { cidr: "::/0", except: ["fd00::/8"] },
  { cidr: "10.1.2.3" },
);
const account = fc.constantFrom<JsonObject>({ name: "web" }, { name: "default" }, { name: "a", namespace: "b" });

/** A list and the same list with one element more. */
function grown(item: fc.Arbitrary<JsonValue>): fc.Arbitrary<readonly [JsonValue[], JsonValue[]]> {
  return fc
    .tuple(fc.array(item, { minLength: 1, maxLength: 3 }), item, fc.nat())
    .map(([list, added, place]) => [list, list.toSpliced(place % (list.length + 1), 0, added)] as const);
}

const server = fc.constantFrom<JsonObject>(
  { name: "web" },
  { selector: {} },
  { selector: { matchLabels: { a: "b" } } },
);
const authorization = (client: JsonObject, which: JsonObject) =>
  read("ServerAuthorization", { server: which, client }, "v1beta1");

describe("authorizations are no narrower with one more", () => {
  test("identity", () => {
    fc.assert(
      fc.property(grown(identity), server, ([some_, more], which) => {
        const readings = [some_, more].map((identities) => authorization({ meshTLS: { identities } }, which));
        const sets = [some_, more].map((identities) => read("MeshTLSAuthentication", { identities }));
        return [readings, sets].every(([a, b]) => a !== undefined && b !== undefined && isNoWider(a, b, "ingress"));
      }),
      { numRuns: RUNS },
    );
  });

  test("service account", () => {
    fc.assert(
      fc.property(grown(account), server, ([some_, more], which) => {
        const [a, b] = [some_, more].map((serviceAccounts) => authorization({ meshTLS: { serviceAccounts } }, which));
        return a !== undefined && b !== undefined && isNoWider(a, b, "ingress");
      }),
      { numRuns: RUNS },
    );
  });

  test("network", () => {
    fc.assert(
      fc.property(grown(network), server, fc.boolean(), ([some_, more], which, authenticated) => {
        const client = authenticated ? { meshTLS: { identities: ["*"] } } : { unauthenticated: true };
        const readings = [some_, more].map((networks) => authorization({ ...client, networks }, which));
        const sets = [some_, more].map((networks) => read("NetworkAuthentication", { networks }));
        return [readings, sets].every(([a, b]) => a !== undefined && b !== undefined && isNoWider(a, b, "ingress"));
      }),
      { numRuns: RUNS },
    );
  });
});

describe("objects of Linkerd's kinds of any shape", () => {
  const reference = some({
    group: mostly(GROUP, "gateway.networking.k8s.io", "core"),
    kind: mostly(
      "Server",
      "Namespace",
      "MeshTLSAuthentication",
      "NetworkAuthentication",
      "ServiceAccount",
      "EgressNetwork",
    ),
    name: mostly("shop", "web"),
    namespace: mostly("shop"),
    port: mostly(443),
  });
  const networks = listOf(some({ cidr: prefix, except: listOf(prefix) }));
  const fields = {
    podSelector: labelSelector,
    externalWorkloadSelector: labelSelector,
    port: mostly(80, "http", 70_000),
    accessPolicy: mostly("deny", "audit", "all-authenticated", "cluster-unauthenticated"),
    server: some({ name: mostly("web"), selector: labelSelector }),
    client: some({
      networks,
      unauthenticated: mostly(true, false),
      meshTLS: some({
        identities: listOf(mostly("*", "a.b")),
        serviceAccounts: listOf(some({ name: mostly("web") })),
        unauthenticatedTLS: mostly(true),
      }),
    }),
    targetRef: reference,
    requiredAuthenticationRefs: listOf(reference),
    identities: listOf(mostly("*", "a.b", "**")),
    identityRefs: listOf(reference),
    networks,
    trafficPolicy: mostly("Allow", "Deny"),
    parentRefs: listOf(reference),
    hostnames: listOf(mostly("*", "*.com", "example.com")),
    rules: listOf(some({ matches: listOf(some({ path: some({ value: mostly("/"), type: mostly("Exact") }) })) })),
  };
  const spec = fc
    .subarray(Object.keys(fields), { maxLength: 5 })
    .chain((keys) =>
      fc.record(Object.fromEntries(keys.map((key) => [key, fields[key as keyof typeof fields]]))),
    ) as fc.Arbitrary<JsonObject>;

  test.each(linkerdReaders)("$kinds", ({ kinds: [kind = ""] }) => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: spec }, fc.jsonValue()), fc.jsonValue(), (written, metadata) => {
        const object = { apiVersion: `${GROUP}/v1beta3`, kind, metadata, spec: written } as JsonObject;
        const policy = readerFor(GROUP, kind)?.read(object).policy;
        return policy !== undefined && isComplete(policy, object);
      }),
      { numRuns: RUNS },
    );
  });
});
