import { describe, expect, test } from "@jest/globals";
import type { JsonObject } from "../intake/json-value.ts";
import { applicationReader } from "./argo-application.ts";
import { appProjectReader } from "./argo-project.ts";

const APPLICATION: JsonObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  metadata: { name: "web", namespace: "argocd" },
  spec: { project: "default", source: { repoURL: "https://git.example.com/a" } },
};

describe("updates of an Application", () => {
  test.each([
    { title: "a sync that starts", change: { operation: { sync: { revision: "c0ffee" } } } },
    { title: "a status", change: { status: { sync: { status: "Synced" } } } },
    { title: "a finalizer", change: { metadata: { name: "web", namespace: "argocd", finalizers: ["x"] } } },
    {
      title: "the same spec in another order",
      change: { spec: { source: { repoURL: "https://git.example.com/a" }, project: "default" } },
    },
  ])("$title is not looked at", ({ change }) => {
    expect(applicationReader.readUpdate?.({ ...APPLICATION, ...change }, APPLICATION)).toBeUndefined();
    expect(applicationReader.readUpdate?.(APPLICATION, { ...APPLICATION, ...change })).toBeUndefined();
  });

  test("a changed spec is, and nothing of it can deny", () => {
    const reading = applicationReader.readUpdate?.(APPLICATION, { ...APPLICATION, spec: { project: "shop" } });
    expect(reading?.allowances).toEqual([
      expect.objectContaining({ aspect: "project", pointer: "/spec/project", reach: "any", adviceOnly: true }),
    ]);
    expect(reading?.defects).toEqual([]);
  });
});

test("a project of the largest size is read in time, and what there is no time for counts as wide", () => {
  const sourceRepos = Array.from({ length: 3000 }, (_, index) => `${"*a".repeat(100)}${index}`);
  const destinations = Array.from({ length: 3000 }, (_, index) => ({
    server: `https://s${index}*`,
    namespace: `n${index}`,
  }));
  const started = performance.now();
  const reading = appProjectReader.read({ spec: { sourceRepos, destinations } });
  expect(performance.now() - started).toBeLessThan(3000);
  expect(reading.allowances?.[0]).toMatchObject({ aspect: "source", reach: "any" });
});
