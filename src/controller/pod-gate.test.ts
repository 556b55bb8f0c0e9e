import { expect, test } from "@jest/globals";
import { ClusterError } from "./cluster-error.ts";
import type { DefaultDenyRules } from "./governance.ts";
import { PodGate } from "./pod-gate.ts";

const STATE = { labels: {}, createdAt: "2026-11-30T12:00:00Z", terminating: false };

function gateWith(rules: DefaultDenyRules, changes: { covers?: boolean; known?: boolean; failure?: Error } = {}) {
  const calls: string[] = [];
  const results: string[] = [];
  const state = changes.known === false ? undefined : STATE;
  const gate = new PodGate({
    rules: () => rules,
    namespaces: {
      state: () => state,
      lookupState: async () => {
        calls.push("lookup");
        return STATE;
      },
    },
    policies: { covers: () => changes.covers ?? false },
    writer: {
      ensure: async (namespace) => {
        calls.push(`ensure ${namespace}`);
        if (changes.failure !== undefined) throw changes.failure;
        return "created";
      },
    },
    onEnsured: (result) => void results.push(result),
  });
  return { gate, calls, results };
}

const EVERYWHERE: DefaultDenyRules = { mode: "all-namespaces", exemptNamespaces: ["kube-*"] };

test("the cluster is asked once, then its answer is believed for a moment, until it is taken back", async () => {
  const { gate, calls, results } = gateWith(EVERYWHERE);
  expect(await gate.ensure("shop", false)).toBeUndefined();
  await gate.ensure("shop", false);
  expect(calls).toEqual(["ensure shop"]);
  gate.forget("shop");
  await gate.ensure("shop", false);
  expect(calls).toEqual(["ensure shop", "ensure shop"]);
  expect(results).toEqual(["created", "created"]);
});

test.each<[why: string, rules: DefaultDenyRules, namespace: string, calls: readonly string[]]>([
  ["observing", { ...EVERYWHERE, mode: "observe" }, "shop", []],
  ["an exempt namespace", EVERYWHERE, "kube-system", []],
  ["an old namespace", { ...EVERYWHERE, mode: "new-namespaces", since: "2026-12-01T00:00:00Z" }, "shop", []],
  [
    "a new namespace",
    { ...EVERYWHERE, mode: "new-namespaces", since: "2026-11-01T00:00:00Z" },
    "shop",
    ["ensure shop"],
  ],
])("%s", async (_why, rules, namespace, calls) => {
  const made = gateWith(rules);
  await made.gate.ensure(namespace, false);
  expect(made.calls).toEqual(calls);
});

test("a namespace that the watch doesn't know is looked up where its age matters", async () => {
  const { gate, calls } = gateWith(
    { mode: "new-namespaces", since: "2026-12-01T00:00:00Z", exemptNamespaces: [] },
    { known: false },
  );
  await gate.ensure("shop", false);
  expect(calls).toEqual(["lookup"]);
});

test("a dry run creates nothing and says so", async () => {
  const { gate, calls } = gateWith(EVERYWHERE);
  expect(await gate.ensure("shop", true)).toBe(
    "namespace shop has no default deny yet; without --dry-run it is created before the Pod",
  );
  expect(calls).toEqual([]);
});

test("what can't be created is an error with the reason, and is tried again", async () => {
  const { gate, calls, results } = gateWith(EVERYWHERE, {
    failure: new ClusterError("Forbidden", "cannot patch; grant it by RBAC", 403),
  });
  const message =
    "namespace shop has no default deny (ringfence-default-deny) and it can't be created: cannot patch; grant it by RBAC";
  await expect(gate.ensure("shop", false)).rejects.toThrow(message);
  await expect(gate.ensure("shop", false)).rejects.toThrow(message);
  expect(calls).toEqual(["ensure shop", "ensure shop"]);
  expect(results).toEqual(["failed", "failed"]);
});

test("a namespace that the watch has seen it in is let through", async () => {
  const { gate, calls } = gateWith(EVERYWHERE, { covers: true });
  expect(gate.covers("shop")).toBe(true);
  await gate.ensure("shop", false);
  expect(calls).toEqual([]);
});
