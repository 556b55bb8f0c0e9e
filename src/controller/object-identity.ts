/**
 * @module Who an object of the cluster is, out of its raw JSON.
 */
import { splitApiVersion } from "../engine/judge-request.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { asObject } from "./listed-objects.ts";

export interface ObjectIdentity {
  readonly apiVersion: string;
  readonly group: string;
  readonly kind: string;
  /** Empty for objects of the cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What isn't there is empty: the API server leaves none of it out. */
export function objectIdentity({ apiVersion, kind, metadata }: JsonObject): ObjectIdentity {
  const { namespace, name, uid, resourceVersion } = asObject(metadata) ?? {};
  const version = textOf(apiVersion);
  return {
    apiVersion: version,
    group: splitApiVersion(version).group,
    kind: textOf(kind),
    namespace: textOf(namespace),
    name: textOf(name),
    uid: textOf(uid),
    resourceVersion: textOf(resourceVersion),
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
