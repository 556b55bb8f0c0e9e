/**
 * @module The labels of all namespaces, from a watch; and by a question to the cluster where the watch doesn't know.
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
}

const NAMESPACES = "/api/v1/namespaces";
const LOOKUP_MS = 1_000;
const ANSWER_LIFE_MS = 2_000;
// Longer than three bookmarks of the server take, and than any one failure that the watch gets over by itself.
const STALE_AFTER_MS = 180_000;
// RFC 1123 label, which every namespace's name is; anything else isn't worth a question and could change its path.
const NAMESPACE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

interface LookupAnswer {
  readonly labels: Labels;
  readonly at: number;
}

/** Watches the namespaces of a cluster. */
export class NamespaceWatch implements NamespaceLabels {
  readonly #client: Pick<ClusterClient, "request">;
  readonly #reflector: Reflector<Labels>;
  readonly #lookupMs: number;
  readonly #answerLifeMs: number;
  readonly #staleAfterMs: number;
  /** Answers of the cluster that the watch hasn't caught up with. */
  readonly #answers = new Map<string, LookupAnswer>();
  readonly #underWay = new Map<string, Promise<Labels | undefined>>();
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
      keep: labelsOf,
      onChange: (namespace) => this.#answers.delete(namespace),
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
    if (this.stale) return undefined;
    return this.#reflector.get(namespace) ?? this.#recentAnswer(namespace);
  }

  /**
   * Asks the cluster, once for all who ask for the same namespace at the same time.
   * @returns undefined where the namespace doesn't exist
   * @throws ClusterError where the cluster doesn't tell in time
   */
  lookup(namespace: string): Promise<Labels | undefined> {
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
    const object = await this.#get(namespace);
    return object === undefined || typeof asObject(object["metadata"])?.["deletionTimestamp"] === "string";
  }

  async #ask(namespace: string): Promise<Labels | undefined> {
    const at = performance.now();
    const object = await this.#get(namespace);
    if (object === undefined) return undefined;
    const labels = labelsOf(object);
    this.#forgetOldAnswers(at);
    this.#answers.set(namespace, { labels, at });
    return labels;
  }

  /** The Namespace; undefined where there is none. */
  async #get(namespace: string): Promise<JsonObject | undefined> {
    try {
      const { json } = await this.#client.request({
        method: "GET",
        path: `${NAMESPACES}/${namespace}`,
        timeoutMs: this.#lookupMs,
        signal: this.#stopping.signal,
      });
      return asObject(json) ?? {};
    } catch (cause) {
      if (cause instanceof ClusterError && cause.status === 404) return undefined;
      throw cause;
    }
  }

  #recentAnswer(namespace: string): Labels | undefined {
    const answer = this.#answers.get(namespace);
    return answer !== undefined && performance.now() - answer.at < this.#answerLifeMs ? answer.labels : undefined;
  }

  #forgetOldAnswers(now: number): void {
    for (const [namespace, { at }] of this.#answers) {
      if (now - at >= this.#answerLifeMs) this.#answers.delete(namespace);
    }
  }
}

/** The labels of an object, without a prototype: a label may be called `constructor`. */
function labelsOf(object: JsonObject): Labels {
  const labels = asObject(asObject(object["metadata"])?.["labels"]) ?? {};
  const copy: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(labels)) if (typeof value === "string") copy[name] = value;
  return copy;
}
