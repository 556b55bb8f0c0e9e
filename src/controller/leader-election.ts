/**
 * @module One of several processes works, the others stand by: agreed on by a Lease of the cluster.
 *
 * A Lease fences nothing: a leader that is paused in the middle of a step finishes it when another leads already. So
 * every step must be harmless when it is done twice, and asks `term.held` right before it writes.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError, describeCause, ownError } from "./cluster-error.ts";
import { CurrentTerm, type Term } from "./leader-term.ts";
import { type LeaseRecord, microTime, readLease, writeLease } from "./lease.ts";

export interface LeaderElectionOptions {
  readonly client: Pick<ClusterClient, "request">;
  /** Where the Lease is, and its name. */
  readonly namespace: string;
  readonly name: string;
  /** Differs from that of every other process, also from the one before in the same Pod. */
  readonly identity: string;
  /**
   * The work of a leader. It ends soon after the term's signal is aborted; nobody else leads in this process before. What
   * it throws ends the term.
   */
  readonly lead: (term: Term) => Promise<void>;
  readonly observer?: LeaderElectionObserver;
  readonly timing?: Partial<LeaderElectionTiming>;
}

/** Told of what happens, for logs and metrics. */
export interface LeaderElectionObserver {
  started?(): void;
  /** The term is over; why, in words. */
  ended?(reason: string): void;
  /** Another process leads. */
  following?(holder: string): void;
  /** The Lease can't be read or written. */
  failed?(error: ClusterError): void;
}

/** All in milliseconds. The defaults are those of client-go. */
export interface LeaderElectionTiming {
  /** For which a leader that isn't heard of keeps the Lease. */
  readonly leaseMs: number;
  /** Since the last renewal, after which a leader stops its work by itself; less than `leaseMs`. */
  readonly renewDeadlineMs: number;
  /** Between two tries. */
  readonly retryMs: number;
}

const DEFAULT_TIMING: LeaderElectionTiming = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
// So that candidates that began together don't ask together.
const JITTER = 0.2;

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #timing: LeaderElectionTiming;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #term: CurrentTerm | undefined;
  /** The Lease as it was last seen, and when it was first seen like that by this process's clock. */
  #seen: { readonly record: LeaseRecord; readonly at: number } | undefined;
  #followed = "";

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
  }

  /** Begins to stand for election; a second call changes nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the work, then gives the Lease back, so that another needn't wait for it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Whether this process leads now. */
  get leading(): boolean {
    return this.#term?.held ?? false;
  }

  /** Whom the Lease names, as it was last seen; empty where nobody. */
  get holder(): string {
    return this.#seen?.record.holder ?? "";
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const asked = performance.now();
      if (await this.#acquire()) await this.#lead(asked);
      else await this.#waitForNextTry();
    }
  }

  /** Leads until the Lease is lost, the work ends, or the election is stopped. */
  async #lead(acquiredAt: number): Promise<void> {
    const term = new CurrentTerm(acquiredAt + this.#timing.renewDeadlineMs);
    this.#term = term;
    this.#tell((to) => to.started?.());
    const work = this.#work(term);
    const end = () => term.end("the process is about to end");
    this.#stopping.signal.addEventListener("abort", end, { once: true });
    if (this.#stopping.signal.aborted) end();
    while (!term.signal.aborted) {
      await this.#waitForNextTry(term.signal);
      if (!term.signal.aborted) await this.#renew(term);
    }
    this.#stopping.signal.removeEventListener("abort", end);
    await work;
    this.#term = undefined;
    this.#tell((to) => to.ended?.(term.endedBecause));
    await this.#release();
  }

  async #work(term: CurrentTerm): Promise<void> {
    try {
      await this.#options.lead(term);
      term.end("the work is done");
    } catch (cause) {
      term.end(`the work failed: ${describeCause(cause).message}`);
    }
  }

  async #renew(term: CurrentTerm): Promise<void> {
    const asked = performance.now();
    if (!term.held) return term.end("the Lease was not renewed in time");
    // An answer that comes after the deadline is of no use any more.
    const renewed = await this.#acquire(term.signal);
    if (renewed) term.prolong(asked + this.#timing.renewDeadlineMs);
    else if (this.#seen !== undefined && this.#seen.record.holder !== this.#options.identity) {
      term.end("another process has taken the Lease");
    }
  }

  /** One try to get or keep the Lease. */
  async #acquire(signal = this.#stopping.signal): Promise<boolean> {
    try {
      const found = await this.#read(signal);
      if (found === undefined) return await this.#create(signal);
      this.#see(found);
      const mine = found.holder === this.#options.identity;
      if (!mine && !this.#isFree(found)) {
        this.#follow(found.holder);
        return false;
      }
      await this.#write(found, mine, signal);
      this.#followed = "";
      return true;
    } catch (cause) {
      const error = cause instanceof ClusterError ? cause : ownError("Malformed", describeCause(cause).message);
      // Somebody else was quicker: the next look shows who.
      if (error.status !== 409 && error.reason !== "Aborted") this.#tell((to) => to.failed?.(error));
      return false;
    }
  }

  /** Only this process's own clock counts, from the last change that it saw: clocks of machines differ. */
  #isFree(record: LeaseRecord): boolean {
    if (record.holder === "") return true;
    const lifeMs = Math.max(record.durationMs, this.#timing.leaseMs);
    return this.#seen !== undefined && performance.now() - this.#seen.at >= lifeMs;
  }

  #see(record: LeaseRecord): void {
    if (this.#seen?.record.resourceVersion !== record.resourceVersion) this.#seen = { record, at: performance.now() };
  }

  #follow(holder: string): void {
    if (this.#followed === holder) return;
    this.#followed = holder;
    this.#tell((to) => to.following?.(holder));
  }

  async #read(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    try {
      return readLease((await this.#request("GET", this.#path, undefined, signal)) ?? null);
    } catch (cause) {
      if (cause instanceof ClusterError && cause.status === 404) return undefined;
      throw cause;
    }
  }

  async #create(signal: AbortSignal): Promise<boolean> {
    const { namespace, name, identity } = this.#options;
    const { leaseMs } = this.#timing;
    const fresh = { holder: identity, durationMs: leaseMs, transitions: 0, acquireTime: microTime() };
    const made = await this.#request("POST", this.#collection, writeLease(namespace, name, fresh), signal);
    this.#see(readLease(made));
    return true;
  }

  /** The resourceVersion makes it fail where anybody wrote in between. */
  async #write(found: LeaseRecord, mine: boolean, signal: AbortSignal): Promise<void> {
    const { namespace, name, identity } = this.#options;
    const written = await this.#request(
      "PUT",
      this.#path,
      writeLease(namespace, name, {
        holder: identity,
        durationMs: this.#timing.leaseMs,
        transitions: mine ? found.transitions : found.transitions + 1,
        acquireTime: mine ? found.acquireTime : microTime(),
        resourceVersion: found.resourceVersion,
      }),
      signal,
    );
    this.#see(readLease(written));
  }

  /** Gives the Lease back where it is still this process's: by the version that it wrote itself. */
  async #release(): Promise<void> {
    const { namespace, name, identity } = this.#options;
    const record = this.#seen?.record;
    if (record === undefined || record.holder !== identity) return;
    const free = { ...record, holder: "", durationMs: 1_000 };
    try {
      // Without the signal of stopping, which has been given already.
      this.#see(readLease(await this.#request("PUT", this.#path, writeLease(namespace, name, free))));
    } catch {
      // The next leader waits until the Lease has run out.
    }
  }

  async #request(
    method: "GET" | "POST" | "PUT",
    path: string,
    body?: ReturnType<typeof writeLease>,
    signal?: AbortSignal,
  ) {
    const { json } = await this.#options.client.request({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      timeoutMs: this.#timing.renewDeadlineMs / 2,
    });
    return json;
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(this.#options.namespace)}/leases`;
  }

  get #path(): string {
    return `${this.#collection}/${encodeURIComponent(this.#options.name)}`;
  }

  async #waitForNextTry(signal = this.#stopping.signal): Promise<void> {
    const waitMs = this.#timing.retryMs * (1 + Math.random() * JITTER);
    await pause(waitMs, undefined, { signal }).catch(() => {});
  }

  #tell(event: (observer: LeaderElectionObserver) => void): void {
    try {
      if (this.#options.observer !== undefined) event(this.#options.observer);
    } catch {
      // A log or metric that fails must not end the election.
    }
  }
}
