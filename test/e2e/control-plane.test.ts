/**
 * @module Proves the harness of the end-to-end tests, and the facts about Kubernetes that the product is built on.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { startControlPlane, type ControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { fillIn, postSpec, readTable } from "../controlplane/fact-tables.ts";
import type { SideDoorRow, SpecRow, WebhookAnswerRow } from "../controlplane/fact-tables.ts";
import { createNamespace, untilRead } from "../controlplane/objects.ts";
import { startSmallWebhook, type Answer, type SmallWebhook } from "../controlplane/small-webhook.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { installWebhook, removeWebhook, waitUntilEffective } from "../controlplane/webhooks.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "probe" } };
const CONFIG_MAP_PROBE = { path: CONFIG_MAPS, object: CONFIG_MAP };
const CORE = { apiGroups: [""], apiVersions: ["v1"] };

const allow = (): Answer => ({ response: { allowed: true } });
const deny = (): Answer => ({
  response: { allowed: false, status: { code: 403, message: "because of the guardrail" } },
});

let controlPlane: ControlPlane;
const describe = await describeIfAvailable();

describe("the control plane", () => {
  beforeAll(async () => {
    controlPlane = await startControlPlane({ webhookClientCertificates: true });
  });
  afterAll(() => controlPlane?.stop());

  test("serves the release that the facts are about", async () => {
    const { code, stdout } = await controlPlane.kubectl(["version", "--output=json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ serverVersion: { gitVersion: "v1.36.3", major: "1", minor: "36" } });
  });

  test("knows users and their groups by client certificates", async () => {
    const user = { name: "jane", groups: ["team-a", "team-b"] };
    const whoami = await controlPlane.kubectl(["auth", "whoami", "--output=json"], { user });
    expect(JSON.parse(whoami.stdout)).toMatchObject({
      status: { userInfo: { username: "jane", groups: ["team-a", "team-b", "system:authenticated"] } },
    });
    const refused = await controlPlane.kubectl(["get", "pods"], { user });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('User "jane" cannot list resource "pods"');
  });

  test("makes Pods of a Deployment, pending since there is no node", async () => {
    await createNamespace(controlPlane, "shop");
    const { code } = await controlPlane.kubectl(["create", "deployment", "web", "--image=web", "--namespace=shop"]);
    expect(code).toBe(0);
    const pods = await untilRead(
      controlPlane,
      "/api/v1/namespaces/shop/pods",
      (list) => list.at("/items/0") !== undefined,
    );
    expect(pods.at("/items/0/status/phase")).toBe("Pending");
    expect(pods.at("/items/0/metadata/ownerReferences/0/kind")).toBe("ReplicaSet");
    expect(pods.at("/items/0/spec/serviceAccountName")).toBe("default");
  });

  test("deletes a namespace with everything in it", async () => {
    const namespace = "/api/v1/namespaces/short-lived";
    await createNamespace(controlPlane, "short-lived");
    await controlPlane.kubectl(["create", "deployment", "web", "--image=web", "--namespace=short-lived"]);
    await untilRead(controlPlane, `${namespace}/pods`, (list) => list.at("/items/0") !== undefined);
    await controlPlane.request("DELETE", namespace);
    await untilRead(controlPlane, namespace, ({ status }) => status === 404);
  });

  describe("with a webhook", () => {
    const name = "answers.ringfence.test";
    let webhook: SmallWebhook;

    beforeAll(async () => {
      webhook = await startSmallWebhook(controlPlane.authority, controlPlane.webhookClientAuthority);
      webhook.answer = deny;
      await installWebhook(controlPlane, {
        name,
        url: webhook.url,
        path: "/validate",
        caBundle: controlPlane.authority.certificate,
        rules: [{ ...CORE, operations: ["CREATE", "DELETE"], resources: ["configmaps"] }],
        matchConditions: [
          { name: "not-exempt", expression: "object == null || !has(object.data) || !('exempt' in object.data)" },
        ],
      });
      await waitUntilEffective(controlPlane, CONFIG_MAP_PROBE);
      webhook.calls.length = 0;
    });
    afterEach(() => {
      webhook.answer = deny;
      webhook.calls.length = 0;
    });
    afterAll(async () => {
      await removeWebhook(controlPlane, { name }, CONFIG_MAP_PROBE);
      await webhook.close();
    });

    test("kubectl shows its message", async () => {
      const { code, stderr } = await controlPlane.kubectl(["create", "configmap", "refused"]);
      expect(code).toBe(1);
      expect(stderr).toContain(`admission webhook "${name}" denied the request: because of the guardrail`);
    });

    test("kubectl prints its warnings", async () => {
      webhook.answer = () => ({ response: { allowed: true, warnings: ["expires tomorrow"] } });
      const { code, stderr } = await controlPlane.kubectl(["create", "configmap", "warned"]);
      expect(code).toBe(0);
      expect(stderr).toContain("Warning: expires tomorrow");
    });

    test("it knows a dry run, its deadline and the API server", async () => {
      webhook.answer = allow;
      await controlPlane.kubectl(["create", "configmap", "dry", "--dry-run=server"]);
      await controlPlane.kubectl(["create", "configmap", "real"]);
      const dryRuns = webhook.calls.map(({ request }) => `${request.name} ${request.dryRun}`);
      expect(dryRuns).toEqual(["dry true", "real false"]);
      expect(webhook.calls[0]).toMatchObject({ path: "/validate?timeout=5s", client: "kube-apiserver" });
    });

    test("it is not called where its match conditions don't hold", async () => {
      const { code } = await controlPlane.kubectl(["create", "configmap", "exempt", "--from-literal=exempt=yes"]);
      expect(code).toBe(0);
      expect(webhook.calls).toEqual([]);
    });

    test("it sees the generated name, in the request and in the object", async () => {
      await controlPlane.request("POST", CONFIG_MAPS, { ...CONFIG_MAP, metadata: { generateName: "some-" } });
      const request = webhook.calls[0]?.request;
      expect(request?.name).toMatch(/^some-./u);
      expect(request?.object?.metadata.name).toBe(request?.name);
    });

    test("a collection is deleted by one call for each object, old object only, without a name", async () => {
      const configMaps = "/api/v1/namespaces/collection/configmaps";
      webhook.answer = allow;
      await createNamespace(controlPlane, "collection");
      await controlPlane.request("POST", configMaps, CONFIG_MAP);
      webhook.calls.length = 0;
      await controlPlane.request("DELETE", configMaps);
      const deletion = webhook.calls.find(({ request }) => request.oldObject?.metadata.name === "probe");
      expect(deletion?.request).toMatchObject({ operation: "DELETE", object: null, namespace: "collection" });
      expect(deletion?.request.name).toBeUndefined();
    });

    test("warnings of more than 4096 characters in all are cut to 256 each", async () => {
      const warnings = ["a", "b", "c"].map((letter) => letter.repeat(1_400));
      webhook.answer = () => ({ response: { allowed: true, warnings } });
      const answer = await controlPlane.request("POST", `${CONFIG_MAPS}?dryRun=All`, CONFIG_MAP);
      expect(answer.warnings.map((warning) => warning.length)).toEqual([256, 256, 256]);
    });

    test.each(readTable<WebhookAnswerRow>("webhook-answers"))("answer: $case", async (row) => {
      webhook.answer = () => ({ status: row.http ?? 200, response: row.answer });
      const { status, warnings, at } = await controlPlane.request("POST", `${CONFIG_MAPS}?dryRun=All`, CONFIG_MAP);
      expect({ status, warnings }).toEqual({ status: row.status, warnings: row.warnings ?? [] });
      if (row.message !== undefined) expect(at("/message")).toContain(row.message);
    });
  });

  test("refuses while a webhook that must answer is down, and lets through while one that may fail is", async () => {
    const down = {
      name: "down.ringfence.test",
      url: "https://127.0.0.1:1",
      caBundle: controlPlane.authority.certificate,
      rules: [{ ...CORE, operations: ["CREATE"], resources: ["configmaps"] }],
    };
    await installWebhook(controlPlane, down);
    const refusal = await waitUntilEffective(controlPlane, CONFIG_MAP_PROBE, ({ status }) => status >= 300);
    expect(refusal.status).toBe(500);
    expect(refusal.at("/message")).toContain('failed calling webhook "down.ringfence.test"');
    await installWebhook(controlPlane, { ...down, failurePolicy: "Ignore" });
    await waitUntilEffective(controlPlane, CONFIG_MAP_PROBE, ({ status }) => status === 201);
    await removeWebhook(controlPlane, down, CONFIG_MAP_PROBE);
  });

  test("applies the patch of a mutating webhook, which is called before a name is generated", async () => {
    const webhook = await startSmallWebhook(controlPlane.authority, controlPlane.webhookClientAuthority);
    const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels", value: { patched: "yes" } }]));
    webhook.answer = () => ({ response: { allowed: true, patchType: "JSONPatch", patch } });
    const installation = {
      name: "patches.ringfence.test",
      kind: "mutating",
      url: webhook.url,
      caBundle: controlPlane.authority.certificate,
      rules: [{ ...CORE, operations: ["CREATE"], resources: ["configmaps"] }],
    } as const;
    await installWebhook(controlPlane, installation);
    const probe = { path: CONFIG_MAPS, object: { ...CONFIG_MAP, metadata: { generateName: "some-" } } };
    await waitUntilEffective(controlPlane, probe, ({ at }) => at("/metadata/labels/patched") === "yes");
    expect(webhook.calls[0]?.request.name).toBeUndefined();
    expect(webhook.calls[0]?.request.object?.metadata.name).toBeUndefined();
    await removeWebhook(controlPlane, installation, probe);
    await webhook.close();
  });

  describe("NetworkPolicy", () => {
    const collection = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
    const type = '"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy"';
    test.each(readTable<SpecRow>("network-policy"))("$case", (row) => checkSpec(collection, type, row));
  });

  describe("custom resource", () => {
    const collection = "/apis/test.ringfence.dev/v1/namespaces/default/samples";
    const type = '"apiVersion":"test.ringfence.dev/v1","kind":"Sample"';
    beforeAll(async () => {
      const definition = join(import.meta.dirname, "../controlplane/tables/sample-definition.yaml");
      await controlPlane.kubectl(["apply", `--filename=${definition}`]);
      await untilRead(controlPlane, collection, ({ status }) => status === 200);
    });
    test.each(readTable<SpecRow>("custom-resource"))("$case", (row) => checkSpec(collection, type, row));
  });

  describe("side door", () => {
    const operations = ["CREATE", "UPDATE"];
    let webhook: SmallWebhook;

    beforeAll(async () => {
      webhook = await startSmallWebhook(controlPlane.authority, controlPlane.webhookClientAuthority);
      webhook.answer = deny;
      const caBundle = controlPlane.authority.certificate;
      const install = (path: string, resources: string[]) =>
        installWebhook(controlPlane, {
          name: `${path}.doors.ringfence.test`,
          url: webhook.url,
          path: `/${path}`,
          caBundle,
          rules: [{ ...CORE, operations, resources }],
        });
      await install("main", ["pods", "namespaces"]);
      await install("sub", ["pods/*", "namespaces/*"]);
      await waitUntilEffective(controlPlane, { path: "/api/v1/namespaces", object: { metadata: { name: "probe" } } });
      const patchStatus = () => controlPlane.request("PATCH", "/api/v1/namespaces/default/status?dryRun=All", {});
      await eventually("the webhook for subresources", patchStatus, ({ status }) => status === 403);
      webhook.answer = allow;
    });
    afterAll(async () => {
      const probe = { path: "/api/v1/namespaces", object: { metadata: { name: "probe" } } };
      await webhook.close();
      await removeWebhook(controlPlane, { name: "sub.doors.ringfence.test" }, CONFIG_MAP_PROBE);
      await removeWebhook(controlPlane, { name: "main.doors.ringfence.test" }, probe);
    });

    test.each(readTable<SideDoorRow>("side-doors"))("$case", async (template) => {
      const namespace = `door-${randomUUID()}`;
      const row = fillIn(template, { namespace });
      await createNamespace(controlPlane, namespace);
      const pod = { metadata: { name: "target" }, spec: { containers: [{ name: "web", image: "web" }] } };
      await controlPlane.request("POST", `/api/v1/namespaces/${namespace}/pods`, pod);
      webhook.calls.length = 0;

      const answer = await controlPlane.request(row.method, row.path, row.body);
      expect(answer.status).toBeLessThan(300);
      const object = await controlPlane.request("GET", row.reads);
      expect(object.at("/metadata/labels/door") ?? null).toBe(row.door);
      if (row.also !== undefined) expect(object.at(row.also.pointer)).toEqual(row.also.value);
      const seen = webhook.calls.map(({ path, request: { operation, resource, subResource } }) =>
        [path.split("?")[0], operation, `${resource.resource}/${subResource}`].join(" "),
      );
      expect(seen).toEqual([`/sub ${row.seen}`]);
    });
  });

  test("forgets old revisions by a compaction and a restart of the API server", async () => {
    const revision = await controlPlane.compact();
    await controlPlane.restartApiServer(async () => {
      await expect(controlPlane.request("GET", "/readyz")).rejects.toThrow("ECONNREFUSED");
    });
    const old = `/api/v1/namespaces?resourceVersion=${revision - 1}`;
    // etcd answers the first (and would know an old revision without the compaction), the new watch cache the second.
    expect((await controlPlane.request("GET", `${old}&resourceVersionMatch=Exact`)).status).toBe(410);
    expect((await controlPlane.request("GET", `${old}&watch=1&timeoutSeconds=1`)).at("/object/code")).toBe(410);
  });
});

async function checkSpec(collection: string, type: string, row: SpecRow): Promise<void> {
  const { answer, stored } = await postSpec(controlPlane, collection, type, row);
  const warnings = row.warning === undefined ? [] : [expect.stringContaining(row.warning)];
  expect({ status: answer.status, warnings: answer.warnings }).toEqual({ status: row.status, warnings });
  if (row.refused !== undefined) expect(answer.at("/message")).toContain(row.refused);
  for (const [field, value] of Object.entries(row.stored ?? {})) {
    expect({ [field]: stored(field) }).toEqual({ [field]: value });
  }
}
