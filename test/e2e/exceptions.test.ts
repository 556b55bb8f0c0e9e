/**
 * @module Exceptions on a real API server: asked for and approved with the commands, applied with kubectl, and then
 * defaulted, mutated, widened, narrowed, carried to Pods and ended.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeKeyPair } from "../../src/exceptions/signing-key.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { registerWebhook, type RingfenceProcess, startRingfence } from "./ringfence-process.ts";

const PROGRAM = join(import.meta.dirname, "../../src/cli/ringfence.ts");
const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";

// Written as people do: no defaults, one-line lists. The API server stores it in another form.
const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: NAME
  namespace: shop
  labels: {owner: shop-team}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - from: [{namespaceSelector: {}}]
    - from: [{podSelector: {matchLabels: {app: client}}}]
      ports: [{port: 8443}]
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: scanner
  namespace: shop
  labels: {owner: shop-team, security-domain: app}
spec:
  selector: {matchLabels: {app: scanner}}
  template:
    metadata:
      labels: {app: scanner, owner: shop-team, security-domain: app}
    spec:
      hostNetwork: true
      containers: [{name: scanner, image: scanner}]
`;

const describe = await describeIfAvailable();

describe("exceptions on a real API server", () => {
  let controlPlane: ControlPlane;
  let ringfence: RingfenceProcess;
  let folder: string;

  const at = (name: string) => join(folder, name);
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [PROGRAM, ...args, "--settings", at("guardrails.yaml")]);
  const kubectl = (...args: string[]) => controlPlane.kubectl(args);

  /** Writes a file, asks for an exception in it, and has it approved. */
  async function approved(name: string, text: string, guardrail: string, ttl: string): Promise<string> {
    const file = at(name);
    await writeFile(file, text);
    const reason = ["--reason", "SEC-123: until the scanner has fixed addresses", "--requester", "alice"];
    await run("exception", "request", "-f", file, "--guardrail", guardrail, "--ttl", ttl, ...reason);
    await run("exception", "approve", "-f", file, "--key", at("bob.jwk"), "--approver", "bob", "--yes");
    return file;
  }

  async function changed(file: string, from: string, to: string): Promise<string> {
    const other = `${file}.changed.yaml`;
    const text = await readFile(file, "utf8");
    expect(text).toContain(from);
    await writeFile(other, text.replace(from, to));
    return other;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-e2e-"));
    const { publicJwk, privateJwk } = makeKeyPair("ES256", "bob");
    await writeFile(at("approvers.json"), JSON.stringify({ keys: [publicJwk] }));
    await writeFile(at("bob.jwk"), JSON.stringify(privateJwk), { mode: 0o600 });
    const exceptions = { audience: "prod", keys: { file: "approvers.json" } };
    const settings = {
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "Guardrails",
      metadata: { name: "e2e" },
      exceptions,
    };
    await writeFile(at("guardrails.yaml"), JSON.stringify(settings));
    controlPlane = await startControlPlane();
    await createNamespace(controlPlane, "shop", { owner: "shop-team", "security-domain": "app" });
    const kubeconfig = await controlPlane.kubeconfig();
    const files = ["--cert-dir", at("certs"), "--kubeconfig", kubeconfig, "--settings", at("guardrails.yaml")];
    ringfence = await startRingfence(["--port", "0", "--drain-seconds", "1", ...files]);
    await registerWebhook(controlPlane, ringfence.port, at("certs/ca.crt"));
    const wide = { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] };
    const probe = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "probe" },
      spec: wide,
    };
    await waitUntilEffective(controlPlane, { path: POLICIES, object: probe });
  });
  afterAll(async () => {
    await ringfence?.stop();
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("what was approved is applied, however it is applied, defaulted and touched by others", async () => {
    const file = await approved("web.yaml", POLICY.replace("NAME", "web"), "any-any", "20d");

    expect((await kubectl("apply", "-f", file)).stderr).toBe("");
    // What the API server stored has defaults that the file doesn't have.
    const { stdout } = await kubectl("get", "networkpolicy/web", "-n", "shop", "-o", "yaml");
    expect(stdout).toContain("protocol: TCP");
    await writeFile(at("stored.yaml"), stdout);
    expect((await run("check", at("stored.yaml"))).stdout).toContain("1 excused");
    expect((await kubectl("apply", "--server-side", "--force-conflicts", "-f", file)).code).toBe(0);
    expect((await kubectl("label", "networkpolicy/web", "-n", "shop", "team=a")).code).toBe(0);
    expect((await kubectl("replace", "-f", at("stored.yaml"))).stderr).not.toContain("denied");
  });

  test("wider is denied, with the reason; narrower passes", async () => {
    const file = at("web.yaml");
    const wider = await changed(
      file,
      "[{namespaceSelector: {}}]",
      "[{namespaceSelector: {}}, {ipBlock: {cidr: 192.0.2.1/32}}]",
    );
    const denied = await kubectl("apply", "-f", wider);
    const narrower = await changed(file, "{namespaceSelector: {}}", "{namespaceSelector: {matchLabels: {team: a}}}");

    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain("exception-outgrown  spec.ingress[0]: the exception");
    expect((await kubectl("apply", "-f", narrower)).code).toBe(0);
    expect((await kubectl("apply", "-f", file)).code).toBe(0);
  });

  test("a copy for another object is denied", async () => {
    const copy = await changed(at("web.yaml"), "name: web\n", "name: api\n");
    const { code, stderr } = await kubectl("apply", "-f", copy);

    expect(code).toBe(1);
    expect(stderr).toContain(
      "exception-invalid  metadata.annotations: the exception from any-any doesn't count: wrong-object",
    );
  });

  test("a Deployment's exception reaches the Pods that its controllers make, and no others", async () => {
    const file = await approved("scanner.yaml", DEPLOYMENT, "host-network", "20d");
    expect((await kubectl("apply", "-f", file)).stderr).toBe("");
    const pods = await eventually(
      "the Deployment's Pod",
      async () => JSON.parse((await kubectl("get", "pods", "-n", "shop", "-l", "app=scanner", "-o", "json")).stdout),
      ({ items }) => items.length === 1,
    );
    const [pod] = pods.items;
    // The same Pod, made by hand: owner, labels and approval are all there.
    const { annotations, labels, ownerReferences } = pod.metadata;
    const forged = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "scanner-mine", namespace: "shop", annotations, labels, ownerReferences },
      spec: { hostNetwork: true, containers: [{ name: "mine", image: "mine" }] },
    };
    const { code, stderr } = await controlPlane.kubectl(["create", "-f", "-"], { input: JSON.stringify(forged) });

    expect(code).toBe(1);
    expect(stderr).toContain("the exception from host-network doesn't count: wrong-object");
  });

  test("after the end nothing new is let in, and nobody is locked out", async () => {
    const file = await approved("brief.yaml", POLICY.replace("NAME", "brief"), "any-any", "15s");
    const applied = await kubectl("apply", "-f", file);
    expect({ code: applied.code, warned: applied.stderr.includes("excused until") }).toEqual({ code: 0, warned: true });
    await eventually(
      "the end",
      async () => kubectl("label", "networkpolicy/brief", "-n", "shop", "--overwrite", `at=t${Date.now()}`),
      ({ code, stderr }) => code === 0 && stderr.includes("exception-expired"),
      60_000,
    );
    const narrower = await changed(file, "{namespaceSelector: {}}", "{namespaceSelector: {matchLabels: {team: a}}}");
    const wider = await changed(
      narrower,
      "{namespaceSelector: {matchLabels: {team: a}}}",
      "{ipBlock: {cidr: 0.0.0.0/0}}",
    );

    expect((await kubectl("apply", "-f", wider)).stderr).toContain("any-any");
    expect((await kubectl("apply", "-f", narrower)).code).toBe(0);
    expect((await kubectl("delete", "networkpolicy/brief", "-n", "shop")).code).toBe(0);
    const again = await kubectl("apply", "-f", file);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("exception-expired  metadata.annotations: the exception");
  });
});
