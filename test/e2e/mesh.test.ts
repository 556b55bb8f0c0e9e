/**
 * @module Meshes on a real API server: Istio's and SPIRE's kinds as custom resources with structural schemas (the fields
 * of istio/istio manifests/charts/base/files/crd-all.gen.yaml that these tests write), Pods and Namespaces.
 */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { createNamespace, untilRead } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const LABELS = { owner: "shop-team", "security-domain": "app" };
const PEER_AUTHENTICATIONS = "/apis/security.istio.io/v1/namespaces/shop/peerauthentications";
const TEXT = { type: "string" };
const TEXTS = { type: "array", items: TEXT };
const TEXT_MAP = { type: "object", additionalProperties: TEXT };

function object(properties: object): object {
  return { type: "object", properties };
}

const TLS = object({ mode: TEXT });
const SCHEMAS = [
  {
    group: "security.istio.io",
    kind: "PeerAuthentication",
    plural: "peerauthentications",
    versions: ["v1", "v1beta1"],
    spec: object({
      selector: object({ matchLabels: TEXT_MAP }),
      mtls: TLS,
      portLevelMtls: { type: "object", additionalProperties: TLS },
    }),
  },
  {
    group: "networking.istio.io",
    kind: "ServiceEntry",
    plural: "serviceentries",
    versions: ["v1"],
    spec: object({
      hosts: TEXTS,
      exportTo: TEXTS,
      resolution: TEXT,
      ports: { type: "array", items: object({ number: { type: "integer" }, name: TEXT, protocol: TEXT }) },
    }),
  },
  {
    group: "spire.spiffe.io",
    kind: "ClusterSPIFFEID",
    plural: "clusterspiffeids",
    versions: ["v1alpha1"],
    cluster: true,
    spec: object({ spiffeIDTemplate: TEXT, podSelector: object({ matchLabels: TEXT_MAP }) }),
  },
] as const;

function definition({ group, kind, plural, versions, spec, ...rest }: (typeof SCHEMAS)[number]): object {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: "cluster" in rest ? "Cluster" : "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: object({ spec }) },
      })),
    },
  };
}

function peerAuthentication(name: string, spec: object, version = "v1") {
  const metadata = { name, namespace: "shop", labels: { owner: "shop-team" } };
  return { apiVersion: `security.istio.io/${version}`, kind: "PeerAuthentication", metadata, spec };
}

function pod(name: string, labels: object, annotations: object = {}) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { ...LABELS, ...labels }, annotations },
    spec: { containers: [{ name: "web", image: "web:1.4.2" }] },
  };
}

const describe = await describeIfAvailable();

describe("meshes on a real API server", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let folder: string;
  const apply = (what: unknown, ...args: string[]) =>
    controlPlane.kubectl(["apply", ...args, "-f", "-"], { input: JSON.stringify(what) });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-mesh-"));
    controlPlane = await startControlPlane();
    await createNamespace(controlPlane, "shop", { ...LABELS, "istio-injection": "enabled" });
    for (const schema of SCHEMAS) {
      const answer = await controlPlane.request(
        "POST",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        definition(schema),
      );
      expect(answer.status).toBe(201);
      const path = `/apis/${schema.group}/${schema.versions[0]}/${schema.plural}`;
      await untilRead(controlPlane, path, ({ status }) => status === 200);
    }
    const certificates = join(folder, "certs");
    const kubeconfig = await controlPlane.kubeconfig();
    ringfence = await startRingfence(["--port", "0", "--cert-dir", certificates, "--kubeconfig", kubeconfig]);
    await registerWebhook(controlPlane, ringfence.port, join(certificates, "ca.crt"));
    const probe = peerAuthentication("probe", { mtls: { mode: "DISABLE" } });
    await waitUntilEffective(controlPlane, { path: PEER_AUTHENTICATIONS, object: probe });
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("mutual TLS: demanded is fine, permissive is denied, in every served version", async () => {
    expect(await apply(peerAuthentication("strict", { mtls: { mode: "STRICT" } }))).toMatchObject({
      code: 0,
      stderr: "",
    });
    for (const version of ["v1", "v1beta1"]) {
      const { code, stderr } = await apply(peerAuthentication("loose", { mtls: { mode: "PERMISSIVE" } }, version));
      expect(code).toBe(1);
      expect(stderr).toContain("mtls-downgrade  spec.mtls: PERMISSIVE accepts plaintext beside mutual TLS");
    }
  });

  test("mutual TLS: a change that opens one port is denied", async () => {
    const selector = { matchLabels: { app: "web" } };
    expect(await apply(peerAuthentication("ports", { selector, mtls: { mode: "STRICT" } }))).toMatchObject({ code: 0 });
    const opened = { selector, mtls: { mode: "STRICT" }, portLevelMtls: { "8080": { mode: "DISABLE" } } };
    const { code, stderr } = await apply(peerAuthentication("ports", opened));
    expect(code).toBe(1);
    expect(stderr).toContain("mtls-downgrade  spec.portLevelMtls[8080]");
  });

  test("the registry: a host of one's own is fine, everything below com is denied", async () => {
    const entry = (hosts: readonly string[]) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "api", namespace: "shop", labels: { owner: "shop-team" } },
      spec: { hosts, exportTo: ["."], resolution: "NONE", ports: [{ number: 443, name: "tls", protocol: "TLS" }] },
    });
    expect(await apply(entry(["api.example.com"]))).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await apply(entry(["api.example.com", "*.com"]));
    expect(code).toBe(1);
    expect(stderr).toContain("mesh-bypass  spec.hosts[1]");
  });

  test("identities: by namespace and service account is fine, by a label is denied", async () => {
    const identity = (path: string) => ({
      apiVersion: "spire.spiffe.io/v1alpha1",
      kind: "ClusterSPIFFEID",
      metadata: { name: "web", labels: { owner: "shop-team" } },
      spec: { spiffeIDTemplate: `spiffe://td/ns/{{ .PodMeta.Namespace }}/${path}` },
    });
    expect(await apply(identity("sa/{{ .PodSpec.ServiceAccountName }}"))).toMatchObject({ code: 0, stderr: "" });
    const { code, stderr } = await apply(identity('{{ index .PodMeta.Labels "app" }}'));
    expect(code).toBe(1);
    expect(stderr).toContain("mesh-bypass  spec.spiffeIDTemplate");
  });

  test("Pods: one that opts out is denied, one after injection is fine", async () => {
    const { code, stderr } = await apply(pod("out", { "sidecar.istio.io/inject": "false" }));
    expect(code).toBe(1);
    expect(stderr).toContain('mesh-bypass  metadata.labels["sidecar.istio.io/inject"]');
    const injected = pod("in", { "security.istio.io/tlsMode": "istio" }, { "sidecar.istio.io/status": "{}" });
    injected.spec.containers.push({ name: "istio-proxy", image: "proxy:1.31.0" });
    expect(await apply(injected)).toMatchObject({ code: 0, stderr: "" });
  });

  test("Pods: the side door pods/status is shut for an annotation, and open for the mesh's own agent", async () => {
    expect(await apply(pod("live", {}))).toMatchObject({ code: 0, stderr: "" });
    const patch = JSON.stringify({ metadata: { annotations: { "ambient.istio.io/redirection": "enabled" } } });
    const args = ["patch", "pod", "live", "-n", "shop", "--subresource=status", "--type=merge", "-p", patch];
    const byHand = await controlPlane.kubectl(args);
    expect(byHand).toMatchObject({ code: 1 });
    expect(byHand.stderr).toContain("mesh-bypass");
    const agent = ["--as=system:serviceaccount:istio-system:istio-cni", "--as-group=system:masters"];
    expect(await controlPlane.kubectl([...args, ...agent])).toMatchObject({ code: 0, stderr: "" });
  });

  test("Namespaces: one can't leave the mesh, and can go to another revision of it", async () => {
    const leave = await controlPlane.kubectl(["label", "namespace", "shop", "istio-injection-"]);
    expect(leave.code).toBe(1);
    expect(leave.stderr).toContain('without "istio-injection" the namespace leaves the mesh');
    const move = await controlPlane.kubectl(["label", "namespace", "shop", "istio-injection-", "istio.io/rev=stable"]);
    expect(move).toMatchObject({ code: 0, stderr: "" });
  });
});
