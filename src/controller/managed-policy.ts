/**
 * @module The managed default deny as one kind of the cluster's API: where its objects are, and what they look like.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Query } from "./cluster-client.ts";
import {
  type DefaultDenyTemplate,
  managedObjectPath,
  managedObjectsPath,
  renderDefaultDeny,
} from "./default-deny-template.ts";
import { ManagedForm } from "./managed-form.ts";
import { MANAGED_NAME } from "../engine/managed-object.ts";

/** Owner of the fields of managed objects, so that GitOps tools can be told to leave them alone. */
export const FIELD_MANAGER = "ringfence-default-deny";

/** One kind, with the template of its objects. */
export interface ManagedPolicy {
  /** The collection that holds those of all namespaces, and the query that picks them out of it. */
  readonly collection: string;
  readonly query: Query;
  /** Where the object of a namespace is. */
  path(namespace: string): string;
  /** The object of a namespace, complete. */
  render(namespace: string): JsonObject;
  /** Tells whether a stored object is as it should be. */
  readonly form: ManagedForm;
  /** The namespace that an object of the collection is for; its key is `namespace/name`, or `name`. */
  namespaceOf(key: string): string;
}

/** Makes it of a template that has been checked. */
export function managedPolicy(template: DefaultDenyTemplate): ManagedPolicy {
  const shared = {
    collection: managedObjectsPath(template),
    path: (namespace: string) => managedObjectPath(template, namespace),
    render: (namespace: string) => renderDefaultDeny(template, namespace),
    form: new ManagedForm(),
  };
  if (template.resource?.scope === "Cluster") {
    const query = { labelSelector: "ringfence.dev/default-deny=true" };
    return { ...shared, query, namespaceOf: (key) => key.slice(MANAGED_NAME.length + 1) };
  }
  // By name, not by label: who takes the label off doesn't hide it, and a role can be limited to the name.
  const query = { fieldSelector: `metadata.name=${MANAGED_NAME}` };
  return { ...shared, query, namespaceOf: (key) => key.slice(0, key.indexOf("/")) };
}
