/**
 * @module The mutating webhook on a real API server: what it completes is stored, and controllers don't fight it.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace, untilRead } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const LABELS = { owner: "shop-team", "security-domain": "shop" };
const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments";
const REPLICA_SETS = "/apis/apps/v1/namespaces/shop/replicasets";
const SETTINGS = `
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
metadata: {name: completing}
exempt: {namespaces: [kube-system, kube-public, kube-node-lease]}
mutate:
  policyTypes: true
  labelsFromNamespace: [owner, security-domain]
`;

function policy(name: string, spec: object) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name },
    spec: { podSelector: {}, ...spec },
  };
}

function deployment(name: string, image = "main") {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image }] } },
    },
  };
}

const describe = await describeIfAvailable();

describe("the mutating webhook", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let folder: string;

  /** How often a ReplicaSet was made for a Deployment: once per version of its Pods, where nobody fights. */
  const replicaSets = async (name: string) => {
    const answer = await controlPlane.request("GET", `${REPLICA_SETS}?labelSelector=app%3D${name}`);
    return (answer.at("/items") as readonly unknown[]).length;
  };
  /** Without nodes no Pod becomes ready, so a rollout stops after its first new Pod. */
  const untilPodsAreMade = (name: string, generation: number) =>
    untilRead(
      controlPlane,
      `${DEPLOYMENTS}/${name}`,
      (answer) =>
        answer.at("/status/observedGeneration") === generation && Number(answer.at("/status/updatedReplicas") ?? 0) > 0,
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-e2e-"));
    const settings = join(folder, "settings.yaml");
    await writeFile(settings, SETTINGS);
    controlPlane = await startControlPlane();
    await createNamespace(controlPlane, "shop", LABELS);
    // From before the webhook: its Pod template has none of the namespace's labels.
    await controlPlane.request("POST", DEPLOYMENTS, deployment("from-before"));
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
    const args = ["--settings", settings, "--mutating"];
    await registerWebhook(controlPlane, ringfence.port, join(folder, "certs", "ca.crt"), args);
    await eventually(
      "the mutating webhook to be called",
      () => controlPlane.request("POST", `${POLICIES}?dryRun=All`, policy("probe", { policyTypes: ["Ingress"] })),
      (answer) => answer.at("/spec/policyTypes/1") === "Egress",
    );
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("a policy without types isolates both directions, and has its namespace's labels", async () => {
    const { status, at } = await controlPlane.request("POST", POLICIES, policy("forgetful", { ingress: [] }));
    expect(status).toBe(201);
    expect(at("/spec/policyTypes")).toEqual(["Ingress", "Egress"]);
    expect(at("/metadata/labels")).toEqual(LABELS);
  });

  test("applying the file again changes nothing", async () => {
    const input = JSON.stringify({ ...policy("applied", { policyTypes: ["Ingress"] }) });
    const apply = () => controlPlane.kubectl(["apply", "--server-side", "-n", "shop", "-f", "-"], { input });
    const version = async () =>
      (await controlPlane.request("GET", `${POLICIES}/applied`)).at("/metadata/resourceVersion");
    expect((await apply()).code).toBe(0);
    const before = await version();
    expect((await apply()).code).toBe(0);
    expect(await version()).toBe(before);
  });

  test("a Deployment is rolled out with one ReplicaSet, and its Pods have the labels", async () => {
    expect((await controlPlane.request("POST", DEPLOYMENTS, deployment("fresh"))).status).toBe(201);
    await untilPodsAreMade("fresh", 1);
    expect(await replicaSets("fresh")).toBe(1);
    const pods = await controlPlane.request("GET", "/api/v1/namespaces/shop/pods?labelSelector=app%3Dfresh");
    expect(pods.at("/items/0/metadata/labels")).toMatchObject(LABELS);
  });

  test("a Deployment from before is rolled out anew without a fight", async () => {
    const before = await controlPlane.request("GET", `${DEPLOYMENTS}/from-before`);
    const change = await controlPlane.request("PATCH", `${DEPLOYMENTS}/from-before`, {
      spec: { template: { metadata: { annotations: { version: "2" } } } },
    });
    expect(change.status).toBe(200);
    await untilPodsAreMade("from-before", Number(before.at("/metadata/generation")) + 1);
    expect(await replicaSets("from-before")).toBe(2);
  });
});
