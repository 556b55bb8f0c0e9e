import { expect, test } from "@jest/globals";
import { readBundle } from "./bundle.ts";
import { defaultSettings, parseSettings, readSettings, SettingsError } from "./settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "./shipped-files.ts";

const { manifest } = readBundle(SHIPPED_BUNDLE);

function parse(block: string) {
  const text = `apiVersion: ringfence.dev/v1alpha1\nkind: Guardrails\nmetadata: {name: a}\n${block}\n`;
  return parseSettings(Buffer.from(text), "settings.yaml", manifest);
}

test("what is left out has its default, which the shipped settings write out", async () => {
  const { defaultDeny, mutate } = defaultSettings(manifest);
  expect(defaultDeny).toEqual({
    mode: "observe",
    template: "auto",
    managers: ["system:serviceaccount:ringfence:ringfence-controller"],
  });
  expect(mutate).toEqual({ policyTypes: false, labelsFromNamespace: [] });
  expect(await readSettings(SHIPPED_SETTINGS, manifest)).toMatchObject({ defaultDeny, mutate });
  expect(parse("defaultDeny: {mode: all-namespaces}").defaultDeny).toEqual({ ...defaultDeny, mode: "all-namespaces" });
});

test.each([
  ["defaultDeny: {mode: everywhere}", "settings.yaml:4:15: /defaultDeny/mode"],
  ["defaultDeny: {template: flannel}", "/defaultDeny/template"],
  ["defaultDeny: {managers: []}", "/defaultDeny/managers"],
  ["defaultDeny: {templates: auto}", 'unknown key "templates" in /defaultDeny'],
  ["mutate: {policyTypes: yes please}", "/mutate/policyTypes"],
  ["mutate: {labelsFromNamespace: [a b]}", "/mutate/labelsFromNamespace/0"],
])("%s is an error with its place", (block, problem) => {
  expect(() => parse(block)).toThrow(SettingsError);
  expect(() => parse(block)).toThrow(problem);
});
