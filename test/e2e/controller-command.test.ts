/**
 * @module `ringfence controller` and `serve --controller` as programs: started as the documentation says, with the roles
 * that `ringfence rbac` prints, and ended by a signal.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { OWN_NAMESPACE, makeNamespace, policyPath, untilPolicy } from "./default-deny-parts.ts";
import {
  registerWebhook,
  type RingfenceProcess,
  runRingfence,
  startController,
  startRingfence,
} from "./ringfence-process.ts";

const describeCluster = await describeIfAvailable();
const START_LIMIT_MS = 120_000;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OWN_NAMESPACE}/leases/ringfence-controller`;
const BIG = "x".repeat(100_000);

describeCluster("the controller as a program", () => {
  let cluster: ControlPlane;
  let folder: string;
  let settings: string;
  let kubeconfig: string;
  let running: RingfenceProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-controller-"));
    settings = join(folder, "settings.json");
    cluster = await startControlPlane();
    await makeNamespace(cluster, OWN_NAMESPACE);
    await writeSettings({ mode: "observe" });
    // With these settings the roles hold what observing needs too.
    const roles = await runRingfence(["rbac", "--settings", settings]);
    const applied = await cluster.kubectl(["apply", "-f", "-"], { input: roles });
    expect(applied).toMatchObject({ code: 0, stderr: "" });
    kubeconfig = await cluster.kubeconfig({ name: `system:serviceaccount:${OWN_NAMESPACE}:ringfence-controller` });
  }, START_LIMIT_MS);
  afterEach(async () => {
    await Promise.all(running.map((one) => one.stop()));
    running = [];
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  async function writeSettings(defaultDeny: object): Promise<void> {
    const object = {
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "Guardrails",
      metadata: { name: "test" },
      exempt: { namespaces: ["kube-*", "default"] },
      defaultDeny,
      guardrails: { "required-labels": { mode: "off" } },
    };
    await writeFile(settings, JSON.stringify(object));
  }

  async function run(start: (args: readonly string[]) => Promise<RingfenceProcess>, ...args: string[]) {
    const started = await start(["--kubeconfig", kubeconfig, "--settings", settings, "--reload-seconds", "1", ...args]);
    running.push(started);
    return started;
  }

  async function ask(port: number, path: string): Promise<{ status: number; body: string }> {
    const [response] = await once(get({ host: "127.0.0.1", port, path }), "response");
    return { status: response.statusCode, body: await text(response) };
  }

  test("observes first; new settings take effect without a restart; a signal ends it with the Lease given back", async () => {
    await makeNamespace(cluster, "early");
    const controller = await run(startController);
    await eventually(
      "to be ready",
      () => ask(controller.port, "/readyz"),
      ({ status }) => status === 200,
    );
    await eventually(
      "the forecast",
      async () => controller.output(),
      (log) => log.includes('"firstNamespaces":["early"]'),
    );
    expect((await cluster.request("GET", policyPath("early"))).status).toBe(404);
    await writeSettings({ mode: "all-namespaces" });
    await untilPolicy(cluster, "early");
    await eventually(
      "to be ready",
      () => ask(controller.port, "/readyz"),
      ({ status }) => status === 200,
    );
    const { body } = await ask(controller.port, "/metrics");
    expect(body).toContain("ringfence_controller_leading 1");
    expect(body).toContain("ringfence_default_deny_missing_namespaces 0");
    expect((await ask(controller.port, "/livez")).status).toBe(200);

    await writeSettings({ mode: "all-namespaces", templateFile: join(folder, "missing.yaml") });
    await eventually(
      "the complaint",
      async () => controller.output(),
      (log) => log.includes("missing.yaml: the template can't be read (ENOENT)"),
    );
    await makeNamespace(cluster, "all-the-same");
    await untilPolicy(cluster, "all-the-same");

    expect(await controller.stop()).toBe(0);
    expect((await cluster.request("GET", LEASE)).at("/spec/holderIdentity")).toBe("");
    expect(controller.output()).not.toContain("    at ");
  });

  test("a leader that is paused for longer than its Lease doesn't lead when it goes on", async () => {
    await writeSettings({ mode: "all-namespaces" });
    const first = await run(startController);
    await eventually(
      "the lead",
      async () => first.output(),
      (log) => log.includes("this process leads"),
    );
    const second = await run(startController);
    await eventually(
      "to follow",
      async () => second.output(),
      (log) => log.includes("stands by"),
    );
    first.pause();
    await eventually(
      "the lead",
      async () => second.output(),
      (log) => log.includes("this process leads"),
      30_000,
    );
    const holder = (await cluster.request("GET", LEASE)).at("/spec/holderIdentity");
    first.resume();
    await eventually(
      "the end of its lead",
      async () => first.output(),
      (log) => log.includes("doesn't lead any more"),
    );
    await makeNamespace(cluster, "of-the-second");
    await untilPolicy(cluster, "of-the-second");
    expect(first.output()).not.toContain("of-the-second");
    expect((await cluster.request("GET", LEASE)).at("/spec/holderIdentity")).toBe(holder);
  });

  test("tells what would be cut off, and ends", async () => {
    await writeSettings({ mode: "observe" });
    const told = await runRingfence(["controller", "--forecast", "--kubeconfig", kubeconfig, "--settings", settings]);
    expect(told).toContain("namespaces would get the default deny; 0 Pods would be cut off");
    expect(told).toContain("early: 0 Pods, 0 cut off");
  });

  test("serve alone creates it for the first Pod, also for a big one that a worker judges", async () => {
    await writeSettings({ mode: "all-namespaces" });
    const webhook = await run(startRingfence, "--cert-dir", join(folder, "certs"), "--port", "0");
    await registerWebhook(cluster, webhook.port, join(folder, "certs", "ca.crt"), ["--settings", settings]);
    await createNamespace(cluster, "probe");
    const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
    const pod = (spec: object, annotations = {}) => ({
      metadata: { name: "web", annotations },
      spec: { containers: [{ name: "main", image: "main" }], ...spec },
    });
    await waitUntilEffective(cluster, { path: pods("probe"), object: pod({ hostNetwork: true }) });
    const dry = await cluster.request("POST", `${pods("probe")}?dryRun=All`, pod({}));
    expect(dry.status).toBe(201);
    expect(dry.warnings).toEqual([
      "namespace probe has no default deny yet; without --dry-run it is created before the Pod",
    ]);
    expect((await cluster.request("GET", policyPath("probe"))).status).toBe(404);
    for (const [namespace, annotations] of [
      ["small", {}],
      ["big", { note: BIG }],
    ] as const) {
      await createNamespace(cluster, namespace);
      expect((await cluster.request("GET", policyPath(namespace))).status).toBe(404);
      const answer = await cluster.request("POST", pods(namespace), pod({}, annotations));
      expect(answer.status).toBe(201);
      const policy = await cluster.request("GET", policyPath(namespace));
      expect(Number(policy.at("/metadata/resourceVersion"))).toBeLessThan(
        Number(answer.at("/metadata/resourceVersion")),
      );
    }
    // Without the rights there is no way in.
    await cluster.request("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/ringfence-controller");
    await createNamespace(cluster, "closed");
    const denied = await eventually(
      "the denial",
      () => cluster.request("POST", pods("closed"), pod({})),
      ({ body }) => body.includes("it can't be created"),
    );
    expect(denied.at("/message")).toContain('cannot patch resource "networkpolicies" in API group "networking.k8s.io"');
    expect(denied.at("/message")).toContain("grant it by RBAC");
    const roles = await runRingfence(["rbac", "--settings", settings]);
    await cluster.kubectl(["apply", "-f", "-"], { input: roles });
    await eventually(
      "the Pod",
      () => cluster.request("POST", pods("closed"), pod({})),
      ({ status }) => status === 201,
    );
    await cluster.request("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/ringfence");
  });

  test("serve --controller does both in one process", async () => {
    await writeSettings({ mode: "all-namespaces" });
    const both = await run(startRingfence, "--controller", "--cert-dir", join(folder, "certs"), "--port", "0");
    await makeNamespace(cluster, "by-serve");
    await untilPolicy(cluster, "by-serve");
    expect(await both.stop()).toBe(0);
    expect((await cluster.request("GET", LEASE)).at("/spec/holderIdentity")).toBe("");
  });

  test.each<[why: string, args: string[], message: string]>([
    [
      "no cluster for the controller",
      ["controller", "--kubeconfig", "/nowhere"],
      'the kubeconfig "/nowhere" can\'t be used',
    ],
    [
      "serve --controller without a cluster",
      ["serve", "--controller"],
      "--controller needs a cluster: --kubeconfig FILE or --in-cluster",
    ],
    [
      "a name that is none",
      ["rbac", "--namespace", "No Name"],
      '--namespace "No Name" is no name that Kubernetes accepts',
    ],
  ])("%s is a mistake in the call", async (_why, args, message) => {
    await expect(runRingfence(args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
