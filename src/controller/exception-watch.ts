/**
 * @module All objects of the cluster that carry an exception, from a watch of every kind that Ringfence reads. Of all other
 * objects only the key is kept.
 */
import { PREFIX } from "../exceptions/annotations.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { type ClusterError, messageOf } from "./cluster-error.ts";
import { Reflector, type ReflectorTiming } from "./reflector.ts";
import { type ServedKind, servedKinds } from "./served-kinds.ts";

/** An object with an exception. */
export interface ExcusedObject {
  readonly kind: ServedKind;
  /** With apiVersion and kind, without status and managedFields. */
  readonly object: JsonObject;
}

interface KindWatch {
  readonly served: ServedKind;
  readonly reflector: Reflector<JsonObject | null>;
  /** Why it isn't up to date; empty while it is. */
  problem: string;
}

const EXCEPTION = `${PREFIX}exception`;
/** Where annotations stand in the kinds that are read: the object's own, a Pod template's, a CronJob's two. */
const METADATA: readonly (readonly string[])[] = [
  ["metadata"],
  ["spec", "template", "metadata"],
  ["template", "metadata"],
  ["spec", "jobTemplate", "metadata"],
  ["spec", "jobTemplate", "spec", "template", "metadata"],
];
/** A right may come and a definition may be installed later: then kinds are looked up again. */
const DISCOVERY_EVERY_MS = 600_000;

export class ExceptionWatch {
  readonly #client: Pick<ClusterClient, "request" | "watch">;
  readonly #timing: Partial<ReflectorTiming>;
  readonly #watches = new Map<string, KindWatch>();
  #discoveredAt = Number.NEGATIVE_INFINITY;

  constructor(client: Pick<ClusterClient, "request" | "watch">, timing: Partial<ReflectorTiming> = {}) {
    this.#client = client;
    this.#timing = timing;
  }

  /**
   * Watches the kinds that the cluster serves by now.
   * @throws ClusterError where discovery fails
   */
  async update(): Promise<void> {
    if (performance.now() - this.#discoveredAt < DISCOVERY_EVERY_MS) return;
    const kinds = new Map((await servedKinds(this.#client)).map((served) => [served.path, served]));
    this.#discoveredAt = performance.now();
    for (const [path, { reflector }] of this.#watches) {
      if (kinds.has(path)) continue;
      this.#watches.delete(path);
      await reflector.stop();
    }
    for (const [path, served] of kinds) if (!this.#watches.has(path)) this.#watches.set(path, this.#start(served));
  }

  /** Whether every kind has been listed, or is known to be out of reach. */
  get settled(): boolean {
    return [...this.#watches.values()].every(({ reflector, problem }) => reflector.synced || problem !== "");
  }

  /** Kinds that can't be watched, and why: their exceptions end unnoticed. */
  get notWatched(): ReadonlyMap<string, string> {
    const problems = [...this.#watches.values()].filter(({ problem }) => problem !== "");
    return new Map(problems.map(({ served, problem }) => [`${served.apiVersion} ${served.kind}`, problem]));
  }

  *objects(): Generator<ExcusedObject> {
    for (const { served, reflector } of this.#watches.values()) {
      for (const [, object] of reflector.entries()) if (object !== null) yield { kind: served, object };
    }
  }

  async stop(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    this.#discoveredAt = Number.NEGATIVE_INFINITY;
    await Promise.all(watches.map(({ reflector }) => reflector.stop()));
  }

  #start(served: ServedKind): KindWatch {
    const observer = {
      listed: () => {
        watch.problem = "";
      },
      watching: () => {
        watch.problem = "";
      },
      failed: (error: ClusterError) => {
        watch.problem = messageOf(error);
      },
    };
    const { path } = served;
    const reflector = new Reflector({
      client: this.#client,
      path,
      keep: (object) => keptOf(object, served),
      observer,
      timing: this.#timing,
    });
    const watch: KindWatch = { served, reflector, problem: "" };
    reflector.start();
    return watch;
  }
}

/** Null for an object without an exception. */
function keptOf(object: JsonObject, { apiVersion, kind }: ServedKind): JsonObject | null {
  if (!METADATA.some((place) => hasException(object, place))) return null;
  const { status: _, metadata, ...rest } = object;
  const { managedFields: __, ...named } = isJsonObject(metadata) ? metadata : {};
  return { ...rest, apiVersion, kind, metadata: named };
}

function hasException(object: JsonObject, place: readonly string[]): boolean {
  let value: JsonValue | undefined = object;
  for (const key of [...place, "annotations"]) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return isJsonObject(value) && Object.keys(value).some((key) => key.startsWith(EXCEPTION));
}
