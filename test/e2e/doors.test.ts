/**
 * @module Doors from outside, deployments and definitions on a real API server: what is denied, what is let through, and
 * which writes of controllers must never be stopped.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const LABELS = { owner: "shop-team", "security-domain": "app" };
const SERVICES = "/api/v1/namespaces/shop/services";
const APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/shop/applications";
const MERGE = { "content-type": "application/merge-patch+json" };

const LOAD_BALANCER = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "open", namespace: "shop" },
  spec: { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 443 }] },
};

/** A definition with a schema that keeps everything below spec, as far as the group is none of Ringfence's. */
function definition(group: string, kind: string, plural: string, version: string, fields: object) {
  const schema = { type: "object", properties: fields };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

const TEXT = { type: "string" };
const APPLICATION_FIELDS = {
  spec: { type: "object", properties: { project: TEXT } },
  operation: { type: "object", properties: { note: TEXT } },
  status: { type: "object", properties: { note: TEXT } },
};

const describe = await describeIfAvailable();

describe("doors on a real API server", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let folder: string;

  const apply = (object: unknown) => controlPlane.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-e2e-"));
    controlPlane = await startControlPlane();
    await createNamespace(controlPlane, "shop", LABELS);
    const certificates = join(folder, "certs");
    const kubeconfig = await controlPlane.kubeconfig();
    ringfence = await startRingfence(["--port", "0", "--cert-dir", certificates, "--kubeconfig", kubeconfig]);
    await registerWebhook(controlPlane, ringfence.port, join(certificates, "ca.crt"));
    await waitUntilEffective(controlPlane, { path: SERVICES, object: LOAD_BALANCER });
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("a load balancer for everyone is denied, one for named clients is not, and it can't be widened", async () => {
    expect((await apply(LOAD_BALANCER)).stderr).toContain("open-load-balancer  spec.loadBalancerSourceRanges");
    const named = {
      ...LOAD_BALANCER,
      metadata: { name: "named", namespace: "shop" },
      spec: { ...LOAD_BALANCER.spec, loadBalancerSourceRanges: ["198.51.100.0/24"] },
    };
    expect((await apply(named)).code).toBe(0);
    const wide = { ...named, spec: { ...named.spec, loadBalancerSourceRanges: ["0.0.0.0/1", "128.0.0.0/1"] } };
    expect((await apply(wide)).stderr).toContain("open-load-balancer");
  });

  test("nobody but a controller writes an address into a Service's status", async () => {
    const patch = (status: object) => controlPlane.request("PATCH", `${SERVICES}/named/status`, { status }, MERGE);
    const claimed = await patch({ loadBalancer: { ingress: [{ ip: "203.0.113.7" }] } });
    expect(claimed.status).toBe(403);
    expect(claimed.body).toContain("external-ips");
    expect((await patch({ loadBalancer: {} })).status).toBe(200);
  });

  test("endpoints by hand are denied; those of the controllers are written as ever", async () => {
    const slice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "by-hand",
        namespace: "shop",
        labels: {
          "kubernetes.io/service-name": "named",
          "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.7"] }],
      ports: [{ port: 443 }],
    };
    expect((await apply(slice)).stderr).toContain("hand-made-endpoints  endpoints");
    // The controller leaves out Pods on nodes that it doesn't know.
    await apply({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web", namespace: "shop", labels: { ...LABELS, app: "web" } },
      spec: { nodeName: "node-1", containers: [{ name: "main", image: "main" }] },
    };
    expect((await apply(pod)).code).toBe(0);
    const status = {
      phase: "Running",
      podIP: "10.0.0.9",
      podIPs: [{ ip: "10.0.0.9" }],
      conditions: [{ type: "Ready", status: "True" }],
    };
    const started = await controlPlane.request("PATCH", "/api/v1/namespaces/shop/pods/web/status", { status }, MERGE);
    expect(started).toMatchObject({ status: 200 });
    await eventually(
      "the controller's EndpointSlice",
      () => controlPlane.request("GET", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"),
      ({ body }) => body.includes("10.0.0.9"),
    );
  });

  test("an Ingress without a host is warned about", async () => {
    const ingress = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "web", namespace: "shop" },
      spec: { defaultBackend: { service: { name: "named", port: { number: 443 } } } },
    };
    const { code, stderr } = await apply(ingress);
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: exposure spec.defaultBackend");
  });

  test("an Application warns when it is made, and its syncs pass without a word", async () => {
    const made = await apply(definition("argoproj.io", "Application", "applications", "v1alpha1", APPLICATION_FIELDS));
    expect(made.stderr).toBe("");
    const object = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name: "web", namespace: "shop" },
      spec: { project: "default" },
    };
    const created = await eventually(
      "Applications to be served",
      () => apply(object),
      ({ code }) => code === 0,
    );
    expect(created.stderr).toContain("Warning: project-any spec.project");
    for (const change of [{ operation: { note: "start" } }, { status: { note: "running" } }, { operation: null }]) {
      const answer = await controlPlane.request("PATCH", `${APPLICATIONS}/web`, change, MERGE);
      expect({ change, status: answer.status }).toEqual({ change, status: 200 });
    }
    // While Ringfence is down, too: the API server doesn't even ask.
    const { port } = ringfence;
    await ringfence.stop();
    expect((await controlPlane.request("PATCH", `${APPLICATIONS}/web`, { status: { note: "x" } }, MERGE)).status).toBe(
      200,
    );
    const moved = await controlPlane.request("PATCH", `${APPLICATIONS}/web`, { spec: { project: "shop" } }, MERGE);
    expect(moved.status).toBe(500);
    const certificates = join(folder, "certs");
    const kubeconfig = await controlPlane.kubeconfig();
    ringfence = await startRingfence(["--port", String(port), "--cert-dir", certificates, "--kubeconfig", kubeconfig]);
  });

  test("a policy API can be installed as it is known, and not be changed under its policies", async () => {
    const fields = {
      spec: {
        type: "object",
        properties: {
          endpointSelector: { type: "object" },
          ingress: {
            type: "array",
            items: { type: "object", properties: { fromEndpoints: { type: "array", items: { type: "object" } } } },
          },
        },
      },
    };
    const install = (version: string, properties: object) =>
      apply(definition("cilium.io", "CiliumNetworkPolicy", "ciliumnetworkpolicies", version, properties));
    expect((await install("v3", fields)).stderr).toContain('in the version "v3"');
    expect((await install("v2", fields)).code).toBe(0);
    const lost = { spec: { type: "object", properties: { endpointSelector: { type: "object" } } } };
    const changed = await install("v2", lost);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain("policy-definition");
    expect(changed.stderr).toContain('loses "ingress"');
  });
});
