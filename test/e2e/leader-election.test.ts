/**
 * @module The leader election on a real API server: one works, whatever happens to the others or to the connection.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type ClusterClient, type ClusterRequest, connectCluster } from "../../src/controller/cluster-client.ts";
import { ClusterError, ownError } from "../../src/controller/cluster-error.ts";
import { LeaderElection } from "../../src/controller/leader-election.ts";
import type { Term } from "../../src/controller/leader-term.ts";
import { type ControlPlane, startControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";
import { describeIfAvailable } from "../controlplane/suite.ts";

const describeCluster = await describeIfAvailable();
const TIMING = { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 300 };

/** A candidate whose connection to the cluster can be cut. */
interface Candidate {
  readonly election: LeaderElection;
  readonly log: string[];
  cut: boolean;
  term: Term | undefined;
}

describeCluster("the leader election on a real API server", () => {
  let cluster: ControlPlane;
  let client: ClusterClient;
  let lease = "";
  let running: Candidate[] = [];
  let number = 0;

  beforeAll(async () => {
    cluster = await startControlPlane({ controllerManager: false });
    client = await connectCluster({ kubeconfig: await cluster.kubeconfig() });
  });
  afterEach(async () => {
    await Promise.all(running.map(({ election }) => election.stop()));
    running = [];
  });
  afterAll(async () => {
    client?.close();
    await cluster?.stop();
  });

  function newLease(): void {
    number += 1;
    lease = `lease-${number}`;
  }

  function candidate(identity: string): Candidate {
    const log: string[] = [];
    const made: Candidate = {
      log,
      cut: false,
      term: undefined,
      election: new LeaderElection({
        client: {
          request: (request: ClusterRequest) =>
            made.cut ? Promise.reject(ownError("Unreachable", "cut")) : client.request(request),
        },
        namespace: "default",
        name: lease,
        identity,
        timing: TIMING,
        lead: async (term) => {
          made.term = term;
          await new Promise((resolve) => term.signal.addEventListener("abort", resolve, { once: true }));
        },
        observer: {
          started: () => void log.push("started"),
          ended: (reason) => void log.push(`ended: ${reason}`),
          following: (holder) => void log.push(`following ${holder}`),
          failed: (error: ClusterError) => void log.push(`failed: ${error.message}`),
        },
      }),
    };
    running.push(made);
    made.election.start();
    return made;
  }

  const untilLeads = ({ election }: Candidate, limit = 10_000) =>
    eventually("the lead", async () => election.leading, Boolean, limit);
  const stored = () => cluster.request("GET", `/apis/coordination.k8s.io/v1/namespaces/default/leases/${lease}`);

  test("one of five leads; the Lease says who, as kubectl shows it", async () => {
    newLease();
    const all = ["a", "b", "c", "d", "e"].map(candidate);
    await eventually(
      "a leader",
      async () => all.filter(({ election }) => election.leading).length,
      (count) => count > 0,
    );
    const [leader] = all.filter(({ election }) => election.leading);
    await eventually(
      "four followers",
      async () => all.filter(({ log }) => log[0]?.startsWith("following")).length,
      (n) => n === 4,
    );
    expect(all.filter(({ election }) => election.leading)).toEqual([leader]);
    const answer = await stored();
    expect(answer.at("/spec/holderIdentity")).toBe(leader?.election.holder);
    expect(answer.at("/spec/leaseDurationSeconds")).toBe(3);
    expect(answer.at("/spec/renewTime")).toMatch(/^\d{4}-.*\.\d{6}Z$/);
  });

  test("who stops gives the lead away at once, after its work has ended", async () => {
    newLease();
    const first = candidate("first");
    await untilLeads(first);
    const second = candidate("second");
    await eventually(
      "to follow",
      async () => second.log,
      (log) => log.includes("following first"),
    );
    const began = performance.now();
    await first.election.stop();
    expect(first.term?.signal.aborted).toBe(true);
    expect((await stored()).at("/spec/holderIdentity")).not.toBe("first");
    await untilLeads(second);
    // Without the release it would take the whole Lease.
    expect(performance.now() - began).toBeLessThan(TIMING.leaseMs);
    expect((await stored()).at("/spec/leaseTransitions")).toBe(1);
  });

  test("a leader that is cut off stops before another begins, and follows when it is back", async () => {
    newLease();
    const first = candidate("first");
    await untilLeads(first);
    const second = candidate("second");
    await eventually(
      "to follow",
      async () => second.log,
      (log) => log.length > 0,
    );
    first.cut = true;
    let together = 0;
    await eventually(
      "the change of leaders",
      async () => {
        if (first.term?.held && second.election.leading) together += 1;
        return second.election.leading;
      },
      Boolean,
      10_000,
    );
    expect(together).toBe(0);
    expect(first.term?.held).toBe(false);
    await eventually(
      "the end",
      async () => first.log,
      (log) => log.includes("ended: the Lease was not renewed in time"),
    );
    first.cut = false;
    await eventually(
      "to follow",
      async () => first.log,
      (log) => log.includes("following second"),
    );
    expect(second.election.leading).toBe(true);
  });

  test("a leader that stood still for longer than the Lease knows at once that it leads no more", async () => {
    newLease();
    const first = candidate("first");
    await untilLeads(first);
    const term = first.term;
    // As after SIGSTOP and SIGCONT: no timer has run in between, and the first thing that runs is a step of the work.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIMING.renewDeadlineMs + 200);
    expect(term?.held).toBe(false);
    await eventually(
      "the end",
      async () => first.log.join(),
      (log) => log.includes("not renewed in time"),
    );
  });

  test("the clock in the record decides nothing: a holder with a clock of 2001 keeps the Lease while it renews", async () => {
    newLease();
    const path = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    const renewTime = (second: number) => `2001-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`;
    const made = await cluster.request("POST", path, {
      metadata: { name: lease },
      spec: { holderIdentity: "slow clock", leaseDurationSeconds: 2, renewTime: renewTime(0), leaseTransitions: 0 },
    });
    expect(made.status).toBe(201);
    const other = candidate("other");
    for (let second = 1; second <= 10; second += 1) {
      await cluster.request("PATCH", `${path}/${lease}`, { spec: { renewTime: renewTime(second) } });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(other.election.leading).toBe(false);
    }
    await untilLeads(other);
  });

  test("two that write at once: the resourceVersion lets one of them win", async () => {
    newLease();
    let held = 0;
    for (let round = 0; round < 5; round += 1) {
      const all = [candidate(`x${round}`), candidate(`y${round}`), candidate(`z${round}`)];
      await eventually(
        "a leader",
        async () => all.filter(({ election }) => election.leading).length,
        (count) => count > 0,
      );
      held = Math.max(held, all.filter(({ election }) => election.leading).length);
      await Promise.all(all.map(({ election }) => election.stop()));
    }
    expect(held).toBe(1);
  });

  test("a Lease that somebody deletes is made anew by its leader", async () => {
    newLease();
    const only = candidate("only");
    await untilLeads(only);
    await cluster.request("DELETE", `/apis/coordination.k8s.io/v1/namespaces/default/leases/${lease}`);
    await eventually(
      "the Lease",
      async () => (await stored()).status,
      (status) => status === 200,
    );
    expect(only.log).toEqual(["started"]);
  });
});
