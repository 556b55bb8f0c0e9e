import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { stringify } from "yaml";
import { readBundle } from "../engine/bundle.ts";
import { Engine } from "../engine/engine.ts";
import { defaultSettings } from "../engine/settings.ts";
import { ROOT, SHIPPED_BUNDLE, SHIPPED_DEFAULT_DENY } from "../engine/shipped-files.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { isJsonObject } from "../intake/json-value.ts";
import {
  chooseTemplate,
  type DefaultDenyTemplate,
  managedObjectPath,
  managedObjectsPath,
  readTemplate,
  readTemplates,
  renderDefaultDeny,
} from "./default-deny-template.ts";
import { GITOPS_ANNOTATIONS, MANAGED_LABELS } from "../engine/managed-object.ts";

interface Row {
  readonly title: string;
  readonly template: JsonObject;
  readonly problems: readonly string[];
}

const DNS = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } } };
const GOOD: JsonObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "ringfence-default-deny", annotations: { "ringfence.dev/isolates": "ingress, egress" } },
  spec: {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    egress: [{ to: [DNS], ports: [{ protocol: "UDP", port: 53 }] }],
  },
};

const NAMES = ["antrea", "calico", "cilium", "cluster-network-policy", "kubernetes"] as const;
const rows = load(readFileSync(join(ROOT, "test/tables/default-deny/templates.yaml"), "utf8")) as readonly Row[];

let folder = "";
let templates: ReadonlyMap<string, DefaultDenyTemplate>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-templates-"));
  templates = await readTemplates(SHIPPED_DEFAULT_DENY);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shipped(name: (typeof NAMES)[number]): Promise<DefaultDenyTemplate> {
  return chooseTemplate(templates, { template: name }, () => false);
}

describe("the shipped templates", () => {
  test("are these", () => {
    expect([...templates.keys()]).toEqual(NAMES);
  });

  describe.each(NAMES)("%s", (name) => {
    test("isolates what it claims, and is Ringfence's in name, labels and annotations as it is written", async () => {
      const { document } = await shipped(name);
      const rendered = renderDefaultDeny(await shipped(name), "shop");
      const written = JSON.parse(JSON.stringify(document.value).replaceAll("NAMESPACE", "shop")) as JsonObject;
      const metadata = rendered["metadata"] as JsonObject;
      const { namespace, ...rest } = metadata;
      expect({ ...rendered, metadata: rest }).toEqual(written);
      expect(namespace).toBe(name === "cluster-network-policy" ? undefined : "shop");
      expect(metadata["labels"]).toMatchObject(MANAGED_LABELS);
      expect(metadata["annotations"]).toMatchObject(GITOPS_ANNOTATIONS);
    });

    test("meets no guardrail of the shipped settings", async () => {
      const { group, version, kind, ...template } = await shipped(name);
      const object = renderDefaultDeny({ group, version, kind, ...template }, "shop");
      const bundle = readBundle(SHIPPED_BUNDLE);
      const verdict = new Engine(bundle, defaultSettings(bundle.manifest)).judge({
        uid: "1",
        place: "gate",
        operation: "CREATE",
        group,
        version,
        kind,
        namespace: "shop",
        name: "ringfence-default-deny",
        subresource: "",
        user: { name: "", groups: [] },
        object,
        oldObject: null,
        namespaceLabels: null,
      });
      expect(verdict).toMatchObject({ judged: true, findings: [] });
    });
  });

  test("have their place in the API", async () => {
    const kubernetes = await shipped("kubernetes");
    const clusterWide = await shipped("cluster-network-policy");
    expect(managedObjectPath(kubernetes, "shop")).toBe(
      "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/ringfence-default-deny",
    );
    expect(managedObjectsPath(kubernetes)).toBe("/apis/networking.k8s.io/v1/networkpolicies");
    expect(managedObjectPath(clusterWide, "shop")).toBe(
      "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies/ringfence-default-deny-shop",
    );
  });
});

describe("the choice", () => {
  test.each([
    [["kubernetes", "cilium"], "kubernetes"],
    [["cilium", "calico"], "cilium"],
    [["cluster-network-policy"], "cluster-network-policy"],
  ])("of what the cluster serves, %j: %s", async (served, expected) => {
    const { name } = await chooseTemplate(templates, { template: "auto" }, async ({ name: asked }) =>
      served.includes(asked),
    );
    expect(name).toBe(expected);
  });

  test("without any that is served is an error that says what to do", async () => {
    await expect(chooseTemplate(templates, { template: "auto" }, () => false)).rejects.toThrow(
      "the cluster serves none of the APIs that there are templates for",
    );
  });

  test("of a file goes before the choice by name", async () => {
    const { name } = await chooseTemplate(templates, { template: "calico", templateFile: file({}) }, () => true);
    expect(name).toBe(file({}));
  });
});

describe("an organisation's own template", () => {
  test.each(rows)("$title", async ({ template, problems }) => {
    const choice = chooseTemplate(templates, { template: "auto", templateFile: file(template) }, () => false);
    const found = await choice.then(
      () => [],
      (cause: { problems: readonly string[] }) => cause.problems,
    );
    expect(found).toEqual(problems.map((problem) => expect.stringContaining(problem)));
    for (const line of found) expect(line).toMatch(/^\/.*template\.yaml:[0-9]+:[0-9]+: /);
  });

  test.each([
    ["{", "template.yaml:1:"],
    ["", "template.yaml: "],
    [`${stringify(GOOD)}---\n${stringify(GOOD)}`, "a template is one document, not 2"],
  ])("that is no template, row %#", async (text, problem) => {
    const path = join(folder, "template.yaml");
    writeFileSync(path, text);
    await expect(readTemplate(path)).rejects.toThrow(problem);
  });

  test("that isn't there", async () => {
    await expect(readTemplate(join(folder, "none.yaml"))).rejects.toThrow(
      "none.yaml: the template can't be read (ENOENT)",
    );
  });

  test("gets name, labels and annotations even where it has none", async () => {
    const template = await readTemplate(file({ metadata: { labels: null, annotations: null } }));
    expect(renderDefaultDeny(template, "shop")["metadata"]).toEqual({
      name: "ringfence-default-deny",
      namespace: "shop",
      labels: MANAGED_LABELS,
      annotations: GITOPS_ANNOTATIONS,
    });
  });
});

/** Writes a template: the good one with changes, or one of another kind as it is. */
function file(changes: JsonObject): string {
  const path = join(folder, "template.yaml");
  writeFileSync(path, stringify(changes["kind"] === undefined ? overlay(GOOD, changes) : changes));
  return path;
}

/** Objects are merged, null removes, everything else is replaced. */
function overlay(base: JsonValue | undefined, changes: JsonValue): JsonValue {
  if (!isJsonObject(changes) || !isJsonObject(base)) return changes;
  const result: Record<string, JsonValue | undefined> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = overlay(base[key], value ?? null);
  }
  return result;
}
