/**
 * @module Exceptions through the webhook over TLS: on the main thread, in a worker, near the end, and after the approver's
 * key is gone from the file.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import { networkPolicyReader } from "../../../src/apis/kubernetes-network-policy.ts";
import { LiveEngine } from "../../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE } from "../../../src/engine/shipped-files.ts";
import { excusesOf } from "../../../src/exceptions/excuses.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { createJudgingHandler } from "../../../src/server/judging-handler.ts";
import type { JudgingWorkerData } from "../../../src/server/judging-worker.ts";
import { type RunningServer, startServer, until } from "../server/running-server.ts";
import { approval, keySet, makeApprover } from "./forge.ts";

const bob = makeApprover("bob");
const carol = makeApprover("carol");
const DAY = 86_400;

const SPEC: JsonObject = { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] };
const SETTINGS = {
  apiVersion: "ringfence.dev/v1alpha1",
  kind: "Guardrails",
  metadata: { name: "test" },
  exceptions: { audience: "prod", keys: { file: "approvers.json" } },
};

interface Response {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: Readonly<Record<string, string>>;
}

/** A policy that is approved from an hour ago until so many seconds from now. */
function approvedPolicy(seconds: number, padding = 0): JsonObject {
  const now = Math.floor(Date.now() / 1000);
  const bare: JsonObject = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "web", namespace: "shop", labels: { owner: "shop-team" } },
    spec: SPEC,
  };
  const finding = { guardrail: "any-any", rawMessage: "", rules: ["/spec/ingress/0"] };
  const token = approval(bob, {
    iat: now - 3600,
    nbf: now - 3600,
    exp: now + seconds,
    excuses: excusesOf([finding], networkPolicyReader.read(bare), bare),
  });
  const annotations = {
    "ringfence.dev/exception": "any-any",
    "ringfence.dev/exception-reason": "SEC-123",
    "ringfence.dev/exception-requester": "alice",
    "ringfence.dev/exception-approval": token,
    padding: "x".repeat(padding),
  };
  return { ...bare, metadata: { ...(bare["metadata"] as JsonObject), annotations } };
}

let folder: string;
let live: LiveEngine;
let running: RunningServer;
const problems: (string | null)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ringfence-exceptions-"));
  const files = { bundle: SHIPPED_BUNDLE, settings: join(folder, "guardrails.yaml") };
  await writeFile(files.settings, JSON.stringify(SETTINGS));
  await writeFile(join(folder, "approvers.json"), keySet(bob.publicJwk));
  live = await LiveEngine.start(files, {
    replaced: () => undefined,
    refused: () => undefined,
    keysProblem: (problem) => problems.push(problem),
  });
  const workerData: JudgingWorkerData = { files, reloadSeconds: 10, withNamespaces: false };
  running = await startServer({
    handler: createJudgingHandler(new ReviewJudge(() => live.current, undefined), () => undefined),
    workerModule: new URL("../../../src/server/judging-worker.ts", import.meta.url),
    workerData,
  });
});
afterAll(async () => {
  await running?.stop();
  live?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function review(object: JsonObject, oldObject: JsonObject | null = null): Promise<Response> {
  const request = {
    uid: randomUUID(),
    kind: { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" },
    resource: { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" },
    name: "web",
    namespace: "shop",
    operation: oldObject === null ? "CREATE" : "UPDATE",
    userInfo: { username: "alice", groups: [] },
    object,
    oldObject,
  };
  const client = running.client();
  const body = JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
  const { text } = await client.send({ body });
  return (JSON.parse(text) as { response: Response }).response;
}

test("an approved policy is allowed, with the id of the exception for the audit log", async () => {
  const { allowed, auditAnnotations, warnings } = await review(approvedPolicy(20 * DAY));

  expect({ allowed, exceptions: auditAnnotations?.["exceptions"], warnings }).toEqual({
    allowed: true,
    exceptions: "3f0c2a5e-0001",
    warnings: undefined,
  });
});

test("in its last week it warns", async () => {
  const { allowed, warnings } = await review(approvedPolicy(3 * DAY));

  expect(allowed).toBe(true);
  expect(warnings?.join("\n")).toMatch(
    /any-any spec\.ingress\[0\]: excused until \S+ by bob \(\S+\), which is in [23] days/,
  );
});

test("a large review is judged in a worker, which has the same keys", async () => {
  const { allowed, auditAnnotations } = await review(approvedPolicy(20 * DAY, 600_000));

  expect({ allowed, exceptions: auditAnnotations?.["exceptions"] }).toEqual({
    allowed: true,
    exceptions: "3f0c2a5e-0001",
  });
  expect(await running.metrics.registry.metrics()).toMatch(
    /ringfence_review_duration_seconds_count\{path="\/validate",lane="worker"\} 1/,
  );
});

test("a widened policy is denied, and the denial says why the exception doesn't cover it", async () => {
  const approved = approvedPolicy(20 * DAY);
  const spec = { ...SPEC, policyTypes: ["Ingress", "Egress"], egress: [{}] };
  const { allowed, status } = await review({ ...approved, spec }, approved);

  expect(allowed).toBe(false);
  expect(status?.message).toContain("any-any  spec.egress[0]: allows traffic to anyone on every port");
  expect(status?.message).toContain("exception-outgrown  spec.egress[0]: the exception 3f0c2a5e-0001 from any-any");
  expect(status?.message).toContain("exception: ringfence exception request -f FILE --guardrail any-any");
});

test("after its end a new policy is denied, and an update that leaves it as it is passes", async () => {
  const ended = approvedPolicy(-1);
  const created = await review(ended);
  const labels = { owner: "shop-team", team: "a" };
  const updated = await review({ ...ended, metadata: { ...(ended["metadata"] as JsonObject), labels } }, ended);

  expect(created.allowed).toBe(false);
  expect(created.status?.message).toContain("exception-expired  metadata.annotations: the exception 3f0c2a5e-0001");
  expect(updated.allowed).toBe(true);
  expect(updated.warnings?.join("\n")).toContain("exception-expired");
});

test("a key that is gone from the file takes its approvals along", async () => {
  await writeFile(join(folder, "approvers.json"), keySet(carol.publicJwk));
  await until("the keys are read again", async () => !(await review(approvedPolicy(20 * DAY))).allowed);
  const { status } = await review(approvedPolicy(20 * DAY));

  expect(status?.message).toContain("the exception from any-any doesn't count: unknown-key");
}, 30_000);

test("a key file that can't be read any more leaves the last good keys", async () => {
  await writeFile(join(folder, "approvers.json"), "{");
  await until("somebody hears of it", () => problems.length > 0);

  expect(problems.at(-1)).toContain("the key set is no JSON");
  expect((await review(approvedPolicy(20 * DAY))).status?.message).toContain("unknown-key");
}, 30_000);
