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
  const { exit, stdout, stderr } = await runCli({ args: ["webhook-config", "--ca-file", authority(), ...args] });
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  const { documents, errors } = readYaml(stdout, "webhook-config");
  expect(errors).toEqual([]);
  const [document] = documents;
  expect(document?.value).toMatchObject({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
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
    "fails closed, in time, without side effects",
    async () => {
      const found = await webhook("--url", "https://localhost:8443");
      expect(found).toMatchObject({
        admissionReviewVersions: ["v1"],
        clientConfig: { url: "https://localhost:8443/validate" },
        matchPolicy: "Equivalent",
        failurePolicy: "Fail",
        sideEffects: "None",
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
      const served = READERS.flatMap(({ group, resources }) =>
        resources.flatMap(({ plural, versions, scope, subresources, parent }) =>
          [
            plural,
            ...subresources.map((subresource) => `${plural}/${subresource}`),
            ...(parent === undefined ? [] : [parent]),
          ].map((resource) => ({
            group,
            versions,
            resource,
            scope,
            operations: ["CREATE", "UPDATE"],
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
