/**
 * @module The settings' part about exceptions, through the schema and completed.
 */
import { describe, expect, test } from "@jest/globals";
import { readBundle } from "./bundle.ts";
import { parseSettings, SettingsError } from "./settings.ts";
import { SHIPPED_BUNDLE } from "./shipped-files.ts";

const { manifest } = readBundle(SHIPPED_BUNDLE);
const DAY = 86_400;

function settingsWith(exceptions: unknown) {
  const document = {
    apiVersion: "ringfence.dev/v1alpha1",
    kind: "Guardrails",
    metadata: { name: "test" },
    ...(exceptions === undefined ? {} : { exceptions }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  return parseSettings(bytes, "/etc/ringfence/guardrails.yaml", manifest).exceptions;
}

describe("what is left out", () => {
  const { audience, keys, controllers, revoked, limits } = settingsWith(undefined);

  test("without an audience and keys no approval counts", () => {
    expect({ audience, keys }).toEqual({ audience: null, keys: null });
  });

  test("every guardrail has limits", () => {
    expect(Object.keys(limits).toSorted()).toEqual(manifest.guardrails.map(({ slug }) => slug).toSorted());
    expect(limits["any-any"]).toEqual({
      longest: 30 * DAY,
      approvals: 1,
      renewals: 2,
      longestInAll: 90 * DAY,
      reasonPattern: "\\S",
      unsigned: { allowed: false, longest: DAY },
    });
  });

  test("the controllers of Kubernetes bring exceptions to Pods", () => {
    expect(controllers).toContain("system:serviceaccount:kube-system:replicaset-controller");
    expect(controllers).toHaveLength(7);
  });

  test("nothing is revoked", () => {
    expect(revoked).toEqual({ ids: [], keys: [], issuedBefore: null });
  });
});

test("a guardrail's own limits are laid over the default ones", () => {
  const { limits } = settingsWith({
    limits: {
      default: { longest: "14d", approvals: 2, unsigned: { longest: "8h" } },
      "any-any": { longest: "12h", unsigned: { allowed: true } },
    },
  });

  expect(limits["any-any"]).toMatchObject({
    longest: 12 * 3600,
    approvals: 2,
    renewals: 2,
    unsigned: { allowed: true, longest: 8 * 3600 },
  });
  expect(limits["any-peer"]).toMatchObject({ longest: 14 * DAY, unsigned: { allowed: false, longest: 8 * 3600 } });
});

test.each([
  ["approvers.json", "/etc/ringfence/approvers.json"],
  ["/run/keys/approvers.json", "/run/keys/approvers.json"],
])("the key file %s stands beside the settings, or where it says", (file, expected) => {
  expect(settingsWith({ keys: { file } }).keys).toEqual({ file: expected });
});

test("keys at a URL, and what is revoked", () => {
  const revoked = { ids: ["a-1"], keys: ["bob"], issuedBefore: "2026-12-01T00:00:00Z" };

  expect(settingsWith({ keys: { url: "https://keys.example/jwks" }, revoked })).toMatchObject({
    keys: { url: "https://keys.example/jwks" },
    revoked: { ids: ["a-1"], keys: ["bob"], issuedBefore: 1_796_083_200 },
  });
});

describe("refused, with the place", () => {
  test.each<[string, unknown, RegExp]>([
    ["an unknown key", { audiences: "prod" }, /guardrails\.yaml:1:\d+: unknown key "audiences" in \/exceptions/],
    ["a length without a unit", { limits: { default: { longest: "30" } } }, /\/exceptions\/limits\/default\/longest/],
    ["a length of nothing", { limits: { default: { longest: "0h" } } }, /\/exceptions\/limits\/default\/longest/],
    ["a length of a century", { limits: { default: { longest: "36525d" } } }, /"36525d" is no length of time below/],
    [
      "an unsigned length of a century",
      { limits: { "any-any": { unsigned: { longest: "9999w" } } } },
      /any-any\/unsigned/,
    ],
    ["limits of no guardrail", { limits: { everything: { longest: "1h" } } }, /unknown key "everything"/],
    ["no approver at all", { limits: { default: { approvals: 0 } } }, /\/exceptions\/limits\/default\/approvals/],
    ["keys by http", { keys: { url: "http://keys.example/jwks" } }, /\/exceptions\/keys/],
    ["keys at two places", { keys: { url: "https://keys.example/jwks", file: "a" } }, /\/exceptions\/keys/],
    ["an audience with a space", { audience: "a b" }, /\/exceptions\/audience/],
    ["a day that there isn't", { revoked: { issuedBefore: "2026-02-30T00:00:00Z" } }, /issuedBefore: "2026-02-30/],
  ])("%s", (_name, exceptions, message) => {
    expect(() => settingsWith(exceptions)).toThrow(SettingsError);
    expect(() => settingsWith(exceptions)).toThrow(message);
  });
});
