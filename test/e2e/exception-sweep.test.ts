/**
 * @module The end of exceptions on a real API server: told without any write, and taken away where settings say so. The
 * controller runs with the roles that `ringfence rbac` prints.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type ClusterClient, connectCluster } from "../../src/controller/cluster-client.ts";
import { ExceptionSweep, type ExceptionSweepParts } from "../../src/controller/exception-sweep.ts";
import { CurrentTerm } from "../../src/controller/leader-term.ts";
import { LiveEngine } from "../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE } from "../../src/engine/shipped-files.ts";
import { makeKeyPair } from "../../src/exceptions/signing-key.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { createNamespace } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { waitUntilEffective } from "../controlplane/webhooks.ts";
import { OWN_NAMESPACE, makeNamespace } from "./default-deny-parts.ts";
import {
  registerWebhook,
  type RingfenceProcess,
  runRingfence,
  startController,
  startRingfence,
} from "./ringfence-process.ts";

const PROGRAM = join(import.meta.dirname, "../../src/cli/ringfence.ts");
const POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies";
const START_LIMIT_MS = 120_000;
const SILENT = { replaced: () => undefined, refused: () => undefined };
const TEN_YEARS = 10 * 365 * 86_400;

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

const describe = await describeIfAvailable();

describe("exceptions that end", () => {
  let cluster: ControlPlane;
  let webhook: RingfenceProcess;
  let controller: RingfenceProcess;
  let folder: string;
  let kubeconfig: string;

  const at = (name: string) => join(folder, name);
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [PROGRAM, ...args, "--settings", at("guardrails.yaml")]);
  const kubectl = (...args: string[]) => cluster.kubectl(args);

  async function writeSettings(more: object = {}): Promise<void> {
    const settings = {
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "Guardrails",
      metadata: { name: "e2e" },
      exceptions: { audience: "prod", keys: { file: "approvers.json" }, sweepSeconds: 1, ...more },
    };
    await writeFile(at("guardrails.yaml"), JSON.stringify(settings));
  }

  /** Asks for an exception in a policy and has it approved. */
  async function approved(name: string, ttl: string, renews = false): Promise<string> {
    const file = at(`${name}.yaml`);
    if (!renews) await writeFile(file, POLICY.replace("NAME", name));
    const reason = ["--reason", "SEC-123: until the scanner has fixed addresses", "--requester", "alice"];
    await run("exception", "request", "-f", file, "--guardrail", "any-any", "--ttl", ttl, ...reason);
    await run("exception", "approve", "-f", file, "--key", at("bob.jwk"), "--approver", "bob", "--yes");
    return file;
  }

  async function events(name: string, reason: string): Promise<readonly { message: string }[]> {
    const fields = `involvedObject.name=${name},reason=${reason}`;
    const { stdout } = await kubectl("get", "events", "-n", "shop", `--field-selector=${fields}`, "-o", "json");
    return JSON.parse(stdout).items;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-sweep-"));
    const { publicJwk, privateJwk } = makeKeyPair("ES256", "bob");
    await writeFile(at("approvers.json"), JSON.stringify({ keys: [publicJwk] }));
    await writeFile(at("bob.jwk"), JSON.stringify(privateJwk), { mode: 0o600 });
    await writeSettings({ atEnd: "remove" });
    cluster = await startControlPlane();
    await makeNamespace(cluster, OWN_NAMESPACE);
    await createNamespace(cluster, "shop", { owner: "shop-team", "security-domain": "app" });
    const roles = await runRingfence(["rbac", "--settings", at("guardrails.yaml")]);
    expect(await cluster.kubectl(["apply", "-f", "-"], { input: roles })).toMatchObject({ code: 0, stderr: "" });
    await writeSettings();
    kubeconfig = await cluster.kubeconfig({ name: `system:serviceaccount:${OWN_NAMESPACE}:ringfence-controller` });
    const files = ["--kubeconfig", kubeconfig, "--settings", at("guardrails.yaml"), "--reload-seconds", "1"];
    webhook = await startRingfence(["--port", "0", "--drain-seconds", "1", "--cert-dir", at("certs"), ...files]);
    controller = await startController(files);
    await registerWebhook(cluster, webhook.port, at("certs/ca.crt"));
    const spec = { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] };
    const probe = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "probe" }, spec };
    await waitUntilEffective(cluster, { path: POLICIES, object: probe });
  }, START_LIMIT_MS);
  afterAll(async () => {
    await controller?.stop();
    await webhook?.stop();
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  test("are told of without a write; then nothing new is let in until they are renewed", async () => {
    const file = await approved("brief", "15s");
    expect((await kubectl("apply", "-f", file)).code).toBe(0);
    const [ending] = await eventually(
      "the warning",
      () => events("brief", "ExceptionExpiring"),
      (found) => found.length > 0,
    );
    expect(ending?.message).toContain("in less than 1 hour");
    const ended = await eventually(
      "the end",
      () => events("brief", "ExceptionExpired"),
      (found) => found.length > 0,
      40_000,
    );
    expect(ended.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the exception \S+ from any-any at spec\.ingress\[0\] ended at .* still there/),
    ]);
    expect(controller.output()).toContain("an exception has ended, and what it excused is still there");
    const metrics = await (await fetch(`http://127.0.0.1:${controller.port}/metrics`)).text();
    expect(metrics).toMatch(
      /ringfence_exception_expiry_timestamp_seconds\{kind="NetworkPolicy",namespace="shop",name="brief",guardrail="any-any"\} \d{10}\n/,
    );
    expect(metrics).toContain('ringfence_exceptions{state="ended"} 1');
    expect(metrics).toContain("ringfence_exception_sweep_problems 0");

    // Many sweeps later there is still one Event of each, and an update that changes nothing of the rules passes.
    expect((await kubectl("label", "networkpolicy/brief", "-n", "shop", "team=a")).code).toBe(0);
    expect(await events("brief", "ExceptionExpired")).toHaveLength(1);

    expect((await kubectl("delete", "networkpolicy/brief", "-n", "shop")).code).toBe(0);
    const denied = await kubectl("apply", "-f", file);
    expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining("exception-expired") });

    await approved("brief", "1h", true);
    expect((await kubectl("apply", "-f", file)).code).toBe(0);
    await eventually(
      "the renewal to be seen",
      async () => (await fetch(`http://127.0.0.1:${controller.port}/metrics`)).text(),
      (text) => text.includes('ringfence_exceptions{state="ended"} 0'),
    );
  });

  test("lose the rule and nothing else where settings say so", async () => {
    const file = await approved("gone", "8s");
    expect((await kubectl("apply", "-f", file)).code).toBe(0);
    await writeSettings({ atEnd: "remove" });
    const look = async () =>
      JSON.parse((await kubectl("get", "networkpolicy/gone", "-n", "shop", "-o", "json")).stdout);
    const before = await look();
    const after = await eventually("the rule to go", look, ({ spec }) => spec.ingress.length === 1, 40_000);

    expect(after.spec).toEqual({ ...before.spec, ingress: [before.spec.ingress[1]] });
    expect(after.metadata.annotations).toEqual(before.metadata.annotations);
    expect(await look()).toEqual(after);
    // The other policy's exception holds.
    expect((await kubectl("get", "networkpolicy/brief", "-n", "shop", "-o", "json")).stdout).toContain(
      '"namespaceSelector"',
    );
  });

  describe("with a clock that is wrong", () => {
    let client: ClusterClient;
    let live: LiveEngine;

    beforeAll(async () => {
      for (const name of ["one", "two", "three", "four"]) {
        expect((await kubectl("apply", "-f", await approved(name, "1d"))).code).toBe(0);
      }
      await writeSettings({ atEnd: "remove" });
      client = await connectCluster({ kubeconfig });
      live = await LiveEngine.start({ bundle: SHIPPED_BUNDLE, settings: at("guardrails.yaml") }, SILENT);
    }, START_LIMIT_MS);
    afterAll(() => client?.close());

    /** Sweeps until a problem is told. */
    async function problemsOf(parts: Partial<ExceptionSweepParts>): Promise<readonly string[]> {
      const told = Promise.withResolvers<readonly string[]>();
      const removed: string[] = [];
      const sweep = new ExceptionSweep({
        client,
        engine: () => live.current,
        namespaceLabels: () => ({ owner: "shop-team", "security-domain": "app" }),
        observer: { problems: told.resolve, removed: ({ name }) => removed.push(name) },
        ...parts,
      });
      const term = new CurrentTerm(performance.now() + 60_000);
      const leading = sweep.lead(term);
      const problems = await told.promise;
      term.end("the test is over");
      await leading;
      expect(removed).toEqual([]);
      return problems;
    }

    const later = () => Math.floor(Date.now() / 1000) + TEN_YEARS;

    test("nothing is done while it isn't the API server's", async () => {
      expect(await problemsOf({ clock: later })).toEqual([
        expect.stringMatching(/^paused: this clock and the API server's are \d+ s apart/),
      ]);
    });

    test("nothing is removed where the API server's is wrong too", async () => {
      const shifted: ExceptionSweepParts["client"] = {
        watch: (request) => client.watch(request),
        request: async (request) => {
          const answer = await client.request(request);
          return { ...answer, headers: { ...answer.headers, date: new Date(later() * 1000).toUTCString() } };
        },
      };
      expect(await problemsOf({ clock: later, client: shifted })).toEqual([
        expect.stringMatching(
          /^nothing is removed: the rules of \d objects are due at once, and at most 1 of \d may be/,
        ),
      ]);
    });
  });

  test("a kind that may not be watched is named", async () => {
    const nobody = await connectCluster({ kubeconfig: await cluster.kubeconfig({ name: "nobody" }) });
    const live = await LiveEngine.start({ bundle: SHIPPED_BUNDLE, settings: at("guardrails.yaml") }, SILENT);
    const told = Promise.withResolvers<readonly string[]>();
    const sweep = new ExceptionSweep({
      client: nobody,
      engine: () => live.current,
      namespaceLabels: () => null,
      observer: { problems: told.resolve },
    });
    const term = new CurrentTerm(performance.now() + 60_000);
    const leading = sweep.lead(term);
    const problems = await told.promise;
    term.end("the test is over");
    await leading;
    nobody.close();

    expect(problems).toContainEqual(
      expect.stringMatching(
        /^exceptions on networking\.k8s\.io\/v1 NetworkPolicy aren't watched.*cannot list resource/,
      ),
    );
  });
});
