/**
 * @module Keeps a copy of a collection of the cluster: lists it, watches it, and begins again whatever happens.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../intake/json-value.ts";
import { Backoff } from "./backoff.ts";
import type { ClusterClient, Query } from "./cluster-client.ts";
import { ClusterError, describeCause, ownError } from "./cluster-error.ts";
import { objectKey, readListPage, readWatchEvent } from "./listed-objects.ts";

export interface ReflectorOptions<T> {
  readonly client: Pick<ClusterClient, "request" | "watch">;
  /** The collection: `/api/v1/namespaces`. */
  readonly path: string;
  /** Selectors. */
  readonly query?: Query;
  /** Takes from an object what is to be kept of it. */
  readonly keep: (object: JsonObject) => T;
  /**
   * Tells that an object changed, or is gone (undefined). A list tells of every object, changed or not, so that work
   * that was missed is done. It should only note the key; what it throws is reported and otherwise without effect.
   */
  readonly onChange?: (key: string, kept: T | undefined) => void;
  readonly observer?: ReflectorObserver;
  readonly timing?: Partial<ReflectorTiming>;
  /** Objects per page. */
  readonly pageSize?: number;
}

/** Told of what happens, for logs and metrics; what it throws is ignored. */
export interface ReflectorObserver {
  /** The collection was listed. */
  listed?(objects: number): void;
  /** The server accepted a watch. */
  watching?(): void;
  /** List or watch failed; the next try is in `waitMs`, the `failures`-th since the last time all was well. */
  failed?(error: ClusterError, failures: number, waitMs: number): void;
  handlerFailed?(key: string, error: unknown): void;
}

/** All in milliseconds. */
export interface ReflectorTiming {
  /** After which the server is asked to end a watch, so that it moves to another server from time to time. */
  readonly watchMs: number;
  /** How much longer the client waits for that. */
  readonly watchGraceMs: number;
  /** Until a watch must be accepted, or a page of a list be complete. */
  readonly answerMs: number;
  /** Longest time without any data in a watch: the server sends a bookmark about every minute. */
  readonly silenceMs: number;
  /** After which everything is listed anew, in case that an event was lost. */
  readonly resyncMs: number;
  /** Wait after the first failure; doubled after each. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** After which a watch counts as a success: it ends the doubling. */
  readonly steadyMs: number;
}

const DEFAULT_TIMING: ReflectorTiming = {
  watchMs: 300_000,
  watchGraceMs: 30_000,
  answerMs: 30_000,
  silenceMs: 120_000,
  resyncMs: 600_000,
  firstBackoffMs: 1_000,
  longestBackoffMs: 30_000,
  steadyMs: 30_000,
};
const DEFAULT_PAGE_SIZE = 500;
// A server may ask for patience, but not for a cache that is old for ever.
const LONGEST_RETRY_AFTER_MS = 60_000;
// After these the history that we know is still good: the watch goes on where it was. After all others: a new list.
const RESUMABLE_REASONS = new Set(["Interrupted", "Silent", "Unreachable"]);
const RESUMABLE_STATUSES = new Set<number | undefined>([401, 429]);

export class Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #timing: ReflectorTiming;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #firstList = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #store = new Map<string, T>();
  #synced = false;
  /** Where the next watch begins; undefined: a list is needed first. */
  #resourceVersion: string | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  #contactAt = Number.NEGATIVE_INFINITY;
  #watchingSince = Number.POSITIVE_INFINITY;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#backoff = new Backoff(this.#timing.firstBackoffMs, this.#timing.longestBackoffMs);
    // Nobody needs to wait for it.
    this.#firstList.promise.catch(() => {});
  }

  /** Begins; a second call changes nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends for good: no request is under way and no clock runs when the promise is fulfilled. The copy stays readable. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#firstList.reject(ownError("Aborted", `the watch of ${this.#options.path} was stopped before the first list`));
    await this.#running;
  }

  /** Whether the collection has been listed at least once. */
  get synced(): boolean {
    return this.#synced;
  }

  /**
   * Waits for the first complete list.
   * @throws ClusterError `Aborted` when the reflector is stopped before
   */
  untilSynced(): Promise<void> {
    return this.#firstList.promise;
  }

  /** Milliseconds since the server last showed that the copy is up to date; Infinity before the first list. */
  get sinceContactMs(): number {
    return performance.now() - this.#contactAt;
  }

  /** What is kept of an object; the key is `namespace/name`, or `name` for objects of the cluster. */
  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#store.entries();
  }

  get size(): number {
    return this.#store.size;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#watchingSince = Number.POSITIVE_INFINITY;
      const failure = await this.#listAndWatch();
      if (this.#stopping.signal.aborted) return;
      const steady = performance.now() - this.#watchingSince >= this.#timing.steadyMs;
      if (steady) this.#backoff.reset();
      // A watch that was fine and that the server ended as asked goes on at once.
      if (steady && failure === undefined) continue;
      const waitMs = Math.max(this.#backoff.next(), retryAfterMs(failure));
      if (failure !== undefined) this.#tell((to) => to.failed?.(failure, this.#backoff.failures, waitMs));
      await pause(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
    }
  }

  /** One round. @returns why it failed; undefined where the server ended the watch cleanly */
  async #listAndWatch(): Promise<ClusterError | undefined> {
    try {
      if (this.#resourceVersion === undefined || this.#untilResync() <= 0) await this.#list();
      await this.#watch();
      return undefined;
    } catch (cause) {
      const error = cause instanceof ClusterError ? cause : unexpected(cause);
      if (!isResumable(error)) this.#resourceVersion = undefined;
      return error;
    }
  }

  async #list(): Promise<void> {
    const began = performance.now();
    const listed = new Map<string, T>();
    let resourceVersion: string | undefined;
    let continueToken = "";
    do {
      const page = await this.#page(continueToken);
      for (const object of page.objects) listed.set(objectKey(object), this.#options.keep(object));
      // The first page tells the moment that all pages are of.
      resourceVersion ??= page.resourceVersion;
      continueToken = page.continueToken;
    } while (continueToken !== "");
    this.#replace(listed);
    this.#resourceVersion = resourceVersion;
    this.#listedAt = began;
    // Not the end: a change since then comes by the watch only.
    this.#contactAt = Math.max(this.#contactAt, began);
    this.#synced = true;
    this.#firstList.resolve();
    this.#tell((to) => to.listed?.(listed.size));
  }

  async #page(continueToken: string): Promise<ReturnType<typeof readListPage>> {
    const { client, path, query, pageSize = DEFAULT_PAGE_SIZE } = this.#options;
    const { json } = await client.request({
      method: "GET",
      path,
      query: { ...query, limit: pageSize, continue: continueToken || undefined },
      timeoutMs: this.#timing.answerMs,
      signal: this.#stopping.signal,
    });
    return readListPage(json, path);
  }

  #replace(listed: Map<string, T>): void {
    const before = this.#store;
    this.#store = listed;
    for (const key of before.keys()) if (!listed.has(key)) this.#changed(key, undefined);
    for (const [key, kept] of listed) this.#changed(key, kept);
  }

  async #watch(): Promise<void> {
    const { client, path, query } = this.#options;
    const { watchMs, watchGraceMs, answerMs, silenceMs } = this.#timing;
    const timeoutSeconds = Math.max(1, Math.ceil(Math.min(watchMs, this.#untilResync()) / 1000));
    await client.watch({
      path,
      query: { ...query, resourceVersion: this.#resourceVersion, allowWatchBookmarks: true, timeoutSeconds },
      onOpen: () => {
        this.#touch();
        this.#watchingSince = this.#contactAt;
        this.#tell((to) => to.watching?.());
      },
      onLine: (line) => this.#apply(line),
      signal: this.#stopping.signal,
      limits: { answerMs, silenceMs, totalMs: timeoutSeconds * 1000 + watchGraceMs },
    });
  }

  #apply(line: string): void {
    const { type, object, resourceVersion } = readWatchEvent(line, this.#options.path);
    if (type === "changed") {
      const key = objectKey(object);
      const kept = this.#options.keep(object);
      this.#store.set(key, kept);
      this.#changed(key, kept);
    } else if (type === "deleted") {
      const key = objectKey(object);
      this.#store.delete(key);
      this.#changed(key, undefined);
    }
    this.#resourceVersion = resourceVersion;
    this.#touch();
  }

  #changed(key: string, kept: T | undefined): void {
    try {
      this.#options.onChange?.(key, kept);
    } catch (error) {
      this.#tell((to) => to.handlerFailed?.(key, error));
    }
  }

  #touch(): void {
    this.#contactAt = performance.now();
  }

  #untilResync(): number {
    return this.#listedAt + this.#timing.resyncMs - performance.now();
  }

  #tell(event: (observer: ReflectorObserver) => void): void {
    try {
      if (this.#options.observer !== undefined) event(this.#options.observer);
    } catch {
      // A log or metric that fails must not end the watch, and there is nobody else to tell.
    }
  }
}

function isResumable({ reason, status }: ClusterError): boolean {
  return RESUMABLE_REASONS.has(reason) || RESUMABLE_STATUSES.has(status);
}

function retryAfterMs(failure: ClusterError | undefined): number {
  return Math.min((failure?.retryAfter ?? 0) * 1000, LONGEST_RETRY_AFTER_MS);
}

/** Not a failure of the cluster but of this program: reported with its name, survived all the same. */
function unexpected(cause: unknown): ClusterError {
  return ownError("Malformed", `an unexpected failure: ${describeCause(cause).message}`);
}
