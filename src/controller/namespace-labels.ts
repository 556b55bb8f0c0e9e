/**
 * @module All namespaces, their labels above all, from a watch; and by a question to the cluster where the watch doesn't
 * know.
 */
import type { Labels, NamespaceLabels } from "../admission/namespaces.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError } from "./cluster-error.ts";
import { asObject } from "./listed-objects.ts";
import { Reflector, type ReflectorObserver, type ReflectorTiming } from "./reflector.ts";

export interface NamespaceWatchOptions {
  readonly observer?: ReflectorObserver;
  readonly timing?: Partial<ReflectorTiming>;
  /** How long a question to the cluster may take, in milliseconds; an admission request waits for it. */
  readonly lookupMs?: number;
  /** How long the answer is used while the watch hasn't caught up, in milliseconds. */
  readonly answerLifeMs?: number;
  /** After so many milliseconds without contact the watch's labels are no longer used. */
  readonly staleAfterMs?: number;
  /** Told of a namespace that changed or is gone (undefined), and of all of them at each list. */
  readonly onChange?: (namespace: string, state: NamespaceState | undefined) => void;
}

/** What is kept of a namespace. */
export interface NamespaceState {
  readonly labels: Labels;
  /** RFC 3339, by the API server's clock. */
  readonly createdAt: string;
  /** Whether it is being deleted: nothing can be created in it any more. */
  readonly terminating: boolean;
}

const NAMESPACES = "/api/v1/namespaces";
const LOOKUP_MS = 1_000;
const ANSWER_LIFE_MS = 2_000;
// Longer than three bookmarks of the server take, and than any one failure that the watch gets over by itself.
const STALE_AFTER_MS = 180_000;
// RFC 1123 label, which every namespace's name is; anything else isn't worth a question and could change its path.
const NAMESPACE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

interface LookupAnswer {
  readonly state: NamespaceState;
  readonly at: number;
}

/** Watches the namespaces of a cluster. */
export class NamespaceWatch implements NamespaceLabels {
  readonly #client: Pick<ClusterClient, "request">;
  readonly #reflector: Reflector<NamespaceState>;
  readonly #lookupMs: number;
  readonly #answerLifeMs: number;
  readonly #staleAfterMs: number;
  /** Answers of the cluster that the watch hasn't caught up with. */
  readonly #answers = new Map<string, LookupAnswer>();
  readonly #underWay = new Map<string, Promise<NamespaceState | undefined>>();
  readonly #stopping = new AbortController();

  constructor(client: Pick<ClusterClient, "request" | "watch">, options: NamespaceWatchOptions = {}) {
    const { observer = {}, timing = {} } = options;
    this.#client = client;
    this.#lookupMs = options.lookupMs ?? LOOKUP_MS;
    this.#answerLifeMs = options.answerLifeMs ?? ANSWER_LIFE_MS;
    this.#staleAfterMs = options.staleAfterMs ?? STALE_AFTER_MS;
    this.#reflector = new Reflector({
      client,
      path: NAMESPACES,
      keep: stateOf,
      onChange: (namespace, state) => {
        this.#answers.delete(namespace);
        options.onChange?.(namespace, state);
      },
      observer,
      timing,
    });
  }

  start(): void {
    this.#reflector.start();
  }

  /** Ends the watch and gives up every question. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reflector.stop();
    await Promise.allSettled(this.#underWay.values());
  }

  /**
   * Waits for the first complete list.
   * @throws ClusterError `Aborted` when stopped before
   */
  untilSynced(): Promise<void> {
    return this.#reflector.untilSynced();
  }

  /** Whether all namespaces have been listed once. */
  get synced(): boolean {
    return this.#reflector.synced;
  }

  /** Whether the watch has had no contact for too long, so that every namespace is asked for. */
  get stale(): boolean {
    return this.#reflector.sinceContactMs > this.#staleAfterMs;
  }

  /** Milliseconds since the last contact; Infinity before the first. */
  get sinceContactMs(): number {
    return this.#reflector.sinceContactMs;
  }

  /** Namespaces that the watch knows. */
  get size(): number {
    return this.#reflector.size;
  }

  cached(namespace: string): Labels | undefined {
    return this.state(namespace)?.labels;
  }

  /** A namespace as the watch has it; undefined where it doesn't know it (yet), or may be out of date. */
  state(namespace: string): NamespaceState | undefined {
    if (this.stale) return undefined;
    return this.#reflector.get(namespace) ?? this.#recentAnswer(namespace);
  }

  /** The namespaces that the watch knows, with their names. */
  states(): IterableIterator<[string, NamespaceState]> {
    return this.#reflector.entries();
  }

  async lookup(namespace: string): Promise<Labels | undefined> {
    return (await this.lookupState(namespace))?.labels;
  }

  /**
   * Asks the cluster, once for all who ask for the same namespace at the same time.
   * @returns undefined where the namespace doesn't exist
   * @throws ClusterError where the cluster doesn't tell in time
   */
  lookupState(namespace: string): Promise<NamespaceState | undefined> {
    if (!NAMESPACE_NAME.test(namespace)) return Promise.resolve(undefined);
    const recent = this.#recentAnswer(namespace);
    if (recent !== undefined) return Promise.resolve(recent);
    const underWay = this.#underWay.get(namespace);
    if (underWay !== undefined) return underWay;
    const question = this.#ask(namespace).finally(() => this.#underWay.delete(namespace));
    this.#underWay.set(namespace, question);
    return question;
  }

  async isTerminating(namespace: string): Promise<boolean> {
    if (!NAMESPACE_NAME.test(namespace)) return false;
    const state = await this.#get(namespace);
    return state === undefined || state.terminating;
  }

  async #ask(namespace: string): Promise<NamespaceState | undefined> {
    const at = performance.now();
    const state = await this.#get(namespace);
    if (state === undefined) return undefined;
    this.#forgetOldAnswers(at);
    this.#answers.set(namespace, { state, at });
    return state;
  }

  /** The namespace as the cluster has it now; undefined where there is none. */
  async #get(namespace: string): Promise<NamespaceState | undefined> {
    try {
      const { json } = await this.#client.request({
        method: "GET",
        path: `${NAMESPACES}/${namespace}`,
        timeoutMs: this.#lookupMs,
        signal: this.#stopping.signal,
      });
      return stateOf(asObject(json) ?? {});
    } catch (cause) {
      if (cause instanceof ClusterError && cause.status === 404) return undefined;
      throw cause;
    }
  }

  #recentAnswer(namespace: string): NamespaceState | undefined {
    const answer = this.#answers.get(namespace);
    return answer !== undefined && performance.now() - answer.at < this.#answerLifeMs ? answer.state : undefined;
  }

  #forgetOldAnswers(now: number): void {
    for (const [namespace, { at }] of this.#answers) {
      if (now - at >= this.#answerLifeMs) this.#answers.delete(namespace);
    }
  }
}

function stateOf(object: JsonObject): NamespaceState {
  const metadata = asObject(object["metadata"]) ?? {};
  const { creationTimestamp, deletionTimestamp } = metadata;
  return {
    labels: labelsOf(metadata),
    createdAt: typeof creationTimestamp === "string" ? creationTimestamp : "",
    terminating: typeof deletionTimestamp === "string",
  };
}

/** The labels, without a prototype: one may be called `constructor`. */
function labelsOf(metadata: JsonObject): Labels {
  const copy: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(asObject(metadata["labels"]) ?? {})) {
    if (typeof value === "string") copy[name] = value;
  }
  return copy;
}
