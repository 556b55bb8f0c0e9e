/**
 * @module docs/default-deny.md, followed to the letter on a real API server.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../../src/engine/shipped-files.ts";
import { ensureControlPlane } from "../controlplane/build.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { createNamespace } from "../controlplane/objects.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import { makeNamespace, policyPath, untilPolicy } from "./default-deny-parts.ts";
import { followGuide } from "../tools/guide.ts";
import { startController } from "./ringfence-process.ts";

const describeCluster = await describeIfAvailable();
const START_LIMIT_MS = 120_000;

describeCluster("the guide to default deny", () => {
  let cluster: ControlPlane;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ringfence-default-deny-guide-"));
    cluster = await startControlPlane();
    await createNamespace(cluster, "shop");
    const pod = { metadata: { name: "web" }, spec: { containers: [{ name: "main", image: "main" }] } };
    await cluster.request("POST", "/api/v1/namespaces/shop/pods", pod);
  }, START_LIMIT_MS);
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  test("works as it is written, and the controller with the settings and the rights that come of it", async () => {
    const { folder: programs } = await ensureControlPlane();
    const guide = await readFile(join(ROOT, "docs", "default-deny.md"), "utf8");
    const environment = {
      HOME: folder,
      KUBECONFIG: await cluster.kubeconfig(),
    };
    expect(await followGuide(guide, folder, [programs], environment)).toBe(3);

    const account = "system:serviceaccount:ringfence:ringfence-controller";
    const kubeconfig = await cluster.kubeconfig({ name: account });
    const settings = join(folder, "work", "guardrails.yaml");
    const controller = await startController(["--kubeconfig", kubeconfig, "--settings", settings]);
    await makeNamespace(cluster, "fresh");
    // The clock of the machine may stand before the guide's `since`.
    const created = (await cluster.request("GET", "/api/v1/namespaces/fresh")).at("/metadata/creationTimestamp");
    if (Date.parse(String(created)) >= Date.parse("2026-11-30T12:00:00Z")) await untilPolicy(cluster, "fresh");
    expect((await cluster.request("GET", policyPath("ringfence"))).status).toBe(404);
    expect(await controller.stop()).toBe(0);
    expect(controller.output()).not.toMatch(/"(?:warn|error)"/);
  });
});
