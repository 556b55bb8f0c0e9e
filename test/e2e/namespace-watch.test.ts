import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type ClusterClient, connectCluster } from "../../src/controller/cluster-client.ts";
import type { ClusterError } from "../../src/controller/cluster-error.ts";
import { NamespaceWatch } from "../../src/controller/namespace-labels.ts";
import { Reflector } from "../../src/controller/reflector.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";

const describeCluster = await describeIfAvailable();
const START_LIMIT_MS = 120_000;
const TEST_LIMIT_MS = 60_000;
const NAMESPACES = "/api/v1/namespaces";

function untilTeam(watch: NamespaceWatch, name: string, team: string | undefined, limit = 20_000): Promise<unknown> {
  const look = async () => watch.cached(name);
  return eventually(`the label of ${name}`, look, (labels) => labels?.["team"] === team, limit);
}

const pagedConfigMap = (name: string) => ({ metadata: { name, labels: { paged: "" } } });

describeCluster("the watch of namespace labels on a real API server", () => {
  let cluster: ControlPlane;
  let folder: string;
  let ends: (() => unknown)[];

  beforeAll(async () => {
    ends = [];
    folder = await mkdtemp(join(tmpdir(), "ringfence-namespace-watch-"));
    cluster = await startControlPlane({ controllerManager: false });
  }, START_LIMIT_MS);

  afterEach(async () => {
    for (const end of ends.toReversed()) await end();
    ends = [];
  });

  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_LIMIT_MS);

  async function connect(kubeconfig?: string): Promise<ClusterClient> {
    const client = await connectCluster({ kubeconfig: kubeconfig ?? (await cluster.kubeconfig()) });
    ends.push(() => client.close());
    return client;
  }

  function watchWith(client: ClusterClient, failures: ClusterError[] = []): NamespaceWatch {
    const watch = new NamespaceWatch(client, {
      observer: { failed: (error) => void failures.push(error) },
      timing: { firstBackoffMs: 200, longestBackoffMs: 2_000 },
    });
    ends.push(() => watch.stop());
    watch.start();
    return watch;
  }

  async function create(name: string, labels: Record<string, string> = {}): Promise<void> {
    const answer = await cluster.request("POST", NAMESPACES, { metadata: { name, labels } });
    expect(answer.status).toBe(201);
  }

  function label(name: string, labels: Record<string, string | null>): Promise<unknown> {
    return cluster.request("PATCH", `${NAMESPACES}/${name}`, { metadata: { labels } });
  }

  async function allowWatching(role: string, subject: string): Promise<void> {
    await cluster.kubectl(["create", "clusterrole", role, "--verb=get,list,watch", "--resource=namespaces"]);
    const binding = await cluster.kubectl(["create", "clusterrolebinding", role, `--clusterrole=${role}`, subject]);
    expect(binding.stderr).toBe("");
  }

  test(
    "a change of labels is seen in less than a second, also one through a side door",
    async () => {
      await create("shop", { team: "a" });
      const watch = watchWith(await connect());
      await watch.untilSynced();
      expect(watch.cached("shop")).toEqual({ team: "a", "kubernetes.io/metadata.name": "shop" });
      await label("shop", { team: "b" });
      await untilTeam(watch, "shop", "b", 1_000);
      await cluster.request("PATCH", `${NAMESPACES}/shop/status`, { metadata: { labels: { team: "c" } } });
      await untilTeam(watch, "shop", "c", 1_000);
      await create("fresh", { team: "a" });
      expect(watch.cached("fresh") ?? (await watch.lookup("fresh"))).toMatchObject({ team: "a" });
      expect(await watch.lookup("nowhere")).toBeUndefined();
    },
    TEST_LIMIT_MS,
  );

  test(
    "a restart of the API server is survived, and a lookup meanwhile says why it fails",
    async () => {
      await create("restart", { team: "a" });
      const watch = watchWith(await connect());
      await watch.untilSynced();
      await cluster.restartApiServer(async () => {
        expect(watch.cached("restart")).toMatchObject({ team: "a" });
        await expect(watch.lookup("restart")).rejects.toMatchObject({ reason: "Unreachable" });
      });
      await label("restart", { team: "b" });
      await untilTeam(watch, "restart", "b");
    },
    TEST_LIMIT_MS,
  );

  test(
    "history that etcd has compacted: 410, a new list, the right labels",
    async () => {
      await create("compacted", { team: "a" });
      const failures: ClusterError[] = [];
      const watch = watchWith(await connect(), failures);
      await watch.untilSynced();
      // Other resources move the version on; the watch doesn't hear of it before the next bookmark.
      for (let number = 0; number < 20; number += 1) {
        const configMap = { metadata: { name: `churn-${number}` } };
        await cluster.request("POST", "/api/v1/namespaces/default/configmaps", configMap);
      }
      await cluster.restartApiServer(async () => void (await cluster.compact()));
      await label("compacted", { team: "b" });
      await untilTeam(watch, "compacted", "b");
      expect(failures.map(({ status, reason }) => ({ status, reason }))).toContainEqual({
        status: 410,
        reason: "Expired",
      });
    },
    TEST_LIMIT_MS,
  );

  test(
    "without the right to list: an error that says what is missing; once granted, all is well",
    async () => {
      const failures: ClusterError[] = [];
      const user = { name: "watcher" };
      const watch = watchWith(await connect(await cluster.kubeconfig(user)), failures);
      await eventually(
        "a failure",
        async () => failures.length,
        (count) => count > 0,
      );
      expect(failures[0]).toMatchObject({ status: 403, reason: "Forbidden" });
      expect(failures[0]?.message).toBe(
        'the API server answered GET /api/v1/namespaces with 403: namespaces is forbidden: User "watcher" cannot list ' +
          'resource "namespaces" in API group "" at the cluster scope; grant it by RBAC',
      );
      await expect(watch.lookup("default")).rejects.toMatchObject({ reason: "Forbidden" });
      expect(watch.synced).toBe(false);

      await allowWatching("watcher", "--user=watcher");
      await watch.untilSynced();
      expect(watch.cached("default")).toEqual({ "kubernetes.io/metadata.name": "default" });
    },
    TEST_LIMIT_MS,
  );

  test(
    "a service account token that is replaced in its file is taken up",
    async () => {
      await cluster.request("POST", "/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "ringfence" } });
      await allowWatching("ringfence", "--serviceaccount=default:ringfence");
      const tokenRequest = await cluster.request(
        "POST",
        "/api/v1/namespaces/default/serviceaccounts/ringfence/token",
        {},
      );
      const token = String(tokenRequest.at("/status/token"));
      const tokenFile = join(folder, "token");
      await writeFile(tokenFile, "an.expired.token");

      const failures: ClusterError[] = [];
      const watch = watchWith(await connect(await tokenKubeconfig(tokenFile)), failures);
      await eventually(
        "a failure",
        async () => failures[0]?.status,
        (status) => status === 401,
      );
      await writeFile(tokenFile, token);
      await watch.untilSynced();
      expect(watch.cached("default")).toBeDefined();
      expect(JSON.stringify(failures.map(({ message }) => message))).not.toContain("an.expired.token");
    },
    TEST_LIMIT_MS,
  );

  async function tokenKubeconfig(tokenFile: string): Promise<string> {
    const path = join(folder, "token.kubeconfig");
    const authority = Buffer.from(cluster.authority.certificate).toString("base64");
    const user = { "auth-provider": { name: "tokenFile", config: { tokenFile } } };
    await writeFile(
      path,
      JSON.stringify({
        clusters: [{ name: "c", cluster: { server: cluster.server, "certificate-authority-data": authority } }],
        users: [{ name: "u", user }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      }),
    );
    return path;
  }

  test(
    "pages, watch and the server's own ending of it work as they do on the scripted server",
    async () => {
      const client = await connect();
      const failures: ClusterError[] = [];
      const counts = { listed: 0, watching: 0 };
      const reflector = new Reflector<true>({
        client,
        path: "/api/v1/configmaps",
        query: { labelSelector: "paged" },
        pageSize: 2,
        keep: () => true,
        observer: {
          listed: () => (counts.listed += 1),
          watching: () => (counts.watching += 1),
          failed: (error) => void failures.push(error),
        },
        timing: { watchMs: 1_000, steadyMs: 500 },
      });
      const collection = "/api/v1/namespaces/default/configmaps";
      for (const name of ["a", "b", "c", "d", "e"]) await cluster.request("POST", collection, pagedConfigMap(name));
      ends.push(() => reflector.stop());
      reflector.start();
      await reflector.untilSynced();
      expect([...reflector.entries()].map(([key]) => key)).toEqual(
        ["a", "b", "c", "d", "e"].map((name) => `default/${name}`),
      );
      await eventually(
        "a third watch",
        async () => counts.watching,
        (count) => count >= 3,
      );
      await cluster.request("POST", collection, pagedConfigMap("f"));
      await cluster.request("DELETE", `${collection}/a`);
      await eventually(
        "the change",
        async () => [reflector.get("default/a"), reflector.get("default/f")].join(),
        (state) => state === ",true",
      );
      expect(counts.listed).toBe(1);
      expect(failures).toEqual([]);
    },
    TEST_LIMIT_MS,
  );

  test(
    "server-side apply and a deletion with preconditions",
    async () => {
      const client = await connect();
      const path = "/api/v1/namespaces/default/configmaps/applied";
      const applied = await client.request({
        method: "PATCH",
        path,
        query: { fieldManager: "ringfence", force: true },
        contentType: "application/apply-patch+yaml",
        body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied" }, data: { key: "value" } },
      });
      expect(applied.status).toBe(201);
      const { uid, resourceVersion } = (applied.json as { metadata: { uid: string; resourceVersion: string } })
        .metadata;
      const remove = (version: string) =>
        client.request({ method: "DELETE", path, body: { preconditions: { uid, resourceVersion: version } } });
      await expect(remove("1")).rejects.toMatchObject({ status: 409, reason: "Conflict" });
      expect((await remove(resourceVersion)).status).toBe(200);
    },
    TEST_LIMIT_MS,
  );
});
