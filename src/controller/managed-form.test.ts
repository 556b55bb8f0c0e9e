import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { ROOT, SHIPPED_DEFAULT_DENY } from "../engine/shipped-files.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { type DefaultDenyTemplate, readTemplates, renderDefaultDeny } from "./default-deny-template.ts";
import { GITOPS_ANNOTATIONS, MANAGED_LABELS } from "../engine/managed-object.ts";
import { ManagedForm } from "./managed-form.ts";
import { managedPolicy } from "./managed-policy.ts";

interface Row {
  readonly why: string;
  readonly wanted?: JsonObject;
  readonly stored: JsonObject;
  /** The answer to a replacement, from which the form learns first. */
  readonly learn?: JsonObject;
  readonly intact: boolean;
}

const PLAIN: JsonObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "ringfence-default-deny", labels: MANAGED_LABELS, annotations: GITOPS_ANNOTATIONS },
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};
const rows = load(readFileSync(join(ROOT, "test/tables/default-deny/intact.yaml"), "utf8")) as readonly Row[];

function overlay(base: JsonValue | undefined, changes: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(base) || !isJsonObject(changes)) return changes ?? undefined;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(changes)) merged.set(key, overlay(merged.get(key), value));
  return Object.fromEntries([...merged].filter(([, value]) => value !== undefined));
}

test.each(rows)("$why", ({ wanted = {}, stored, learn, intact }) => {
  const form = new ManagedForm();
  const [want, have] = [overlay(PLAIN, wanted) as JsonObject, overlay(PLAIN, stored) as JsonObject];
  if (learn !== undefined) {
    const before = form.isIntact(have, want);
    expect(before).toBe(false);
    const learnt = form.learn(overlay(PLAIN, learn) as JsonObject, want);
    // What is learnt is intact itself; what isn't, changes nothing.
    expect(form.isIntact(overlay(PLAIN, learn) as JsonObject, want)).toBe(learnt);
  }
  expect(form.isIntact(have, want)).toBe(intact);
});

let templates: ReadonlyMap<string, DefaultDenyTemplate>;
beforeAll(async () => {
  templates = await readTemplates(SHIPPED_DEFAULT_DENY);
});

test("every shipped template is intact as it is sent, and its key leads back to its namespace", () => {
  expect(templates.size).toBe(5);
  for (const template of templates.values()) {
    const policy = managedPolicy(template);
    const object = policy.render("shop");
    expect(policy.form.isIntact(object, renderDefaultDeny(template, "shop"))).toBe(true);
    const { name, namespace } = object["metadata"] as { name: string; namespace?: string };
    expect(policy.namespaceOf(namespace === undefined ? name : `${namespace}/${name}`)).toBe("shop");
    expect(policy.path("shop")).toContain(policy.collection.slice("/apis/".length).split("/")[0] ?? "?");
  }
});
