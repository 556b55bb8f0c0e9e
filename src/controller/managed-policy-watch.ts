/**
 * @module Which namespaces have the managed default deny as it should be, from a watch of the cluster.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { asObject } from "./listed-objects.ts";
import type { ManagedPolicy } from "./managed-policy.ts";
import { Reflector, type ReflectorObserver, type ReflectorTiming } from "./reflector.ts";

export interface ManagedPolicyWatchOptions {
  readonly client: Pick<ClusterClient, "request" | "watch">;
  readonly policy: ManagedPolicy;
  /** Told of every namespace whose object changed, and of all that have one at each list. */
  readonly onChange?: (namespace: string, intact: boolean) => void;
  readonly observer?: ReflectorObserver;
  readonly timing?: Partial<ReflectorTiming>;
  /** After so many milliseconds without contact the watch is no longer believed. */
  readonly staleAfterMs?: number;
}

// The API server sends a bookmark about every minute.
const STALE_AFTER_MS = 180_000;

export class ManagedPolicyWatch {
  readonly #options: ManagedPolicyWatchOptions;
  readonly #reflector: Reflector<JsonObject>;
  readonly #staleAfterMs: number;
  /** Namespaces; admission looks here for every Pod. */
  readonly #covered = new Set<string>();
  #watching = false;

  constructor(options: ManagedPolicyWatchOptions) {
    const { client, policy, observer = {}, timing = {} } = options;
    this.#options = options;
    this.#staleAfterMs = options.staleAfterMs ?? STALE_AFTER_MS;
    this.#reflector = new Reflector({
      client,
      path: policy.collection,
      query: policy.query,
      keep: withoutManagers,
      onChange: (key, object) => this.#changed(key, object),
      observer: {
        ...observer,
        watching: () => {
          this.#watching = true;
          observer.watching?.();
        },
        failed: (error, failures, waitMs) => {
          this.#watching = false;
          observer.failed?.(error, failures, waitMs);
        },
      },
      timing,
    });
  }

  start(): void {
    this.#reflector.start();
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
  }

  /** Looks at all objects again, after the form has learnt something. */
  recheck(): void {
    for (const [key, object] of this.#reflector.entries()) this.#changed(key, object);
  }

  /** Whether all objects have been listed once. */
  get synced(): boolean {
    return this.#reflector.synced;
  }

  /**
   * Waits for the first complete list.
   * @throws ClusterError `Aborted` when stopped before
   */
  untilSynced(): Promise<void> {
    return this.#reflector.untilSynced();
  }

  /** Whether the namespace had the object when the watch last heard of it. */
  has(namespace: string): boolean {
    return this.#covered.has(namespace);
  }

  /** Whether the namespace has the object, by a watch that is in contact: false also means "not known". */
  covers(namespace: string): boolean {
    return this.#covered.has(namespace) && this.#watching && this.#reflector.sinceContactMs <= this.#staleAfterMs;
  }

  /** Namespaces that have the object as it should be. */
  get size(): number {
    return this.#covered.size;
  }

  #changed(key: string, object: JsonObject | undefined): void {
    const { policy, onChange } = this.#options;
    const namespace = policy.namespaceOf(key);
    const intact = object !== undefined && policy.form.isIntact(object, policy.render(namespace));
    if (intact) this.#covered.add(namespace);
    else this.#covered.delete(namespace);
    onChange?.(namespace, intact);
  }
}

/** `managedFields` are most of a small object. */
function withoutManagers(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = asObject(object["metadata"]) ?? {};
  return { ...object, metadata };
}
