import { describe, expect, test } from "@jest/globals";
import type { JsonObject } from "../intake/json-value.ts";
import type { JudgeRequest } from "./judge-request.ts";
import { managedFact } from "./managed-fact.ts";

const MANAGED: JsonObject = {
  metadata: {
    name: "ringfence-default-deny",
    labels: { "ringfence.dev/default-deny": "true", owner: "ringfence" },
    resourceVersion: "1",
  },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};
const OWN: JsonObject = { metadata: { name: "own" }, spec: {} };

function request(changes: Partial<JudgeRequest>): JudgeRequest {
  return {
    uid: "1",
    place: "admission",
    operation: "UPDATE",
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    namespace: "shop",
    name: "ringfence-default-deny",
    subresource: "",
    user: { name: "root", groups: [] },
    object: MANAGED,
    oldObject: MANAGED,
    namespaceLabels: null,
    ...changes,
  };
}

describe("an object is a managed default deny", () => {
  test.each<[string, Partial<JudgeRequest>, boolean]>([
    ["by its name", { object: OWN, oldObject: null }, true],
    ["by its label", { name: "other", oldObject: null }, true],
    ["by the label that an update takes away", { name: "other", object: OWN }, true],
    ["by the label that an update brings", { name: "other", oldObject: OWN }, true],
    [
      "by any value of the label",
      { name: "other", object: { metadata: { labels: { "ringfence.dev/default-deny": "" } } } },
      true,
    ],
    [
      "by its name and its namespace's, cluster-wide",
      { namespace: "", name: "ringfence-default-deny-shop", object: OWN },
      true,
    ],
    ["not by a longer name in a namespace", { name: "ringfence-default-deny-2", object: OWN, oldObject: null }, false],
    ["not otherwise", { name: "own", object: OWN, oldObject: OWN }, false],
    [
      "not where labels are none",
      { name: "own", object: { metadata: { labels: null } }, oldObject: { metadata: null } },
      false,
    ],
  ])("%s", (_name, changes, expected) => {
    expect(managedFact(request(changes)) !== undefined).toBe(expected);
  });
});

describe("changes", () => {
  const metadata = MANAGED["metadata"] as JsonObject;
  test.each<[string, JsonObject, readonly string[]]>([
    ["none", MANAGED, []],
    ["order of keys", { spec: { policyTypes: ["Ingress", "Egress"], podSelector: {} }, metadata }, []],
    [
      "what the server writes",
      { ...MANAGED, metadata: { ...metadata, resourceVersion: "2", managedFields: [{}], generation: 2 } },
      [],
    ],
    ["status", { ...MANAGED, status: { conditions: [] } }, []],
    ["order of a list", { ...MANAGED, spec: { podSelector: {}, policyTypes: ["Egress", "Ingress"] } }, ["/spec"]],
    ["a part that comes", { ...MANAGED, specs: [] }, ["/specs"]],
    ["a part that goes", { metadata }, ["/spec"]],
    ["an annotation", { ...MANAGED, metadata: { ...metadata, annotations: { a: "b" } } }, ["/metadata/annotations"]],
    [
      "a finalizer and an owner",
      { ...MANAGED, metadata: { ...metadata, finalizers: ["a/b"], ownerReferences: [{}] } },
      ["/metadata/finalizers", "/metadata/ownerReferences"],
    ],
    [
      "an empty list where there was none",
      { ...MANAGED, metadata: { ...metadata, finalizers: [] } },
      ["/metadata/finalizers"],
    ],
    ["a key with a slash", { ...MANAGED, "a/b~": 1 }, ["/a~1b~0"]],
  ])("%s", (_name, object, expected) => {
    expect(managedFact(request({ object }))?.changes).toEqual(expected);
  });

  test("of an object that is being deleted", () => {
    const object = { ...MANAGED, metadata: { ...metadata, deletionTimestamp: "2026-11-30T12:00:00Z" } };
    expect(managedFact(request({ object }))).toEqual({ changes: [], terminating: true, namespaceTerminating: null });
  });

  test("of a new object are none", () => {
    expect(managedFact(request({ operation: "CREATE", oldObject: null }))?.changes).toEqual([]);
  });
});
