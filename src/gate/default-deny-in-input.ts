/**
 * @module Which namespaces of the input have a default deny: from the policies of the same input.
 */
import { readerFor } from "../apis/registry.ts";
import type { DefaultDenyFact } from "../engine/facts.ts";
import { isolates } from "../apis/isolation.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { Subject } from "./subject.ts";

type Directions = Pick<DefaultDenyFact, "ingress" | "egress">;

const NEITHER: Directions = { ingress: false, egress: false };

export class DefaultDenyInInput {
  /** By namespace; the empty name is that of policies for the whole cluster. */
  readonly #isolated = new Map<string, Directions>();

  /** Takes any object; what is no policy for every Pod of a namespace, or of the cluster, counts for nothing. */
  add({ group, kind, namespace }: Subject, object: JsonObject): void {
    const policy = readerFor(group, kind)?.read(object).policy;
    if (policy === undefined) return;
    const { reach } = policy.subject;
    if (reach !== "cluster" && (reach !== "namespace" || namespace === "")) return;
    const place = reach === "cluster" ? "" : namespace;
    this.#isolated.set(
      place,
      either(this.#get(place), {
        ingress: isolates(group, policy, "ingress"),
        egress: isolates(group, policy, "egress"),
      }),
    );
  }

  /** Whether policies isolate every Pod of a namespace. */
  of(namespace: string): DefaultDenyFact {
    return { namespace, ...either(this.#get(namespace), this.#get("")) };
  }

  #get(place: string): Directions {
    return this.#isolated.get(place) ?? NEITHER;
  }
}

function either(a: Directions, b: Directions): Directions {
  return { ingress: a.ingress || b.ingress, egress: a.egress || b.egress };
}
