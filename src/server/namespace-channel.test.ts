import { expect, test } from "@jest/globals";
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";
import { answerNamespaceQuestions, askForNamespaces } from "./namespace-channel.ts";

/** The main thread's side: knows `cached`, can look up `fresh`, has no answer for `broken`. */
const NAMESPACES: NamespaceLabels = {
  cached: (namespace) => (namespace === "cached" ? { from: "cache" } : undefined),
  async lookup(namespace): Promise<Labels | undefined> {
    if (namespace === "broken") throw new Error("no answer in 1 s");
    return namespace === "fresh" ? { from: "cluster" } : undefined;
  },
  async isTerminating(namespace) {
    if (namespace === "broken") throw new Error("no answer in 1 s");
    return namespace === "leaving";
  },
};

test("a worker's questions get the main thread's answers, each its own", async () => {
  answerNamespaceQuestions(NAMESPACES);
  const worker = askForNamespaces();
  expect(worker.cached("cached")).toBeUndefined();
  const labels = Promise.all(["cached", "fresh", "none"].map((namespace) => worker.lookup(namespace)));
  const terminating = Promise.all(["cached", "leaving"].map((namespace) => worker.isTerminating(namespace)));
  expect(await labels).toEqual([{ from: "cache" }, { from: "cluster" }, undefined]);
  expect(await terminating).toEqual([false, true]);
  await expect(worker.lookup("broken")).rejects.toThrow("no answer in 1 s");
  await expect(worker.isTerminating("broken")).rejects.toThrow("no answer in 1 s");
});
