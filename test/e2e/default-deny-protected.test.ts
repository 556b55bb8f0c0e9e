/**
 * @module The managed default deny on a real API server, against somebody who may do everything: a member of
 * system:masters. And the other side: namespaces can still be deleted.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  chooseTemplate,
  type DefaultDenyTemplate,
  managedObjectPath,
  readTemplates,
  renderDefaultDeny,
} from "../../src/controller/default-deny-template.ts";
import { SHIPPED_DEFAULT_DENY } from "../../src/engine/shipped-files.ts";
import type { ApiAnswer } from "../controlplane/api-request.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { createNamespace, untilRead } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const CONTROLLER = "system:serviceaccount:ringfence:ringfence-controller";
const LABELS = { owner: "shop-team", "security-domain": "shop" };
const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const POLICY = `${POLICIES}/ringfence-default-deny`;
const OWN = "/apis/networking.k8s.io/v1/namespaces/bare/networkpolicies/own";
const NAMESPACE = "/api/v1/namespaces/shop";
const JSON_PATCH = { "content-type": "application/json-patch+json" };
const APPLY = { "content-type": "application/apply-patch+yaml" };
const SETTINGS = `
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
metadata: {name: protected}
exempt:
  namespaces: [kube-system, kube-public, kube-node-lease]
  namespaceLabels: {ringfence: "off"}
defaultDeny: {managers: ["${CONTROLLER}"]}
`;

/** A request of the attacker; `body` may depend on what is stored. */
interface Attack {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const gone = { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "7c9a0c4e-3b0e-4f0e-9d3c-0d8a3f1b2c5d" };
const managedLabels = { owner: "x", "app.kubernetes.io/managed-by": "ringfence", "ringfence.dev/default-deny": "true" };

function policy(name: string, labels: object, spec: object = { podSelector: {}, policyTypes: ["Ingress", "Egress"] }) {
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, labels }, spec };
}

function asUser(user: string): Readonly<Record<string, string>> {
  return { "impersonate-user": user, "impersonate-group": "system:masters" };
}

const ON_THE_POLICY: readonly Attack[] = [
  {
    name: "selects one application",
    method: "PATCH",
    path: POLICY,
    body: { spec: { podSelector: { matchLabels: { a: "b" } } } },
  },
  { name: "isolates one direction", method: "PATCH", path: POLICY, body: { spec: { policyTypes: ["Ingress"] } } },
  {
    name: "lets one more port out",
    method: "PATCH",
    path: POLICY,
    headers: JSON_PATCH,
    body: [{ op: "add", path: "/spec/egress/0/ports/-", value: { protocol: "TCP", port: 443 } }],
  },
  {
    name: "replaced as a whole",
    method: "PUT",
    path: POLICY,
    body: policy("ringfence-default-deny", managedLabels, { podSelector: { matchLabels: { a: "b" } } }),
  },
  {
    name: "applied with force",
    method: "PATCH",
    path: `${POLICY}?fieldManager=me&force=true`,
    headers: APPLY,
    body: policy("ringfence-default-deny", {}, { podSelector: { matchLabels: { a: "b" } }, policyTypes: ["Ingress"] }),
  },
  {
    name: "loses its label",
    method: "PATCH",
    path: POLICY,
    body: { metadata: { labels: { "ringfence.dev/default-deny": null } } },
  },
  { name: "loses all labels", method: "PATCH", path: POLICY, body: { metadata: { labels: null } } },
  {
    name: "is made Argo CD's to prune",
    method: "PATCH",
    path: POLICY,
    body: { metadata: { labels: { "app.kubernetes.io/instance": "shop" } } },
  },
  {
    name: "loses what keeps it from being pruned",
    method: "PATCH",
    path: POLICY,
    body: { metadata: { annotations: { "argocd.argoproj.io/sync-options": null } } },
  },
  {
    name: "gets an owner that is gone",
    method: "PATCH",
    path: POLICY,
    body: { metadata: { ownerReferences: [gone] } },
  },
  { name: "gets a finalizer", method: "PATCH", path: POLICY, body: { metadata: { finalizers: ["example.com/hold"] } } },
  { name: "is deleted", method: "DELETE", path: POLICY },
  { name: "is deleted at once", method: "DELETE", path: `${POLICY}?gracePeriodSeconds=0` },
  { name: "is deleted after its dependents", method: "DELETE", path: `${POLICY}?propagationPolicy=Foreground` },
  { name: "is deleted as an orphan's owner", method: "DELETE", path: `${POLICY}?propagationPolicy=Orphan` },
  { name: "is deleted on trial", method: "DELETE", path: `${POLICY}?dryRun=All` },
  { name: "is deleted with all policies", method: "DELETE", path: POLICIES },
  { name: "is deleted by its label", method: "DELETE", path: `${POLICIES}?labelSelector=ringfence.dev%2Fdefault-deny` },
  {
    name: "is deleted in the name of the namespace controller",
    method: "DELETE",
    path: POLICY,
    headers: asUser("system:serviceaccount:kube-system:namespace-controller"),
  },
  {
    name: "is deleted in the name of the garbage collector",
    method: "DELETE",
    path: POLICY,
    headers: asUser("system:serviceaccount:kube-system:generic-garbage-collector"),
  },
];

const BESIDE_IT: readonly Attack[] = [
  { name: "another object with the label", method: "POST", path: POLICIES, body: policy("mine", managedLabels) },
  {
    name: "the name in a namespace that has none yet",
    method: "POST",
    path: "/apis/networking.k8s.io/v1/namespaces/bare/networkpolicies",
    body: policy(
      "ringfence-default-deny",
      { owner: "x" },
      { podSelector: { matchLabels: { a: "b" } }, policyTypes: ["Ingress"] },
    ),
  },
  {
    name: "the name in a namespace that has none yet, by apply",
    method: "PATCH",
    path: "/apis/networking.k8s.io/v1/namespaces/bare/networkpolicies/ringfence-default-deny?fieldManager=me",
    headers: APPLY,
    body: policy("ringfence-default-deny", { owner: "x" }),
  },
  {
    name: "the label on a policy of one's own",
    method: "PATCH",
    path: OWN,
    body: { metadata: { labels: managedLabels } },
  },
];

const ON_THE_NAMESPACE: readonly Attack[] = [
  {
    name: "gains an exempt label",
    method: "PATCH",
    path: NAMESPACE,
    body: { metadata: { labels: { ringfence: "off" } } },
  },
  {
    name: "through its status",
    method: "PATCH",
    path: `${NAMESPACE}/status`,
    body: { metadata: { labels: { ringfence: "off" } } },
  },
  {
    name: "through finalize",
    method: "PUT",
    path: `${NAMESPACE}/finalize`,
    body: {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels: { ...LABELS, ringfence: "off" } },
      spec: { finalizers: ["kubernetes"] },
    },
  },
  {
    name: "is born with it",
    method: "POST",
    path: "/api/v1/namespaces",
    body: { metadata: { name: "free", labels: { ...LABELS, ringfence: "off" } } },
  },
];

const describe = await describeIfAvailable();

describe("the managed default deny", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let template: DefaultDenyTemplate;
  let folder: string;

  const create = (namespace: string, user: string) =>
    controlPlane.request(
      "PATCH",
      `${managedObjectPath(template, namespace)}?fieldManager=ringfence-default-deny&force=true`,
      renderDefaultDeny(template, namespace),
      { ...APPLY, ...asUser(user) },
    );
  const versionOf = async (path: string) => (await controlPlane.request("GET", path)).at("/metadata/resourceVersion");
  const attack = ({ method, path, body, headers }: Attack) => controlPlane.request(method, path, body, headers);
  const expectRefusal = (answer: ApiAnswer) => {
    expect(answer.body).toContain("default-deny-protected");
    expect(answer.status).toBe(403);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-e2e-"));
    const settings = join(folder, "settings.yaml");
    await writeFile(settings, SETTINGS);
    template = await chooseTemplate(await readTemplates(SHIPPED_DEFAULT_DENY), { template: "auto" }, () => true);
    controlPlane = await startControlPlane();
    for (const namespace of ["shop", "bare", "leaving"]) await createNamespace(controlPlane, namespace, LABELS);
    ringfence = await startRingfence([
      "--port",
      "0",
      "--settings",
      settings,
      "--cert-dir",
      join(folder, "certs"),
      "--kubeconfig",
      await controlPlane.kubeconfig(),
      "--drain-seconds",
      "1",
    ]);
    await registerWebhook(controlPlane, ringfence.port, join(folder, "certs", "ca.crt"), ["--settings", settings]);
    await waitUntilEffective(controlPlane, {
      path: POLICIES,
      object: policy("probe", {}, { podSelector: {}, ingress: [{}] }),
    });
    const own = await controlPlane.request("POST", dirname(OWN), policy("own", { owner: "shop-team" }));
    expect(own.status).toBe(201);
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("is created by the controller, again and again, and by nobody else", async () => {
    expectRefusal(await create("shop", "kubernetes-admin"));
    const first = await create("shop", CONTROLLER);
    expect(first.status).toBe(201);
    expect((await create("shop", CONTROLLER)).at("/metadata/resourceVersion")).toBe(
      first.at("/metadata/resourceVersion"),
    );
    expect((await create("leaving", CONTROLLER)).status).toBe(201);
  });

  test.each(ON_THE_POLICY)("stays as it is: $name", async (row) => {
    const before = await versionOf(POLICY);
    expectRefusal(await attack(row));
    expect(await versionOf(POLICY)).toBe(before);
  });

  test.each(BESIDE_IT)("isn't imitated: $name", async (row) => {
    expectRefusal(await attack(row));
  });

  test.each(ON_THE_NAMESPACE)("keeps its namespace governed, which $name", async (row) => {
    const before = await versionOf(NAMESPACE);
    expectRefusal(await attack(row));
    expect(await versionOf(NAMESPACE)).toBe(before);
  });

  test("stays as it is: replaced by force with kubectl", async () => {
    const before = await versionOf(POLICY);
    const input = JSON.stringify(policy("ringfence-default-deny", managedLabels));
    const { code, stderr } = await controlPlane.kubectl(["replace", "--force", "-n", "shop", "-f", "-"], { input });
    expect(code).toBe(1);
    expect(stderr).toContain("a managed default deny can't be deleted; it goes with its namespace");
    process.stdout.write(`\n--- what kubectl shows ---\n${stderr}\n`);
    expect(await versionOf(POLICY)).toBe(before);
  });

  test("leaves other policies and namespaces to their owners", async () => {
    expect((await controlPlane.request("DELETE", OWN)).status).toBe(200);
    const labelled = await controlPlane.request("PATCH", NAMESPACE, { metadata: { labels: { team: "a" } } });
    expect(labelled.status).toBe(200);
  });

  test("is gone once its controller deletes it, even where the garbage collector has the last word", async () => {
    const path = `${POLICY}?propagationPolicy=Foreground`;
    const { status } = await controlPlane.request("DELETE", path, undefined, asUser(CONTROLLER));
    expect(status).toBe(200);
    await untilRead(controlPlane, POLICY, (answer) => answer.status === 404);
  });

  test("goes with its namespace, which ends by itself", async () => {
    const path = managedObjectPath(template, "leaving");
    expect((await controlPlane.request("GET", path)).status).toBe(200);
    const started = performance.now();
    expect((await controlPlane.request("DELETE", "/api/v1/namespaces/leaving")).status).toBe(200);
    await untilRead(controlPlane, "/api/v1/namespaces/leaving", ({ status }) => status === 404);
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(`\nthe namespace was gone after ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(30);
    expect((await controlPlane.request("GET", path)).status).toBe(404);
  });
});
