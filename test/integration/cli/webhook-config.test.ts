/**
 * @module What `ringfence webhook-config` prints. That an API server takes it and calls the webhook is shown in test/e2e.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { READERS } from "../../../src/apis/registry.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { readYaml } from "../../../src/intake/strict-yaml.ts";
import { runCli } from "./run-cli.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

/** The families of default-deny-protected. */
const JUDGED_DELETIONS: readonly string[] = ["network", "namespace"];

const PATIENCE_MS = 120_000;
let folder = "";
const authority = () => join(folder, "ca.crt");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-webhook-"));
  const { exit } = await runCli({ args: ["certs", "make", "--cert-dir", folder] });
  expect(exit).toBe(0);
}, PATIENCE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The one webhook of the printed configuration, read as strictly as any manifest. */
async function webhook(...args: string[]): Promise<JsonObject> {
  return webhookOf("ValidatingWebhookConfiguration", args);
}

async function webhookOf(kind: string, args: readonly string[]): Promise<JsonObject> {
  const { exit, stdout, stderr } = await runCli({ args: ["webhook-config", "--ca-file", authority(), ...args] });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  const { documents, errors } = readYaml(stdout, "webhook-config");
  expect(errors).toEqual([]);
  const [document] = documents;
  expect(document?.value).toMatchObject({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
  });
  const webhooks = document?.value["webhooks"] as unknown as readonly JsonObject[] | undefined;
  return webhooks?.[0] ?? {};
}

function exempt(found: JsonObject): unknown {
  const { matchExpressions } = found["namespaceSelector"] as unknown as { matchExpressions: JsonObject[] };
  return matchExpressions[0];
}

describe("webhook-config", () => {
  test(
    "fails closed, in time, without side effects in a dry run",
    async () => {
      const found = await webhook("--url", "https://localhost:8443");
      expect(found).toMatchObject({
        admissionReviewVersions: ["v1"],
        clientConfig: { url: "https://localhost:8443/validate" },
        matchPolicy: "Equivalent",
        failurePolicy: "Fail",
        sideEffects: "NoneOnDryRun",
        timeoutSeconds: 5,
      });
    },
    PATIENCE_MS,
  );

  test(
    "carries the certificates of the file, and nothing else of it",
    async () => {
      const found = await webhook("--url", "https://localhost:8443");
      const { caBundle } = found["clientConfig"] as { caBundle: string };
      expect(Buffer.from(caBundle, "base64").toString("utf8")).toBe(readFileSync(authority(), "utf8"));
    },
    PATIENCE_MS,
  );

  test(
    "names exactly the resources that have a reader, and groups that are policy as a whole",
    async () => {
      const all = (await webhook("--url", "https://localhost"))["rules"] as unknown as readonly Rule[];
      const rules = all.filter(({ resources }) => !resources.includes("*"));
      expect(all.filter(({ resources }) => resources.includes("*"))).toEqual([
        {
          apiGroups: ["policy.networking.k8s.io", "security.istio.io", "policy.linkerd.io", "spire.spiffe.io"],
          apiVersions: ["*"],
          operations: ["CREATE", "UPDATE"],
          resources: ["*"],
          scope: "*",
        },
      ]);
      const named = rules.flatMap(({ apiGroups, apiVersions, operations, resources, scope }) =>
        resources.map((resource) => ({ group: apiGroups.join(), versions: apiVersions, resource, scope, operations })),
      );
      const served = READERS.flatMap((reader) =>
        reader.resources.flatMap(({ plural, versions, scope, subresources, parent }) =>
          [
            plural,
            ...subresources.map((subresource) => `${plural}/${subresource}`),
            ...(parent === undefined ? [] : [parent]),
          ].map((resource) => ({
            group: reader.group,
            versions,
            resource,
            scope,
            operations: JUDGED_DELETIONS.includes(reader.read({}).family)
              ? ["CREATE", "UPDATE", "DELETE"]
              : ["CREATE", "UPDATE"],
          })),
        ),
      );
      expect(new Set(named.map((one) => JSON.stringify(one)))).toEqual(
        new Set(served.map((one) => JSON.stringify(one))),
      );
      expect(named.map(({ resource }) => resource)).toEqual(
        expect.arrayContaining(["pods/ephemeralcontainers", "namespaces/status"]),
      );
    },
    PATIENCE_MS,
  );

  test(
    "sends deletions of managed objects alone, and none where nobody judges them",
    async () => {
      const conditions = (found: JsonObject) =>
        (found["matchConditions"] as unknown as readonly { name: string }[]).map(({ name }) => name);
      const shipped = await webhook("--url", "https://localhost");
      expect(conditions(shipped)).toContain("deletions-are-judged-of-managed-objects-alone");

      const off = await webhook("--url", "https://localhost", "--settings", "settings/unprotected.yaml");
      expect(conditions(off)).not.toContain("deletions-are-judged-of-managed-objects-alone");
      expect(JSON.stringify(off["rules"])).not.toContain("DELETE");
    },
    PATIENCE_MS,
  );

  test(
    "has a mutating counterpart for what the settings ask, and for whole objects only",
    async () => {
      const args = ["--url", "https://localhost:8443", "--mutating", "--settings"];
      const types = await webhookOf("MutatingWebhookConfiguration", [...args, "settings/complete-types.yaml"]);
      expect(types).toMatchObject({
        name: "mutate.ringfence.dev",
        clientConfig: { url: "https://localhost:8443/mutate" },
        failurePolicy: "Fail",
        sideEffects: "None",
        reinvocationPolicy: "IfNeeded",
        rules: [
          {
            apiGroups: ["networking.k8s.io"],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["networkpolicies"],
            scope: "Namespaced",
          },
        ],
      });
      const labels = await webhookOf("MutatingWebhookConfiguration", [...args, "settings/complete-labels.yaml"]);
      const rules = labels["rules"] as unknown as readonly Rule[];
      const resources = rules.flatMap((rule) => rule.resources);
      expect(resources).toEqual(
        expect.arrayContaining(["pods", "deployments", "cronjobs", "services", "networkpolicies"]),
      );
      expect(resources.filter((resource) => resource.includes("/"))).toEqual([]);
      expect(resources).not.toContain("bindings");
      expect(resources).not.toContain("namespaces");
      expect(new Set(rules.map(({ scope }) => scope))).toEqual(new Set(["Namespaced"]));
    },
    PATIENCE_MS,
  );

  test(
    "has no mutating counterpart where the settings ask for nothing",
    async () => {
      const { exit, stderr } = await runCli({
        args: ["webhook-config", "--ca-file", authority(), "--url", "https://localhost", "--mutating"],
      });
      expect(exit).toBe(2);
      expect(stderr).toContain(
        "the settings ask for no mutation; set mutate.policyTypes or mutate.labelsFromNamespace",
      );
    },
    PATIENCE_MS,
  );

  test(
    "keeps the namespaces of the settings, of the call and of the webhook itself out",
    async () => {
      const found = await webhook(
        "--service",
        "guard/ringfence:8443",
        "--exempt-namespace",
        "on",
        "--exempt-namespace",
        "010",
      );
      expect(found["clientConfig"]).toMatchObject({
        service: { namespace: "guard", name: "ringfence", port: 8443, path: "/validate" },
      });
      expect(exempt(found)).toEqual({
        key: "kubernetes.io/metadata.name",
        operator: "NotIn",
        values: ["kube-system", "kube-public", "kube-node-lease", "on", "010", "guard"],
      });
    },
    PATIENCE_MS,
  );

  test(
    "leaves patterns of the settings to the engine",
    async () => {
      const found = await webhook("--url", "https://localhost", "--settings", "settings/exempt.yaml");
      expect(exempt(found)).toMatchObject({ values: ["shop"] });
    },
    PATIENCE_MS,
  );
});
