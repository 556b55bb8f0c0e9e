/**
 * @module The managed default deny on a real API server: it comes at once, it comes back, and it goes with its namespace.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { FORECAST_RIGHTS, neededRights } from "../../src/controller/rbac.ts";
import type { ApiAnswer } from "../controlplane/api-request.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";
import {
  grantRights,
  installPolicyApi,
  OWN_NAMESPACE,
  makeNamespace,
  POLICIES,
  policyPath,
  settingsWith,
  startParts,
  type TestParts,
  untilPolicy,
} from "./default-deny-parts.ts";

const describeCluster = await describeIfAvailable();
const EVERYWHERE = settingsWith({ mode: "all-namespaces" });
const REPAIR_MS = 5_000;
const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${OWN_NAMESPACE}/leases/ringfence-controller`;
const APPLY = { "content-type": "application/apply-patch+yaml" };

describeCluster("the managed default deny on a real API server", () => {
  let cluster: ControlPlane;
  let running: TestParts[] = [];

  beforeAll(async () => {
    cluster = await startControlPlane();
    await makeNamespace(cluster, OWN_NAMESPACE);
  });
  afterEach(async () => {
    await Promise.all(running.map((parts) => parts.stop()));
    running = [];
  });
  afterAll(() => cluster?.stop());

  async function start(...options: Parameters<typeof startParts> extends [unknown, ...infer Rest] ? Rest : never) {
    const parts = await startParts(cluster, ...options);
    running.push(parts);
    return parts;
  }

  const events = async (namespace: string) => {
    const answer = await cluster.request("GET", `/api/v1/namespaces/${namespace}/events`);
    return (answer.at("/items") as { reason: string }[]).map(({ reason }) => reason);
  };

  test("comes into a namespace that is there, and into a new one within a second", async () => {
    await makeNamespace(cluster, "old");
    await start(EVERYWHERE);
    await untilPolicy(cluster, "old");
    await makeNamespace(cluster, "fresh");
    const answer = await untilPolicy(cluster, "fresh", ({ status }) => status === 200, 1_000);
    expect(answer.at("/spec/podSelector")).toEqual({});
    expect(answer.at("/spec/policyTypes")).toEqual(["Ingress", "Egress"]);
    expect(answer.at("/spec/ingress")).toBeUndefined();
    expect(answer.at("/metadata/labels/ringfence.dev~1default-deny")).toBe("true");
    expect(answer.at("/metadata/annotations/argocd.argoproj.io~1compare-options")).toBe("IgnoreExtraneous");
    const managers = answer.at("/metadata/managedFields") as { manager: string; operation: string }[];
    expect(managers.map(({ manager, operation }) => [manager, operation])).toEqual([
      ["ringfence-default-deny", "Apply"],
    ]);
    const all = await cluster.request("GET", POLICIES);
    const namespaces = (all.at("/items") as { metadata: { namespace: string } }[]).map(
      ({ metadata }) => metadata.namespace,
    );
    expect(
      namespaces.filter((name) => name.startsWith("kube-") || name === "default" || name === OWN_NAMESPACE),
    ).toEqual([]);
  });

  const edits: readonly [what: string, edit: object][] = [
    ["a rule that lets everybody in", { spec: { ingress: [{}] } }],
    ["a rule that lets everything out", { spec: { egress: [{}] } }],
    ["a smaller choice of Pods", { spec: { podSelector: { matchLabels: { app: "web" } } } }],
    ["one direction less", { spec: { policyTypes: ["Ingress"] } }],
    ["a label that is taken off", { metadata: { labels: { "ringfence.dev/default-deny": null } } }],
    [
      "an annotation that makes GitOps prune it",
      { metadata: { annotations: { "argocd.argoproj.io/sync-options": "Prune=true" } } },
    ],
    ["a finalizer", { metadata: { finalizers: ["example.com/hold"] } }],
    [
      "an owner that doesn't exist",
      {
        metadata: {
          ownerReferences: [
            { apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "00000000-0000-0000-0000-000000000000" },
          ],
        },
      },
    ],
  ];

  test("is put right after every edit, and made anew after a deletion", async () => {
    await start(EVERYWHERE);
    let number = 0;
    for (const [what, edit] of edits) {
      number += 1;
      const namespace = `edited-${number}`;
      await makeNamespace(cluster, namespace);
      const before = (await untilPolicy(cluster, namespace)).at("/spec");
      const edited = await cluster.request("PATCH", policyPath(namespace), edit);
      expect({ what, status: edited.status }).toEqual({ what, status: 200 });
      const repaired = await untilPolicy(
        cluster,
        namespace,
        (answer) =>
          answer.status === 200 &&
          JSON.stringify(answer.at("/spec")) === JSON.stringify(before) &&
          answer.at("/metadata/labels/ringfence.dev~1default-deny") === "true" &&
          answer.at("/metadata/annotations/argocd.argoproj.io~1sync-options") === "Prune=false" &&
          answer.at("/metadata/finalizers") === undefined &&
          answer.at("/metadata/ownerReferences") === undefined,
        REPAIR_MS,
      );
      expect(repaired.status).toBe(200);
    }
    await cluster.request("DELETE", policyPath("edited-1"));
    await untilPolicy(cluster, "edited-1", undefined, REPAIR_MS);
    await eventually(
      "the Event",
      () => events("edited-1"),
      (reasons) => reasons.includes("DefaultDenyRestored"),
    );
  });

  test("one that somebody else made under its name becomes the managed one", async () => {
    await makeNamespace(cluster, "squatted");
    const squat = { spec: { podSelector: {}, ingress: [{}], policyTypes: ["Ingress"] } };
    const object = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "ringfence-default-deny" },
      ...squat,
    };
    await cluster.request("PATCH", `${policyPath("squatted")}?fieldManager=ringfence-default-deny`, object, APPLY);
    await start(EVERYWHERE);
    await untilPolicy(
      cluster,
      "squatted",
      (answer) =>
        answer.status === 200 &&
        answer.at("/spec/ingress") === undefined &&
        answer.at("/spec/policyTypes/1") === "Egress",
    );
  });

  test("two leaders-to-be: one works; the other takes over when it is gone", async () => {
    const first = await start(EVERYWHERE);
    await eventually(
      "the lead",
      async () => first.log.join(),
      (log) => log.includes("this process leads"),
    );
    const second = await start(EVERYWHERE);
    await eventually(
      "to follow",
      async () => second.log.join(),
      (log) => log.includes("stands by"),
    );
    await makeNamespace(cluster, "of-the-first");
    await untilPolicy(cluster, "of-the-first");
    expect(second.log.join()).not.toContain("of-the-first");
    await first.stop();
    await makeNamespace(cluster, "of-the-second");
    await untilPolicy(cluster, "of-the-second");
    expect(second.log.join()).toContain("of-the-second");
  });

  test("a namespace goes in peace", async () => {
    const parts = await start(EVERYWHERE);
    await makeNamespace(cluster, "short-lived");
    await untilPolicy(cluster, "short-lived");
    await cluster.request("DELETE", "/api/v1/namespaces/short-lived");
    await eventually(
      "its end",
      () => cluster.request("GET", "/api/v1/namespaces/short-lived"),
      ({ status }) => status === 404,
      30_000,
    );
    expect(parts.log.filter((line) => line.includes('"error"'))).toEqual([]);
  });

  test("somebody who takes it away again and again wins, and people are told", async () => {
    const parts = await start(EVERYWHERE);
    await makeNamespace(cluster, "contested");
    let last: unknown;
    for (let round = 0; round < 4; round += 1) {
      const another = (answer: ApiAnswer) => answer.status === 200 && answer.at("/metadata/uid") !== last;
      last = (await untilPolicy(cluster, "contested", another)).at("/metadata/uid");
      await cluster.request("DELETE", policyPath("contested"));
    }
    await eventually(
      "the Event",
      () => events("contested"),
      (reasons) => reasons.includes("DefaultDenyContested"),
    );
    expect((await cluster.request("GET", policyPath("contested"))).status).toBe(404);
    expect(await parts.registry.metrics()).toContain("ringfence_default_deny_contested_namespaces 1");
    expect(await parts.registry.metrics()).toContain("ringfence_default_deny_missing_namespaces 1");
    // A Pod brings it back all the same: none runs without.
    await parts.gate.ensure("contested", false);
    expect((await cluster.request("GET", policyPath("contested"))).status).toBe(200);
  });

  test("only new namespaces, from the moment on that the settings name", async () => {
    await makeNamespace(cluster, "before");
    const created = await cluster.request("GET", "/api/v1/namespaces/before");
    const since = new Date(Date.parse(String(created.at("/metadata/creationTimestamp"))) + 2_000).toISOString();
    await eventually("the moment", async () => Date.now() > Date.parse(since), Boolean);
    const parts = await start(settingsWith({ mode: "new-namespaces", since: since.replace(".000Z", "Z") }));
    await makeNamespace(cluster, "afterwards");
    await untilPolicy(cluster, "afterwards");
    expect((await cluster.request("GET", policyPath("before"))).status).toBe(404);
    expect(await parts.gate.ensure("before", false)).toBeUndefined();
    expect((await cluster.request("GET", policyPath("before"))).status).toBe(404);
    // The next step of the roll-out, without a restart.
    await parts.use(EVERYWHERE);
    await untilPolicy(cluster, "before");
  });

  test("observing creates nothing, and tells what it would create and whom it would cut off", async () => {
    await makeNamespace(cluster, "observed");
    await untilPolicy(cluster, "observed", ({ status }) => status === 404);
    const pod = (name: string) => ({
      metadata: { name, labels: { app: name } },
      spec: { containers: [{ name: "main", image: "main" }] },
    });
    await eventually(
      "the Pods",
      async () => {
        for (const name of ["bare", "guarded"])
          await cluster.request("POST", "/api/v1/namespaces/observed/pods", pod(name));
        return (await cluster.request("GET", "/api/v1/namespaces/observed/pods")).at("/items/1/metadata/name");
      },
      (name) => name === "guarded",
    );
    await cluster.request("POST", "/apis/networking.k8s.io/v1/namespaces/observed/networkpolicies", {
      metadata: { name: "guarded" },
      spec: { podSelector: { matchLabels: { app: "guarded" } }, policyTypes: ["Ingress", "Egress"] },
    });
    const parts = await start(settingsWith({ mode: "observe" }));
    const line = await eventually(
      "the report",
      async () => parts.log.find((one) => one.includes("observing")),
      Boolean,
    );
    expect(JSON.parse(line ?? "")).toMatchObject({ firstPods: ["observed/bare"] });
    expect(JSON.parse(line ?? "").firstNamespaces).toContain("observed");
    expect(await parts.registry.metrics()).toContain("ringfence_default_deny_forecast_cut_off_pods 1");
    expect(parts.gate.covers("observed")).toBe(true);
    expect((await cluster.request("GET", policyPath("observed"))).status).toBe(404);
  });

  test("a dry run of a Pod creates nothing, and says so", async () => {
    const parts = await start(EVERYWHERE, { leads: false });
    await makeNamespace(cluster, "dry");
    expect(await parts.gate.ensure("dry", true)).toContain("namespace dry has no default deny yet");
    expect((await cluster.request("GET", policyPath("dry"))).status).toBe(404);
    await Promise.all(Array.from({ length: 50 }, () => parts.gate.ensure("dry", false)));
    expect((await cluster.request("GET", policyPath("dry"))).at("/metadata/generation")).toBe(1);
    expect(await parts.registry.metrics()).toContain(
      'ringfence_default_deny_pod_wait_seconds_count{result="created"} 50',
    );
  });

  test("what an API fills in is not taken for an edit, what somebody adds is", async () => {
    const calico = { group: "projectcalico.org", version: "v3", kind: "NetworkPolicy", plural: "networkpolicies" };
    await installPolicyApi(
      cluster,
      { ...calico, scope: "Namespaced" },
      { tier: { type: "string", default: "default" } },
    );
    const parts = await start(settingsWith({ mode: "all-namespaces", template: "calico" }));
    await makeNamespace(cluster, "calico");
    await eventually("the watch to see it", async () => parts.gate.covers("calico"), Boolean);
    const path = policyPath("calico").replace("networking.k8s.io/v1", "projectcalico.org/v3");
    const before = await cluster.request("GET", path);
    expect(before.at("/spec/tier")).toBe("default");
    await parts.gate.ensure("calico", false);
    expect((await cluster.request("GET", path)).at("/metadata/resourceVersion")).toBe(
      before.at("/metadata/resourceVersion"),
    );
    await cluster.request("PATCH", path, { spec: { ingress: [{ action: "Allow" }] } });
    const repaired = await eventually(
      "the repair",
      () => cluster.request("GET", path),
      (answer) => answer.at("/spec/ingress") === undefined,
    );
    expect(repaired.at("/spec")).toEqual(before.at("/spec"));
  });

  test("a cluster-wide kind has one object per namespace, found again by its label", async () => {
    const kind = {
      group: "policy.networking.k8s.io",
      version: "v1alpha2",
      kind: "ClusterNetworkPolicy",
      plural: "clusternetworkpolicies",
    };
    await installPolicyApi(cluster, { ...kind, scope: "Cluster" });
    const parts = await start(settingsWith({ mode: "all-namespaces", template: "cluster-network-policy" }));
    await makeNamespace(cluster, "wide");
    await eventually("the watch to see it", async () => parts.gate.covers("wide"), Boolean);
    const path = "/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies/ringfence-default-deny-wide";
    expect(
      (await cluster.request("GET", path)).at("/spec/subject/namespaces/matchLabels/kubernetes.io~1metadata.name"),
    ).toBe("wide");
    await cluster.request("PATCH", path, {
      metadata: { labels: { "ringfence.dev/default-deny": null } },
      spec: { priority: 7 },
    });
    await eventually(
      "the repair",
      () => cluster.request("GET", path),
      (answer) =>
        answer.at("/metadata/labels/ringfence.dev~1default-deny") === "true" && answer.at("/spec/priority") !== 7,
    );
    await eventually("the watch to see it", async () => parts.gate.covers("wide"), Boolean);
  });

  test("while the watch is broken, nothing that it said is believed; afterwards all is as it should be", async () => {
    const parts = await start(EVERYWHERE);
    await makeNamespace(cluster, "outage");
    await eventually("the watch to see it", async () => parts.gate.covers("outage"), Boolean);
    await cluster.restartApiServer(async () => {
      await eventually(
        "the watch to notice",
        async () => parts.gate.covers("outage"),
        (covers) => !covers,
      );
      await expect(parts.gate.ensure("outage", false)).rejects.toThrow("can't be reached");
    });
    await cluster.request("DELETE", policyPath("outage"));
    await makeNamespace(cluster, "after-the-outage");
    await untilPolicy(cluster, "outage", undefined, 60_000);
    await untilPolicy(cluster, "after-the-outage", undefined, 60_000);
    await eventually("the watch to see it", async () => parts.gate.covers("outage"), Boolean, 60_000);
  });

  test("a start while the cluster doesn't answer: no Pod is let in until it does", async () => {
    await makeNamespace(cluster, "down-at-the-start");
    let parts: TestParts | undefined;
    await cluster.restartApiServer(async () => {
      parts = await start(EVERYWHERE);
      expect(parts.gate.covers("down-at-the-start")).toBe(false);
      await expect(parts.gate.ensure("down-at-the-start", false)).rejects.toThrow("hasn't told yet");
      expect(parts.readiness.get("default-deny")?.()).toContain("hasn't told yet");
    });
    await untilPolicy(cluster, "down-at-the-start", undefined, 60_000);
    await eventually(
      "to be ready",
      async () => parts?.readiness.get("default-deny")?.(),
      (why) => why === undefined,
      60_000,
    );
  });

  /** Each right, and those that are there while it is missing. */
  const lacking = [
    ...neededRights().map((right) => ({ right, settings: EVERYWHERE, others: neededRights() })),
    ...FORECAST_RIGHTS.map((right) => ({
      right,
      settings: settingsWith({ mode: "observe" }),
      others: [...neededRights(), ...FORECAST_RIGHTS],
    })),
  ].map(({ right, settings, others }, index) => {
    const title = `${right.verbs.join()} ${right.resource} ${right.names?.join() ?? ""}`.trim();
    const rights = others.filter((other) => JSON.stringify(other) !== JSON.stringify(right));
    return { title, right, settings, rights, account: `lacking-${index}` };
  });

  test("needs exactly the rights that are written down", async () => {
    const user = await grantRights(cluster, "exact");
    const parts = await start(EVERYWHERE, { user });
    await scenario(parts, "exact");
    await eventually(
      "the Event",
      () => events("exact"),
      (reasons) => reasons.includes("DefaultDenyRestored"),
    );
    expect(parts.log.filter((line) => /"(?:warn|error)"/.test(line))).toEqual([]);
  });

  test.each(lacking)("without the right to $title the log names it", async ({ right, settings, rights, account }) => {
    const user = await grantRights(cluster, account, rights);
    // The right to create it is needed only once.
    await cluster.request("DELETE", LEASE_PATH);
    const parts = await start(settings, { user });
    const told = `cannot ${right.verbs.join()} resource \\"${right.resource}\\" in API group \\"${right.group}\\"`;
    const words: string[] = [];
    scenario(parts, account).catch((cause: unknown) => void words.push(JSON.stringify(String(cause))));
    const said = async () => [...parts.log, ...words].join("");
    await eventually("the message", said, (log) => log.includes(told), 15_000);
  });

  /** Everything that the parts do in a cluster. */
  async function scenario(parts: TestParts, namespace: string): Promise<void> {
    await parts.labels.lookup("kube-system");
    await makeNamespace(cluster, namespace);
    await untilPolicy(cluster, namespace, undefined, 10_000);
    await eventually("the watch to see it", async () => parts.gate.covers(namespace), Boolean);
    await cluster.request("PATCH", policyPath(namespace), { metadata: { finalizers: ["example.com/hold"] } });
    await untilPolicy(
      cluster,
      namespace,
      (answer) => answer.status === 200 && answer.at("/metadata/finalizers") === undefined,
    );
  }
});
