/**
 * @module What a place (admission, gate, audit) tells the engine about one object.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { DefaultDenyFact } from "./facts.ts";

export interface JudgeRequest {
  /** Identifies the evaluation; echoed by the bundle. */
  readonly uid: string;
  readonly place: "admission" | "gate" | "audit";
  /** A deletion is judged by the object that is to go. */
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  /** `metadata.name`, or `generateName` followed by `*`. */
  readonly name: string;
  readonly subresource: string;
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  readonly object: JsonObject;
  /** The stored object of an update. */
  readonly oldObject: JsonObject | null;
  /** Labels of the object's namespace; null where they can't be known. */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  /** The moment to judge for, in seconds since 1970; now where it is absent. */
  readonly now?: number;
  /** Whether the user may make exceptions that nobody approved; absent or null where nobody asked. */
  readonly mayExcuse?: boolean | null;
  /** For deletions: whether the namespace is being deleted; null where that can't be known. */
  readonly namespaceTerminating?: boolean | null;
  /** For Namespaces: whether there is default deny in it, from who knows all of its policies. */
  readonly defaultDeny?: DefaultDenyFact;
}

/** `apps/v1` is group `apps`, version `v1`; `v1` is the core group. */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash === -1
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
