import { expect, test } from "@jest/globals";
import { readBundle } from "./bundle.ts";
import { domainMaps } from "./domain-settings.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { SHIPPED_BUNDLE } from "./shipped-files.ts";

const { manifest } = readBundle(SHIPPED_BUNDLE);

function settings(parameters: string, mode = "enforce", lock = "enforce"): Settings {
  const text = `
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
metadata: {name: t}
guardrails:
  label-lock: {mode: "${lock}", parameters: {domainKeys: [security-domain, tenant]}}
  domain-flow: {mode: "${mode}", parameters: ${parameters}}
`;
  return parseSettings(new TextEncoder().encode(text), "guardrails.yaml", manifest);
}

const MATRIX = 'matrix: [{from: a, to: b, ports: ["TCP 443"]}]';

test.each([
  ["without a matrix", settings("{}")],
  ["switched off", settings(`{${MATRIX}}`, "off")],
])("nothing is computed %s", (_name, given) => {
  expect(domainMaps(given)).toBeUndefined();
});

test("a matrix asks for domains, a label of tenants for tenants", () => {
  expect(Object.keys(domainMaps(settings(`{${MATRIX}}`)) ?? {})).toEqual(["domains"]);
  expect(Object.keys(domainMaps(settings("{tenantLabel: tenant}")) ?? {})).toEqual(["tenants"]);
  expect(Object.keys(domainMaps(settings(`{${MATRIX}, tenantLabel: tenant}`)) ?? {})).toEqual(["domains", "tenants"]);
});

test.each([
  ["enforced", "enforce", "security-domain", true],
  ["that only warns", "warn", "security-domain", false],
  ["of other labels", "enforce", "zone", false],
])("a Pod's own label is a fact by a lock %s", (_name, mode, label, expected) => {
  const maps = domainMaps(settings(`{${MATRIX}, label: ${label}}`, "enforce", mode));

  expect(maps?.domains?.podLabelIsFact).toBe(expected);
});

test("where namespaces and addresses are", () => {
  const maps = domainMaps(
    settings(`{${MATRIX}, tenantLabel: tenant,
      namespaces: [{names: [a, "b-*"], domain: x}, {names: [c], domain: "", tenant: t}],
      addresses: [{cidrs: [10.1.0.0/16, 10.2.0.0/16], domain: x, tenant: t}, {cidrs: [10.3.0.0/16], domain: outside}]}`),
  );

  expect(maps?.domains?.namespaces).toEqual([
    { name: { match: "exact", value: "a" }, place: { kind: "domain", name: "x" } },
    { name: { match: "prefix", value: "b-" }, place: { kind: "domain", name: "x" } },
    { name: { match: "exact", value: "c" }, place: { kind: "unlabelled" } },
  ]);
  expect(maps?.tenants?.namespaces).toEqual([
    { name: { match: "exact", value: "c" }, place: { kind: "domain", name: "t" } },
  ]);
  expect(maps?.domains?.addresses.map(({ set, place }) => [set.prefixes(), place])).toEqual([
    [["10.1.0.0/16", "10.2.0.0/16"], { kind: "domain", name: "x" }],
    [["10.3.0.0/16"], { kind: "outside" }],
  ]);
  expect(maps?.tenants?.addresses.map(({ place }) => place)).toEqual([
    { kind: "domain", name: "t" },
    { kind: "outside" },
  ]);
});

test.each([
  [
    "addresses: [{cidrs: [10.1.0.0/16, ten], domain: x}]",
    '/guardrails/domain-flow/parameters/addresses/0/cidrs/1: "ten" is no CIDR',
  ],
  ['matrix: [{from: a, to: b, ports: ["443"]}]', "/guardrails/domain-flow/parameters/matrix/0/ports/0"],
  ["matrix: [{from: a, to: b}]", "/guardrails/domain-flow/parameters/matrix/0"],
])("refuses %s", (parameters, message) => {
  expect(() => settings(`{${parameters}}`)).toThrow(message);
});
