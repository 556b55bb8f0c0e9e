/**
 * @module The rights that the webhook and the controller need in a cluster, each with its reason, and nothing more.
 *
 * The names of a role limit list and watch too, because they ask by `metadata.name`; and the creation by a server-side
 * apply, because a PATCH names its object (k8s.io/apiserver, pkg/endpoints/handlers/patch.go).
 */
import { READERS } from "../apis/registry.ts";
import { isPolicyGroup } from "../apis/policy-groups.ts";
import type { ExceptionSettings } from "../engine/exception-settings.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { MANAGED_NAME } from "../engine/managed-object.ts";

/** The Lease by which the controllers agree on who works. */
export const CONTROLLER_LEASE = "ringfence-controller";

/** One right, as in a role. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Only objects of these names. */
  readonly names?: readonly string[];
  /** In the whole cluster, or only in Ringfence's own namespace. */
  readonly scope: "cluster" | "own-namespace";
  /** What stands still without it. */
  readonly why: string;
}

/** Where the managed default deny is kept; a template's `group` and the plural of its kind. */
export interface PolicyResource {
  readonly group: string;
  readonly resource: string;
  readonly scope: "Namespaced" | "Cluster";
}

const KUBERNETES: PolicyResource = { group: "networking.k8s.io", resource: "networkpolicies", scope: "Namespaced" };

/**
 * The rights of `ringfence serve` and `ringfence controller`.
 * @param policy where the managed default deny is kept
 */
export function neededRights(policy: PolicyResource = KUBERNETES): readonly Right[] {
  const names = policy.scope === "Namespaced" ? { names: [MANAGED_NAME] } : {};
  const { group, resource } = policy;
  const managed = (verb: string, why: string): Right => ({
    group,
    resource,
    verbs: [verb],
    ...names,
    scope: "cluster",
    why,
  });
  return [
    right("", "namespaces", "list", "cluster", "to know the namespaces and their labels"),
    right("", "namespaces", "watch", "cluster", "to see a namespace the moment it is made"),
    right("", "namespaces", "get", "cluster", "to look up one that the watch hasn't seen yet"),
    managed("list", "to know where the default deny is"),
    managed("watch", "to see that it was deleted or changed"),
    managed("create", "to put it into a namespace"),
    managed("patch", "to put it into a namespace, and right again"),
    managed("update", "to take out what others have added to it"),
    right("", "events", "create", "cluster", "to tell that it was restored, or is contested"),
    right("coordination.k8s.io", "leases", "create", "own-namespace", "to agree on who leads, the first time"),
    {
      ...right("coordination.k8s.io", "leases", "get", "own-namespace", "to see who leads"),
      names: [CONTROLLER_LEASE],
    },
    { ...right("coordination.k8s.io", "leases", "update", "own-namespace", "to lead"), names: [CONTROLLER_LEASE] },
  ];
}

/** Needed besides while the mode is `observe`: to tell which Pods would be cut off. */
export const FORECAST_RIGHTS: readonly Right[] = [
  right("", "pods", "list", "cluster", "to tell which Pods would be cut off"),
  right("networking.k8s.io", "networkpolicies", "list", "cluster", "to tell which Pods a policy selects already"),
];

/**
 * The rights of the sweep of exceptions; none where no approval counts.
 * @param settings `exceptions` of the settings
 */
export function exceptionRights({ keys, atEnd }: Pick<ExceptionSettings, "keys" | "atEnd">): readonly Right[] {
  if (keys === null) return [];
  return READERS.flatMap(({ group, resources }) =>
    resources
      // What comes through another resource can't be listed (a Binding).
      .filter(({ parent }) => parent === undefined)
      .flatMap(({ plural }) => [
        right(group, plural, "list", "cluster", "to find the exceptions that have ended"),
        right(group, plural, "watch", "cluster", "to see an exception that is changed or taken back"),
        ...(atEnd === "remove" && isPolicyGroup(group)
          ? [right(group, plural, "patch", "cluster", "to take the rules of an ended exception out")]
          : []),
      ]),
  );
}

function right(group: string, resource: string, verb: string, scope: Right["scope"], why: string): Right {
  return { group, resource, verbs: [verb], scope, why };
}

/**
 * The roles and bindings that grant rights to a service account, ready to be applied.
 * @param namespace of the service account, and of the Lease
 */
export function rbacManifests(rights: readonly Right[], namespace: string, serviceAccount: string): JsonObject[] {
  const subjects = [{ kind: "ServiceAccount", name: serviceAccount, namespace }];
  const labels = { "app.kubernetes.io/name": "ringfence" };
  const role = (kind: "ClusterRole" | "Role", scope: Right["scope"]): JsonObject[] => {
    const metadata = { name: serviceAccount, ...(kind === "Role" ? { namespace } : {}), labels };
    const rules = rights.filter((one) => one.scope === scope).map(roleRule);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: serviceAccount };
    return [
      { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata, rules },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: `${kind}Binding`, metadata, roleRef, subjects },
    ];
  };
  return [...role("ClusterRole", "cluster"), ...role("Role", "own-namespace")];
}

function roleRule({ group, resource, verbs, names }: Right): JsonObject {
  const rule = { apiGroups: [group], resources: [resource], verbs };
  return names === undefined ? rule : { ...rule, resourceNames: names };
}
