/**
 * @module Which guardrails could not look at which objects, because the input doesn't say a namespace's labels.
 */
import type { Family } from "../apis/reading.ts";
import type { Engine } from "../engine/engine.ts";
import type { InactiveGuardrail } from "./check-result.ts";
import type { Unknown } from "./namespaces-in-input.ts";

const REASONS: Readonly<Record<Unknown, string>> = {
  missing: "the input has no Namespace object for these namespaces",
  contradictory: "the input has Namespace objects with different labels for these namespaces",
};

export class InactiveGuardrails {
  readonly #slugsByFamily: ReadonlyMap<Family, readonly string[]>;
  readonly #namespaces = new Map<string, { guardrail: string; unknown: Unknown; names: Set<string> }>();

  constructor({ guardrails, needNamespaceLabels }: Engine) {
    const slugs = new Map<Family, string[]>();
    for (const guardrail of needNamespaceLabels) {
      for (const family of guardrails.get(guardrail)?.families ?? []) {
        slugs.set(family, [...(slugs.get(family) ?? []), guardrail]);
      }
    }
    this.#slugsByFamily = slugs;
  }

  /** An object of a namespace whose labels aren't known was judged. */
  note(family: Family | null, namespace: string, unknown: Unknown): void {
    const slugs = family === null ? [] : (this.#slugsByFamily.get(family) ?? []);
    for (const guardrail of slugs) {
      const key = `${guardrail} ${unknown}`;
      const entry = this.#namespaces.get(key) ?? { guardrail, unknown, names: new Set() };
      this.#namespaces.set(key, entry);
      entry.names.add(namespace);
    }
  }

  list(): readonly InactiveGuardrail[] {
    return Array.from(this.#namespaces.values(), ({ guardrail, unknown, names }) => ({
      guardrail,
      reason: REASONS[unknown],
      namespaces: [...names].toSorted(),
    }));
  }
}
