/**
 * @module Labels of namespaces as the gate knows them: from the Namespace objects of the same input, and never a guess.
 */
import type { JsonObject } from "../intake/json-value.ts";

export type Labels = Readonly<Record<string, string>>;

/** Why the labels of a namespace are not known. */
export type Unknown = "missing" | "contradictory";

/** The API server sets it on every namespace; a file needn't. */
const NAME_LABEL = "kubernetes.io/metadata.name";

export class NamespacesInInput {
  readonly #labels = new Map<string, Labels | "contradictory">();

  /** Takes a Namespace object. Two of one name with different labels (overlays of two clusters) cancel each other. */
  add(name: string, object: JsonObject): void {
    const labels = { ...labelsOf(object), [NAME_LABEL]: name };
    const known = this.#labels.get(name);
    this.#labels.set(name, known === undefined || isSame(known, labels) ? labels : "contradictory");
  }

  /** The labels of a namespace, or why they aren't known. */
  get(name: string): Labels | Unknown {
    return this.#labels.get(name) ?? "missing";
  }
}

function labelsOf(object: JsonObject): Labels {
  const { labels } = object["metadata"] as JsonObject;
  if (typeof labels !== "object" || labels === null || Array.isArray(labels)) return {};
  // Values that are no text are a defect of the Namespace itself, where they are reported.
  return Object.fromEntries(
    Object.entries(labels as JsonObject).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function isSame(known: Labels | "contradictory", labels: Labels): boolean {
  if (known === "contradictory") return false;
  const keys = Object.keys(labels);
  return (
    keys.length === Object.keys(known).length &&
    keys.every((key) => Object.hasOwn(known, key) && known[key] === labels[key])
  );
}
