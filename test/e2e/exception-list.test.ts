/**
 * @module `ringfence exception list --cluster` against a real API server.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { type CliAnswer, runCli } from "../integration/cli/run-cli.ts";

const describeCluster = await describeIfAvailable();
const START_LIMIT_MS = 120_000;

const asks = (slug: string, more: Record<string, string> = {}) => ({
  "ringfence.dev/exception": slug,
  "ringfence.dev/exception-reason": "SEC-1",
  "ringfence.dev/exception-requester": "alice",
  ...more,
});

describeCluster("exceptions of a cluster", () => {
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane({ controllerManager: false });
    await create("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", {
      metadata: {
        name: "web",
        annotations: asks("any-any", { "ringfence.dev/exception-expires": "2031-01-01T00:00:00Z" }),
      },
      spec: { podSelector: {} },
    });
    await create("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", {
      metadata: { name: "plain" },
      spec: { podSelector: {} },
    });
    const template = { metadata: { labels: { app: "a" }, annotations: asks("host-port") }, spec: pod() };
    await create("/apis/apps/v1/namespaces/default/replicasets", {
      metadata: {
        name: "made",
        annotations: asks("host-port"),
        ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "made", uid: "1", controller: true }],
      },
      spec: { selector: { matchLabels: { app: "a" } }, template },
    });
    await create("/apis/batch/v1/namespaces/default/cronjobs", {
      metadata: { name: "nightly", annotations: asks("host-port", { "ringfence.dev/exception-ttl": "1h" }) },
      spec: { schedule: "@daily", jobTemplate: { spec: { template: { spec: { ...pod(), restartPolicy: "Never" } } } } },
    });
  }, START_LIMIT_MS);
  afterAll(() => cluster?.stop(), START_LIMIT_MS);

  function pod() {
    return { containers: [{ name: "a", image: "a" }] };
  }

  async function create(path: string, object: Record<string, unknown>): Promise<void> {
    const { status } = await cluster.request("POST", path, object);
    expect(status).toBe(201);
  }

  async function list(...args: string[]): Promise<CliAnswer> {
    return runCli({ args: ["exception", "list", "--cluster", "--kubeconfig", await cluster.kubeconfig(), ...args] });
  }

  test("are listed from every namespace and kind, without what controllers made of them", async () => {
    const { exit, stdout, stderr } = await list("--output", "json");
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    const { exceptions } = JSON.parse(stdout) as { exceptions: Record<string, unknown>[] };
    expect(exceptions.map(({ file, object, until, ttl }) => ({ file, object, until, ttl }))).toEqual([
      {
        file: null,
        object: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: "default", name: "web" },
        until: "2031-01-01T00:00:00Z",
        ttl: null,
      },
      {
        file: null,
        object: { apiVersion: "batch/v1", kind: "CronJob", namespace: "default", name: "nightly" },
        until: null,
        ttl: "1 hour",
      },
    ]);
  });

  test("set the exit code where one ends soon", async () => {
    expect((await list("--expiring", "1d")).exit).toBe(0);
    expect((await list("--expiring", "3650d")).exit).toBe(1);
  });

  test("that can't all be seen are an error", async () => {
    const user = await cluster.kubeconfig({ name: "nobody" });
    const { exit, stdout, stderr } = await runCli({ args: ["exception", "list", "--cluster", "--kubeconfig", user] });
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toContain("nobody");
  });
});
