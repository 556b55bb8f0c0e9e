/**
 * @module Puts the managed default deny into a namespace, however often and by however many at once: the result is one
 * object.
 */
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError, ownError } from "./cluster-error.ts";
import { asObject } from "./listed-objects.ts";
import { FIELD_MANAGER, type ManagedPolicy } from "./managed-policy.ts";

/** Whether it was this call that made the object. */
export type Ensured = "created" | "present";

const LIMIT_MS = 3_000;
// One that waits only for a finalizer goes with the first replacement; the second round makes it anew.
const ROUNDS = 2;
const NO_NAMESPACE = /namespaces "[^"]*" not found/;

export class ManagedPolicyWriter {
  readonly #client: Pick<ClusterClient, "request">;
  readonly #policy: ManagedPolicy;
  readonly #onLearnt: () => void;
  readonly #limitMs: number;
  readonly #underWay = new Map<string, Promise<Ensured>>();

  /**
   * @param onLearnt told when the policy's form has learnt what the API server fills in: objects may be intact by that
   * @param limitMs for the whole of one `ensure`
   */
  constructor(
    client: Pick<ClusterClient, "request">,
    policy: ManagedPolicy,
    onLearnt: () => void = () => {},
    limitMs = LIMIT_MS,
  ) {
    this.#client = client;
    this.#policy = policy;
    this.#onLearnt = onLearnt;
    this.#limitMs = limitMs;
  }

  /**
   * Makes sure that the namespace has the object as it should be; once for all who ask at the same time.
   * @throws ClusterError where it can't be had in time; see {@link isNamespaceGone}
   */
  ensure(namespace: string): Promise<Ensured> {
    const underWay = this.#underWay.get(namespace);
    if (underWay !== undefined) return underWay;
    const work = this.#ensure(namespace).finally(() => this.#underWay.delete(namespace));
    this.#underWay.set(namespace, work);
    return work;
  }

  /** Waits for the calls under way. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }

  async #ensure(namespace: string): Promise<Ensured> {
    const deadline = performance.now() + this.#limitMs;
    const wanted = this.#policy.render(namespace);
    const { form } = this.#policy;
    for (let round = 0; round < ROUNDS; round += 1) {
      const applied = await this.#send("PATCH", namespace, wanted, deadline);
      if (form.isIntact(applied.object, wanted)) return applied.status === 201 ? "created" : "present";
      // Server-side apply leaves what others added: the whole object is replaced, unless somebody wrote in between.
      const { resourceVersion } = asObject(applied.object["metadata"]) ?? {};
      const metadata = { ...asObject(wanted["metadata"]), resourceVersion };
      const replaced = await this.#send("PUT", namespace, { ...wanted, metadata }, deadline);
      if (form.isIntact(replaced.object, wanted)) return "present";
      if (form.learn(replaced.object, wanted)) {
        this.#onLearnt();
        return "present";
      }
    }
    throw ownError("Malformed", `the API server stores ${this.#policy.path(namespace)} otherwise than it is sent`);
  }

  async #send(method: "PATCH" | "PUT", namespace: string, body: JsonObject, deadline: number) {
    const apply = method === "PATCH";
    const { status, json } = await this.#client.request({
      method,
      path: this.#policy.path(namespace),
      query: { fieldManager: FIELD_MANAGER, ...(apply ? { force: true } : {}) },
      ...(apply ? { contentType: "application/apply-patch+yaml" } : {}),
      body,
      timeoutMs: Math.max(1, deadline - performance.now()),
    });
    return { status, object: objectOf(json) };
  }
}

function objectOf(json: JsonValue): JsonObject {
  const object = asObject(json);
  if (object === undefined) throw ownError("Malformed", "the API server's answer is no object");
  return object;
}

/** Whether nothing can be created because the namespace doesn't exist any more, or is being deleted. */
export function isNamespaceGone(cause: unknown): boolean {
  if (!(cause instanceof ClusterError)) return false;
  // A 404 may also say that the cluster doesn't serve this kind of policy.
  return cause.causes.includes("NamespaceTerminating") || (cause.status === 404 && NO_NAMESPACE.test(cause.message));
}
