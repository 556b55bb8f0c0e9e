/**
 * @module What one object alone doesn't show: updates, subresources and writers, through the shipped bundle.
 */
import { describe, expect, test } from "@jest/globals";
import { Engine } from "../../../src/engine/engine.ts";
import type { JudgeRequest } from "../../../src/engine/judge-request.ts";
import type { Settings } from "../../../src/engine/settings.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { BUNDLE } from "./facts-of-samples.ts";
import { requestsOf, shippedEngine } from "./sample-judge.ts";

const engine = await shippedEngine();

function request(object: JsonObject, change: Partial<JudgeRequest> = {}): JudgeRequest {
  const [made] = requestsOf({ file: "row", yaml: JSON.stringify(object) });
  if (made === undefined) throw new Error("no object");
  return { ...made, ...change };
}

function verdictOf(asked: JudgeRequest, by: Engine = engine): readonly string[] {
  return by.judge(asked).findings.map(({ guardrail, level }) => `${guardrail} ${level}`);
}

function withSettings(change: Partial<Settings["guardrails"]>): Engine {
  const guardrails = { ...engine.settings.guardrails, ...change } as Settings["guardrails"];
  return new Engine(BUNDLE, { ...engine.settings, guardrails });
}

const user = (name: string) => ({ user: { name, groups: [] } });

describe("a Service's status", () => {
  const object = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: { type: "ClusterIP", ports: [{ port: 443 }] },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } },
  };

  test.each([
    { by: "alice", subresource: "status", found: ["external-ips deny"] },
    { by: "system:serviceaccount:shop:default", subresource: "status", found: ["external-ips deny"] },
    { by: "system:cloud-controller-manager", subresource: "status", found: [] },
    { by: "system:serviceaccount:metallb-system:controller", subresource: "status", found: [] },
    { by: "alice", subresource: "", found: [] },
  ])("by $by through '$subresource'", ({ by, subresource, found }) => {
    expect(verdictOf(request(object, { ...user(by), subresource, operation: "UPDATE" }))).toEqual(found);
  });
});

describe("endpoints", () => {
  const object = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "web-1",
      namespace: "shop",
      labels: {
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.7"] }],
    ports: [],
  };

  test.each([
    { by: "alice", found: ["hand-made-endpoints deny"] },
    { by: "system:serviceaccount:shop:endpointslice-controller", found: ["hand-made-endpoints deny"] },
    { by: "system:serviceaccount:kube-system:endpointslice-controller", found: [] },
    { by: "system:kube-controller-manager", found: [] },
  ])("by $by", ({ by, found }) => expect(verdictOf(request(object, user(by)))).toEqual(found));
});

describe("an Application, where project-any enforces", () => {
  const projectAny = engine.settings.guardrails["project-any"];
  const strict = withSettings(projectAny === undefined ? {} : { "project-any": { ...projectAny, mode: "enforce" } });
  const object = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "web", namespace: "argocd" },
    spec: { project: "default" },
  };

  test("warns when it is made", () => expect(verdictOf(request(object), strict)).toEqual(["project-any warn"]));

  test.each([{ operation: { sync: {} } }, { status: { sync: {} } }, { metadata: { name: "web", finalizers: ["x"] } }])(
    "is not judged when it gets %j",
    (change) => {
      const asked = request({ ...object, ...change }, { operation: "UPDATE", oldObject: object });
      expect(strict.judge(asked)).toMatchObject({ judged: false, allowed: true });
    },
  );

  test("warns when it moves", () => {
    const asked = request(object, { operation: "UPDATE", oldObject: { ...object, spec: { project: "shop" } } });
    expect(verdictOf(asked, strict)).toEqual(["project-any warn"]);
  });

  test("its project denies, but for the one that Argo CD makes", () => {
    const project = { ...object, kind: "AppProject", spec: { sourceRepos: ["*"] } };
    expect(verdictOf(request(project), strict)).toEqual(["project-any deny"]);
    expect(verdictOf(request({ ...project, metadata: { name: "default", namespace: "argocd" } }), strict)).toEqual([
      "project-any warn",
    ]);
  });
});

describe("kinds and fields that are newer than this release", () => {
  const kind = { apiVersion: "policy.networking.k8s.io/v1", kind: "TomorrowsPolicy", metadata: { name: "x" } };
  const field = {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "x", namespace: "shop", labels: { owner: "shop-team" } },
    spec: {
      endpointSelector: {},
      tomorrow: true,
      ingress: [{ fromEndpoints: [{ matchLabels: { app: "a" } }], toPorts: [{ ports: [{ port: "443" }] }] }],
    },
  };
  const invalid = engine.settings.guardrails["invalid-policy"];

  function newer(parameters: JsonObject): Engine {
    if (invalid === undefined) throw new Error("invalid-policy has no settings");
    const changed = { ...invalid, parameters: { ...invalid.parameters, ...parameters } };
    return withSettings({ "invalid-policy": changed });
  }

  test("are denied, with the release that is known", () => {
    expect(verdictOf(request(kind)).filter((found) => found.startsWith("invalid"))).toEqual(["invalid-policy deny"]);
    const [finding] = engine.judge(request(field)).findings;
    expect(finding).toMatchObject({ guardrail: "invalid-policy", level: "deny" });
    expect(finding?.message).toMatch(/^unknown field "tomorrow".*; Ringfence knows the fields of Cilium 1\.19$/);
  });

  test("of one group are warned about or let through where the settings say so", () => {
    const found = (asked: JudgeRequest, by: Engine) => verdictOf(asked, by).filter((one) => one.startsWith("invalid"));
    const group = "policy.networking.k8s.io";
    expect(found(request(kind), newer({ unreadKinds: [{ group, verdict: "warn" }] }))).toEqual(["invalid-policy warn"]);
    expect(found(request(kind), newer({ unreadKinds: [{ group, verdict: "ignore" }] }))).toEqual([]);
    expect(found(request(kind), newer({ unreadKinds: [{ group: "cilium.io", verdict: "ignore" }] }))).toEqual([
      "invalid-policy deny",
    ]);
    expect(found(request(field), newer({ newerFields: ["cilium.io"] }))).toEqual(["invalid-policy warn"]);
    expect(found(request(field), newer({ newerFields: [group] }))).toEqual(["invalid-policy deny"]);
  });
});
