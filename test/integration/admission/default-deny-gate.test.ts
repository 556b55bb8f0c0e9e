/**
 * @module Pods before the gate of default deny: who waits at it, who is let by, and what those hear that aren't let in.
 */
import { beforeAll, expect, test } from "@jest/globals";
import type { DefaultDenyGate } from "../../../src/admission/default-deny-gate.ts";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { loadEngine } from "../../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";

const LABELS = { owner: "shop-team", "security-domain": "app" };
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "shop", labels: LABELS },
  spec: { containers: [{ name: "main", image: "main" }] },
};
const KINDS = { Pod: "", Deployment: "apps" };

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine({ bundle: SHIPPED_BUNDLE, settings: SHIPPED_SETTINGS });
});

interface Row {
  readonly why: string;
  readonly kind?: keyof typeof KINDS;
  readonly request?: object;
  readonly spec?: object;
  readonly gate?: "covered" | "creates" | "fails";
  readonly asked: boolean;
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
}

const rows: readonly Row[] = [
  { why: "a Pod of a covered namespace doesn't wait", gate: "covered", asked: false, allowed: true },
  { why: "the first Pod of a namespace waits", gate: "creates", asked: true, allowed: true },
  { why: "a Pod is denied where it can't be created", gate: "fails", asked: true, allowed: false },
  {
    why: "a dry run is let in with a warning",
    request: { dryRun: true },
    gate: "creates",
    asked: true,
    allowed: true,
    warnings: ["no default deny yet"],
  },
  {
    why: "a Pod that runs already is not stopped",
    request: { operation: "UPDATE", oldObject: POD },
    gate: "fails",
    asked: false,
    allowed: true,
  },
  {
    why: "a Deployment makes Pods, which wait themselves",
    kind: "Deployment",
    gate: "fails",
    asked: false,
    allowed: true,
  },
  {
    why: "an ephemeral container is an update",
    request: { operation: "UPDATE", subResource: "ephemeralcontainers", oldObject: POD },
    gate: "fails",
    asked: false,
    allowed: true,
  },
  {
    why: "nothing is created for a Pod that is denied anyway",
    spec: { hostNetwork: true },
    gate: "creates",
    asked: false,
    allowed: false,
  },
];

test.each(rows)(
  "$why",
  async ({ kind = "Pod", request = {}, spec = {}, gate = "covered", asked, allowed, warnings = [] }) => {
    const questions: string[] = [];
    const stub: DefaultDenyGate = {
      covers: () => gate === "covered",
      ensure: async (namespace, dryRun) => {
        questions.push(`${namespace} ${dryRun}`);
        if (gate === "fails")
          throw new Error(`namespace ${namespace} has no default deny and it can't be created: no rights`);
        return dryRun ? "no default deny yet" : undefined;
      },
    };
    const judge = new ReviewJudge(
      () => engine,
      { cached: () => LABELS, lookup: async () => LABELS, isTerminating: async () => false },
      stub,
    );
    const answer = judge.validate(body(kind, request, spec));
    // Only who waits for the cluster may cost a turn of the event loop.
    expect(answer instanceof Promise).toBe(asked);
    const { response, decision } = await answer;
    const { response: said } = JSON.parse(response) as {
      response: { allowed: boolean; warnings?: string[]; status?: { message: string } };
    };
    expect(said.allowed).toBe(allowed);
    expect(said.warnings ?? []).toEqual(warnings);
    expect(questions.length).toBe(asked ? 1 : 0);
    if (gate === "fails" && asked) {
      expect(said.status?.message).toBe(
        "ringfence denied Pod shop/web: namespace shop has no default deny and it can't be created: no rights. " +
          "It is tried again with the next Pod; if this goes on, tell the platform team",
      );
      expect(decision).toMatchObject({ result: "denied", guardrails: ["default-deny"] });
    }
  },
);

function body(kind: keyof typeof KINDS, changes: object, spec: object): Uint8Array {
  const group = KINDS[kind];
  const pod = { ...POD, spec: { ...POD.spec, ...spec } };
  const template = { metadata: { labels: LABELS }, spec: POD.spec };
  const deployment = {
    apiVersion: "apps/v1",
    kind,
    metadata: POD.metadata,
    spec: { selector: { matchLabels: LABELS }, template },
  };
  const request = {
    uid: "1",
    kind: { group, version: "v1", kind },
    resource: { group, version: "v1", resource: "whatever" },
    name: "web",
    namespace: "shop",
    operation: "CREATE",
    userInfo: { username: "alice", groups: [] },
    object: kind === "Deployment" ? deployment : pod,
    oldObject: null,
    dryRun: false,
    ...changes,
  };
  return new TextEncoder().encode(
    JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request }),
  );
}
