/**
 * @module Deletions through the real bundle: judged by the stored object, and allowed where they come with the end of the
 * namespace. That a real cluster tells so is shown in test/e2e/default-deny-protected.test.ts.
 */
import { beforeAll, expect, test } from "@jest/globals";
import type { NamespaceLabels } from "../../../src/admission/namespaces.ts";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { shippedEngine } from "../bundle/sample-judge.ts";

const MANAGED = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "ringfence-default-deny", namespace: "shop", labels: { "ringfence.dev/default-deny": "true" } },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};
const OWN = { ...MANAGED, metadata: { name: "own", namespace: "shop" } };
const EMPTIER = "system:serviceaccount:kube-system:namespace-controller";

interface Row {
  readonly name: string;
  readonly object: object | null;
  readonly user: string;
  /** What the cluster says of the namespace; none: no cluster is configured. */
  readonly terminating: boolean | "no answer" | "none";
  readonly asked: number;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: "somebody's own policy", object: OWN, user: "root", terminating: false, asked: 0, expected: "allowed" },
  { name: "the managed one", object: MANAGED, user: "root", terminating: false, asked: 1, expected: "denied" },
  { name: "with its namespace", object: MANAGED, user: EMPTIER, terminating: true, asked: 1, expected: "allowed" },
  { name: "by the emptier alone", object: MANAGED, user: EMPTIER, terminating: false, asked: 1, expected: "denied" },
  {
    name: "a cluster that is silent",
    object: MANAGED,
    user: EMPTIER,
    terminating: "no answer",
    asked: 1,
    expected: "error",
  },
  { name: "no cluster to ask", object: MANAGED, user: "root", terminating: "none", asked: 0, expected: "denied" },
  {
    name: "no cluster to ask, the emptier",
    object: MANAGED,
    user: EMPTIER,
    terminating: "none",
    asked: 0,
    expected: "allowed",
  },
  { name: "without the stored object", object: null, user: "root", terminating: false, asked: 1, expected: "denied" },
];

let engine: Engine;
beforeAll(async () => {
  engine = await shippedEngine();
});

test.each(ROWS)("$name: $expected", async ({ object, user, terminating, asked, expected }) => {
  let questions = 0;
  const namespaces: NamespaceLabels = {
    cached: () => ({}),
    lookup: async () => ({}),
    isTerminating: async (namespace) => {
      questions += 1;
      expect(namespace).toBe("shop");
      if (typeof terminating === "boolean") return terminating;
      throw new Error("no answer in 1 s");
    },
  };
  const judge = new ReviewJudge(() => engine, terminating === "none" ? undefined : namespaces);
  const { decision } = await judge.validate(review(object, user));
  expect({ result: decision.result, questions }).toEqual({ result: expected, questions: asked });
});

test("a deletion of many names each object by what is stored", async () => {
  const judge = new ReviewJudge(() => engine, undefined);
  const { response, decision } = await judge.validate(review(MANAGED, "root", ""));
  expect(decision).toMatchObject({ result: "denied", name: "ringfence-default-deny", operation: "DELETE" });
  expect(response).toContain("ringfence denied NetworkPolicy shop/ringfence-default-deny (1 finding)");
});

test("kinds whose deletion no guardrail judges are not judged", async () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" } };
  const judge = new ReviewJudge(() => engine, undefined);
  const { decision } = await judge.validate(review(pod, "root", "web", { group: "", version: "v1", kind: "Pod" }));
  expect(decision.result).toBe("not-judged");
});

function review(
  oldObject: object | null,
  username: string,
  name?: string,
  kind: object = { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" },
): Uint8Array {
  const request = {
    uid: "1",
    kind,
    resource: { group: "", version: "v1", resource: "whatever" },
    name: name ?? (oldObject === OWN ? "own" : "ringfence-default-deny"),
    namespace: "shop",
    operation: "DELETE",
    userInfo: { username, groups: [] },
    object: null,
    oldObject,
  };
  return Buffer.from(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }));
}
