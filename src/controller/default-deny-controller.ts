/**
 * @module Keeps the managed default deny in every governed namespace. It compares what is with what should be, again and
 * again; it remembers nothing that a missed event could make wrong.
 */
import { Contests } from "./contests.ts";
import type { JsonValue } from "../intake/json-value.ts";
import { messageOf } from "./cluster-error.ts";
import type { EventRecorder, EventSubject } from "./event-recorder.ts";
import { type DefaultDenyRules, isGoverned } from "./governance.ts";
import type { Term } from "./leader-term.ts";
import { asObject } from "./listed-objects.ts";
import { MANAGED_NAME } from "../engine/managed-object.ts";
import type { ManagedPolicy } from "./managed-policy.ts";
import type { ManagedPolicyWatch } from "./managed-policy-watch.ts";
import { type Ensured, isNamespaceGone, type ManagedPolicyWriter } from "./managed-policy-writer.ts";
import type { NamespaceState, NamespaceWatch } from "./namespace-labels.ts";
import { type WorkLimits, WorkQueue } from "./work-queue.ts";

export interface DefaultDenyControllerParts {
  readonly rules: () => DefaultDenyRules;
  readonly policy: ManagedPolicy;
  readonly namespaces: Pick<NamespaceWatch, "state" | "states" | "untilSynced">;
  readonly policies: Pick<ManagedPolicyWatch, "has" | "untilSynced">;
  readonly writer: Pick<ManagedPolicyWriter, "ensure">;
  readonly events: EventRecorder;
  readonly observer?: DefaultDenyObserver;
  readonly contests?: Contests;
  readonly limits?: Partial<WorkLimits>;
  /** Milliseconds between two looks at all namespaces, in case that something was missed. */
  readonly resyncMs?: number;
}

/** Told of what happens, for logs and metrics. */
export interface DefaultDenyObserver {
  ensured?(namespace: string, result: Ensured): void;
  failed?(namespace: string, message: string, failures: number, waitMs: number): void;
  /** Somebody keeps taking it away; nothing more is done there for `restMs`. */
  contested?(namespace: string, restMs: number): void;
}

const RESYNC_MS = 60_000;

export class DefaultDenyController {
  readonly #parts: DefaultDenyControllerParts;
  readonly #contests: Contests;
  /** Namespaces whose object was seen as it should be, so that its loss is noticed. */
  readonly #seenIntact = new Set<string>();
  #queue: WorkQueue | undefined;

  constructor(parts: DefaultDenyControllerParts) {
    this.#parts = parts;
    this.#contests = parts.contests ?? new Contests();
  }

  /**
   * Works until the term is over.
   * @throws ClusterError `Aborted` where a watch was stopped before its first list
   */
  async lead(term: Term): Promise<void> {
    const { namespaces, policies, limits = {}, resyncMs = RESYNC_MS } = this.#parts;
    // Without both lists everything would look as if it were missing.
    const synced = Promise.all([namespaces.untilSynced(), policies.untilSynced()]);
    await Promise.race([synced, untilAborted(term.signal)]);
    if (!term.held) return;
    const queue = new WorkQueue({
      work: (namespace) => this.#reconcile(namespace, term),
      failed: (namespace, error, failures, waitMs) => this.#failed(namespace, error, failures, waitMs),
      limits,
    });
    this.#queue = queue;
    this.lookAtAll();
    const resync = setInterval(() => this.lookAtAll(), resyncMs);
    await untilAborted(term.signal);
    clearInterval(resync);
    this.#queue = undefined;
    await queue.stop();
  }

  /** To be told by the watch of namespaces. */
  namespaceChanged(namespace: string, state: NamespaceState | undefined): void {
    if (state === undefined || state.terminating) this.#forget(namespace);
    else this.#queue?.add(namespace);
  }

  /** To be told by the watch of managed policies. */
  policyChanged(namespace: string, intact: boolean): void {
    if (intact) {
      this.#seenIntact.add(namespace);
      return;
    }
    if (this.#seenIntact.delete(namespace) && this.#shouldHaveIt(namespace)) this.#reverted(namespace);
    this.#queue?.add(namespace);
  }

  /** Looks at every namespace: after a change of the settings, and from time to time. */
  lookAtAll(): void {
    for (const [namespace] of this.#parts.namespaces.states()) {
      if (!this.#parts.policies.has(namespace)) this.#queue?.add(namespace);
    }
  }

  /** Governed namespaces in which it is missing or changed. */
  get missing(): number {
    let count = 0;
    for (const [namespace] of this.#parts.namespaces.states()) {
      if (this.#shouldHaveIt(namespace) && !this.#parts.policies.has(namespace)) count += 1;
    }
    return count;
  }

  get contested(): number {
    return this.#contests.count;
  }

  async #reconcile(namespace: string, term: Term): Promise<void> {
    const { policies, writer, observer } = this.#parts;
    if (!this.#shouldHaveIt(namespace) || policies.has(namespace)) return;
    const restMs = this.#contests.restMs(namespace);
    if (restMs > 0) return this.#queue?.addLater(namespace, restMs);
    await this.#queue?.turn();
    // The wait may have been long: only who leads right now may write.
    if (!term.held || policies.has(namespace)) return;
    try {
      observer?.ensured?.(namespace, await writer.ensure(namespace));
    } catch (cause) {
      if (!isNamespaceGone(cause)) throw cause;
    }
  }

  #shouldHaveIt(namespace: string): boolean {
    const state = this.#parts.namespaces.state(namespace);
    return state !== undefined && !state.terminating && isGoverned(this.#parts.rules(), namespace, state);
  }

  #reverted(namespace: string): void {
    const { events, observer } = this.#parts;
    const about = this.#subject(namespace);
    if (!this.#contests.reverted(namespace)) {
      if (this.#queue === undefined || this.#contests.isContested(namespace)) return;
      events.record({
        type: "Warning",
        reason: "DefaultDenyRestored",
        message: `${MANAGED_NAME} was deleted or changed; ringfence puts it back. Who did it is in the audit log`,
        about,
      });
      return;
    }
    const restMs = this.#contests.restMs(namespace);
    observer?.contested?.(namespace, restMs);
    if (this.#queue === undefined) return;
    events.record({
      type: "Warning",
      reason: "DefaultDenyContested",
      message:
        `${MANAGED_NAME} is deleted or changed again and again; ringfence stops putting it back for ${Math.ceil(restMs / 60_000)} min ` +
        "(the next new Pod brings it back). Find out what does it: a GitOps tool that prunes, or another controller",
      about,
    });
  }

  #subject(namespace: string): EventSubject {
    const { apiVersion, kind, metadata } = this.#parts.policy.render(namespace);
    return {
      apiVersion: textOf(apiVersion),
      kind: textOf(kind),
      namespace,
      name: textOf(asObject(metadata)?.["name"]),
    };
  }

  #failed(namespace: string, error: unknown, failures: number, waitMs: number): void {
    this.#parts.observer?.failed?.(namespace, messageOf(error), failures, waitMs);
  }

  #forget(namespace: string): void {
    this.#seenIntact.delete(namespace);
    this.#contests.forget(namespace);
    this.#queue?.drop(namespace);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
