/**
 * @module The gate for Pods: the first Pod of a namespace waits until its default deny is there, and creates it where the
 * controller hasn't yet.
 */
import type { DefaultDenyGate } from "../admission/default-deny-gate.ts";
import { messageOf } from "./cluster-error.ts";
import { type DefaultDenyRules, isExempt, isGoverned } from "./governance.ts";
import { MANAGED_NAME } from "../engine/managed-object.ts";
import type { ManagedPolicyWatch } from "./managed-policy-watch.ts";
import type { ManagedPolicyWriter } from "./managed-policy-writer.ts";
import type { NamespaceWatch } from "./namespace-labels.ts";

export interface PodGateParts {
  readonly rules: () => DefaultDenyRules;
  readonly namespaces: Pick<NamespaceWatch, "state" | "lookupState">;
  readonly policies: Pick<ManagedPolicyWatch, "covers">;
  readonly writer: Pick<ManagedPolicyWriter, "ensure">;
  /** Told of every Pod for which the cluster had to be asked. */
  readonly onEnsured?: (result: "created" | "present" | "failed", seconds: number) => void;
}

// While the watch hasn't seen the object yet; every Pod of a new Deployment would ask otherwise.
const ANSWER_LIFE_MS = 2_000;
const MOST_ANSWERS = 10_000;

export class PodGate implements DefaultDenyGate {
  readonly #parts: PodGateParts;
  /** When the cluster last said that a namespace has it. */
  readonly #answers = new Map<string, number>();

  constructor(parts: PodGateParts) {
    this.#parts = parts;
  }

  covers(namespace: string): boolean {
    return this.#parts.policies.covers(namespace);
  }

  async ensure(namespace: string, dryRun: boolean): Promise<string | undefined> {
    if (!(await this.#needsIt(namespace)) || this.covers(namespace) || this.#wasThere(namespace)) return undefined;
    if (dryRun) return `namespace ${namespace} has no default deny yet; without --dry-run it is created before the Pod`;
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    try {
      const result = await this.#parts.writer.ensure(namespace);
      this.#remember(namespace);
      this.#parts.onEnsured?.(result, seconds());
      return undefined;
    } catch (cause) {
      this.#parts.onEnsured?.("failed", seconds());
      throw new Error(
        `namespace ${namespace} has no default deny (${MANAGED_NAME}) and it can't be created: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  /** Tells that what the cluster said of a namespace holds no more. */
  forget(namespace: string): void {
    this.#answers.delete(namespace);
  }

  async #needsIt(namespace: string): Promise<boolean> {
    const { rules, namespaces } = this.#parts;
    const current = rules();
    if (current.mode === "observe" || isExempt(current, namespace)) return false;
    if (current.mode === "all-namespaces") return true;
    const state = namespaces.state(namespace) ?? (await namespaces.lookupState(namespace));
    // A namespace that doesn't exist takes no Pod; the writer finds out and says so.
    return state === undefined || isGoverned(current, namespace, state);
  }

  #wasThere(namespace: string): boolean {
    const at = this.#answers.get(namespace);
    return at !== undefined && performance.now() - at < ANSWER_LIFE_MS;
  }

  #remember(namespace: string): void {
    if (this.#answers.size >= MOST_ANSWERS) this.#answers.clear();
    this.#answers.set(namespace, performance.now());
  }
}
