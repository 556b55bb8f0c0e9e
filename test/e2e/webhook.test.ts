/**
 * @module The product on a real API server: what people, controllers and operators meet.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace, untilRead } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const LABELS = { owner: "shop-team", "security-domain": "app" };

function policy(name: string, ingress: readonly unknown[], labels: object = { owner: "shop-team" }) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: "shop", labels },
    spec: { podSelector: {}, policyTypes: ["Ingress"], ingress },
  };
}

const WIDE = policy("allow-all", [{}]);
const NARROW = policy("narrow", [
  { from: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ port: 8443, protocol: "TCP" }] },
]);

function deployment(name: string, podLabels: object, spec: object = {}) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop", labels: LABELS },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...podLabels } },
        spec: { containers: [{ name: "main", image: "main" }], ...spec },
      },
    },
  };
}

const describe = await describeIfAvailable();

describe("ringfence on a real API server", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let folder: string;

  const certificates = () => join(folder, "certs");
  const serve = async (port: number) =>
    startRingfence([
      "--port",
      String(port),
      "--cert-dir",
      certificates(),
      "--kubeconfig",
      await controlPlane.kubeconfig(),
      "--drain-seconds",
      "1",
    ]);
  const apply = (object: unknown, ...args: string[]) =>
    controlPlane.kubectl(["apply", ...args, "-f", "-"], { input: JSON.stringify(object) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-e2e-"));
    controlPlane = await startControlPlane();
    await createNamespace(controlPlane, "shop", LABELS);
    await createNamespace(controlPlane, "legacy");
    // What was there before the webhook must not be locked in.
    await controlPlane.request("POST", POLICIES, policy("from-before", [{}]));
    ringfence = await serve(0);
    await registerWebhook(controlPlane, ringfence.port, join(certificates(), "ca.crt"));
    await waitUntilEffective(controlPlane, { path: POLICIES, object: WIDE });
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("denies any/any with a message that says what, where, why and how", async () => {
    const { code, stderr } = await apply(policy("allow-all", [{}], {}));
    expect(code).toBe(1);
    expect(stderr).toContain('admission webhook "validate.ringfence.dev" denied the request');
    expect(stderr).toContain("ringfence denied NetworkPolicy shop/allow-all (2 findings)");
    expect(stderr).toContain("  any-any  spec.ingress[0]: allows anyone on every port\n    fix: name the peers");
    expect(stderr).toContain('  required-labels  metadata.labels: "owner" is missing');
    expect(stderr).toContain("exception: ");
    process.stdout.write(`\n--- what kubectl shows ---\n${stderr}\n`);
  });

  test("denies halves of the address space, and says that the rules do it together", async () => {
    const half = (cidr: string) => ({ from: [{ ipBlock: { cidr } }] });
    const { code, stderr } = await apply(policy("halves", [half("0.0.0.0/1"), half("128.0.0.0/1")]));
    expect(code).toBe(1);
    expect(stderr).toContain("any-any");
    expect(stderr).toContain("together");
  });

  test("allows a narrow policy without a word", async () => {
    const { code, stdout, stderr } = await apply(NARROW);
    expect({ code, stderr, stdout }).toEqual({
      code: 0,
      stderr: "",
      stdout: "networkpolicy.networking.k8s.io/narrow created\n",
    });
  });

  test("warns where the default is to warn", async () => {
    const { code, stderr } = await apply(policy("web", [{ ports: [{ port: 443, protocol: "TCP" }] }]));
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: any-peer spec.ingress[0]: allows anyone on TCP 443");
  });

  test("judges a server-side dry run, and keeps nothing of it", async () => {
    expect((await apply(policy("dry", [{}]), "--dry-run=server")).code).toBe(1);
    expect((await apply(policy("dry", [{ ports: [{ port: 443 }] }]), "--dry-run=server")).code).toBe(0);
    expect((await controlPlane.request("GET", `${POLICIES}/dry`)).status).toBe(404);
  });

  test("judges server-side apply, as a creation and as a change that widens", async () => {
    expect((await apply(policy("applied", [{}]), "--server-side")).stderr).toContain("any-any");
    expect((await apply(policy("applied", NARROW.spec.ingress), "--server-side")).code).toBe(0);
    const widened = await apply(policy("applied", [...NARROW.spec.ingress, {}]), "--server-side");
    expect(widened.code).toBe(1);
    expect(widened.stderr).toContain("spec.ingress[1]");
  });

  test("lets people change, and delete, what was there before", async () => {
    const annotated = await controlPlane.kubectl(["annotate", "networkpolicy/from-before", "-n", "shop", "a=b"]);
    expect(annotated.code).toBe(0);
    expect(annotated.stderr).toContain("unchanged");
    expect((await controlPlane.kubectl(["delete", "networkpolicy/from-before", "-n", "shop"])).code).toBe(0);
  });

  test("locks the security labels of Pods and namespaces, through every door", async () => {
    await apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "labelled", namespace: "shop", labels: LABELS },
      spec: { containers: [{ name: "main", image: "main" }] },
    });
    const relabel = (target: string, ...args: string[]) =>
      controlPlane.kubectl(["label", "--overwrite", target, "security-domain=mgmt", ...args]);
    expect((await relabel("pod/labelled", "-n", "shop")).stderr).toContain("label-lock");
    expect((await relabel("namespace/shop")).stderr).toContain("label-lock");
    const patch = (path: string) =>
      controlPlane.request(
        "PATCH",
        path,
        { metadata: { labels: { "security-domain": "mgmt" } } },
        { "content-type": "application/merge-patch+json" },
      );
    for (const path of ["/api/v1/namespaces/shop/pods/labelled/status", "/api/v1/namespaces/shop/status"]) {
      const answer = await patch(path);
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
      expect(answer.body).toContain("label-lock");
    }
    expect((await controlPlane.kubectl(["label", "pod/labelled", "note=1", "-n", "shop"])).code).toBe(0);
  });

  test("denies a workload that contradicts its namespace's domain, as the watch knows it", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stray", namespace: "shop", labels: { ...LABELS, "security-domain": "mgmt" } },
      spec: { containers: [{ name: "main", image: "main" }] },
    };
    expect((await apply(pod)).stderr).toContain('contradicts the namespace, which has "app"');
  });

  test("knows the labels of a namespace that was made a moment ago", async () => {
    await createNamespace(controlPlane, "fresh", LABELS);
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stray", namespace: "fresh", labels: { ...LABELS, "security-domain": "mgmt" } },
      spec: { containers: [{ name: "main", image: "main" }] },
    };
    expect((await apply(pod)).stderr).toContain("label-lock");
  });

  test("denies a namespace without labels, allows one with them, and lets it go", async () => {
    expect((await controlPlane.kubectl(["create", "namespace", "bare"])).stderr).toContain("required-labels");
    expect(
      (await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "going", labels: LABELS } })).code,
    ).toBe(0);
    expect((await controlPlane.kubectl(["delete", "namespace", "going", "--timeout=60s"])).code).toBe(0);
  });

  test("denies a Deployment whose template is wrong, before any Pod", async () => {
    const { code, stderr } = await apply(deployment("on-node", LABELS, { hostNetwork: true }));
    expect(code).toBe(1);
    expect(stderr).toContain("host-network  spec.template.spec.hostNetwork");
  });

  test("denies the Pods of a Deployment that was there before, where the controller's events show it", async () => {
    // Stored while nobody looked: the webhook is taken away for a moment.
    const saved = await controlPlane.kubectl(["get", "validatingwebhookconfiguration", "ringfence", "-o", "json"]);
    await controlPlane.kubectl(["delete", "validatingwebhookconfiguration", "ringfence"]);
    await waitUntilEffective(controlPlane, { path: POLICIES, object: WIDE }, ({ status }) => status < 300);
    const created = await apply({ ...deployment("old", {}), spec: { ...deployment("old", {}).spec, replicas: 0 } });
    expect(created.code).toBe(0);
    const { metadata, ...configuration } = JSON.parse(saved.stdout) as { metadata: { name: string } };
    await apply({ metadata: { name: metadata.name }, ...configuration });
    await waitUntilEffective(controlPlane, { path: POLICIES, object: WIDE });
    // Scaling is not held against anyone; the Pods are.
    expect((await controlPlane.kubectl(["scale", "deployment/old", "--replicas=2", "-n", "shop"])).code).toBe(0);
    const events = await eventually(
      "the event of the refused Pod",
      () => controlPlane.kubectl(["get", "events", "-n", "shop", "--field-selector=reason=FailedCreate", "-o", "json"]),
      ({ stdout }) => stdout.includes("required-labels"),
    );
    expect(events.stdout).toContain("ringfence denied Pod");
  });

  test("runs a Deployment that is right, and scales it", async () => {
    expect((await apply(deployment("right", LABELS))).code).toBe(0);
    expect((await controlPlane.kubectl(["scale", "deployment/right", "--replicas=3", "-n", "shop"])).code).toBe(0);
    await untilRead(
      controlPlane,
      "/api/v1/namespaces/shop/pods?labelSelector=app%3Dright",
      (list) => list.at("/items/2") !== undefined,
    );
  });

  test("denies kubectl debug with a capability, allows it without", async () => {
    const debug = (profile: string) =>
      controlPlane.kubectl([
        "debug",
        "pod/labelled",
        "-n",
        "shop",
        "--image=busybox",
        "--attach=false",
        `--profile=${profile}`,
        "--",
        "true",
      ]);
    const denied = await debug("netadmin");
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain("network-capabilities  spec.ephemeralContainers[0]");
    expect((await debug("restricted")).code).toBe(0);
  });

  test("lets a scheduler bind a Pod, and nobody bring a locked label with it", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "to-bind", namespace: "shop", labels: LABELS },
      spec: { schedulerName: "nobody", containers: [{ name: "web", image: "web:1" }] },
    };
    expect((await apply(pod)).stderr).toBe("");
    const bind = (labels: Record<string, string>) =>
      controlPlane.request("POST", "/api/v1/namespaces/shop/pods/to-bind/binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: "to-bind", labels },
        target: { apiVersion: "v1", kind: "Node", name: "node-1" },
      });
    const denied = await bind({ "security-domain": "payments" });
    expect(denied.status).toBe(403);
    expect(denied.body).toContain("can't be brought to a live Pod by a Binding");
    expect((await bind({})).status).toBe(201);
  });

  test("denies a Service that takes over an address", async () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "thief", namespace: "shop" },
      spec: { ports: [{ port: 80 }], externalIPs: ["203.0.113.7"] },
    };
    expect((await apply(service)).stderr).toContain("external-ips  spec.externalIPs[0]");
  });

  test("reads what the API server makes of a null rule: allow all", async () => {
    const answer = await controlPlane.request("POST", POLICIES, policy("null-rule", [null]));
    expect(answer.status).toBe(403);
    expect(answer.body).toContain("any-any");
  });

  test("gives the same verdict as ringfence check over the same file", async () => {
    const { execFile } = await import("node:child_process");
    const file = join(import.meta.dirname, "../../docs/examples/allow-all.yaml");
    const checked = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [join(import.meta.dirname, "../../src/cli/ringfence.ts"), "check", "-o", "json", file],
        (_error, stdout) => resolve(stdout),
      );
    });
    const { findings } = JSON.parse(checked) as { findings: { guardrail: string; message: string }[] };
    const { stderr } = await controlPlane.kubectl(["apply", "-f", file]);
    for (const { guardrail, message } of findings)
      expect(stderr).toMatch(new RegExp(`${guardrail}  .*${message.replace(/[^\w ]/g, ".")}`));
    expect(stderr).toContain(`(${findings.length} findings)`);
  });

  test("refuses writes while it is down, and loses no call when it is restarted under load", async () => {
    const { port } = ringfence;
    await ringfence.stop();
    const down = await apply(policy("down", NARROW.spec.ingress));
    expect(down.code).toBe(1);
    expect(down.stderr).toContain("failed calling webhook");
    ringfence = await serve(port);
    await eventually(
      "writes to pass again",
      () => apply(policy("up", NARROW.spec.ingress)),
      ({ code }) => code === 0,
    );
  });

  test("rolls over to another replica under load without one failed call", async () => {
    // Two processes stand behind one Service in a cluster; here the configuration is pointed at the second one.
    const second = await serve(0);
    const answers: number[] = [];
    const loading = new AbortController();
    const load = async () => {
      while (!loading.signal.aborted)
        answers.push((await controlPlane.request("POST", `${POLICIES}?dryRun=All`, NARROW_COPY)).status);
    };
    const clients = Array.from({ length: 8 }, load);
    await eventually(
      "some load",
      async () => answers.length,
      (count) => count > 50,
    );
    await registerWebhook(controlPlane, second.port, join(certificates(), "ca.crt"));
    await eventually(
      "load on the second one",
      async () => metric(second),
      (count) => count > 50,
    );
    expect(await ringfence.stop()).toBe(0);
    ringfence = second;
    const before = answers.length;
    await eventually(
      "load after the end of the first one",
      async () => answers.length,
      (count) => count > before + 50,
    );
    loading.abort();
    await Promise.all(clients);
    expect(answers.filter((status) => status !== 201)).toEqual([]);

    async function metric(server: RingfenceProcess): Promise<number> {
      const { readFile } = await import("node:fs/promises");
      const { get } = await import("node:https");
      const ca = await readFile(join(certificates(), "ca.crt"));
      const text = await new Promise<string>((resolve, reject) => {
        get(`https://127.0.0.1:${server.port}/metrics`, { ca, agent: false }, (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (part: string) => {
            body += part;
          });
          response.on("end", () => resolve(body));
        }).on("error", reject);
      });
      return Number(/ringfence_decisions_total\{path="\/validate",result="allowed"\} (\d+)/.exec(text)?.[1] ?? 0);
    }
  });
});

const NARROW_COPY = policy("under-load", NARROW.spec.ingress);
