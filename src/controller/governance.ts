/**
 * @module Which namespaces get the managed default deny: decided by the settings, and by nothing that a tenant can write.
 */
import type { DefaultDenyMode } from "../engine/default-deny-settings.ts";
import type { Settings } from "../engine/settings.ts";
import type { NamespaceState } from "./namespace-labels.ts";

/** What the settings say about it. */
export interface DefaultDenyRules {
  readonly mode: DefaultDenyMode;
  /** For `new-namespaces`: those that were created at this moment or later. RFC 3339. */
  readonly since?: string | undefined;
  /** Names, or prefixes followed by a star. */
  readonly exemptNamespaces: readonly string[];
}

/**
 * What of the settings decides.
 * @param ownNamespace where Ringfence runs: always left out. A default deny there would keep the API server from the
 *   webhook, and with it everything out of the cluster, the policy that could help among it
 */
export function defaultDenyRules(
  { defaultDeny: { mode, since }, exempt }: Settings,
  ownNamespace: string,
): DefaultDenyRules {
  return { mode, since, exemptNamespaces: [...(exempt.namespaces ?? []), ownNamespace] };
}

/**
 * Whether a namespace has to have the managed default deny; never while only observing.
 * A moment that can't be read counts as new: unknown is not "needs nothing".
 */
export function isGoverned(
  rules: DefaultDenyRules,
  namespace: string,
  state: Pick<NamespaceState, "createdAt">,
): boolean {
  if (rules.mode === "observe" || isExempt(rules, namespace)) return false;
  return rules.mode === "all-namespaces" || isNew(rules, state);
}

/** Whether the settings leave a namespace out. */
export function isExempt({ exemptNamespaces }: DefaultDenyRules, namespace: string): boolean {
  return exemptNamespaces.some((pattern) =>
    pattern.endsWith("*") ? namespace.startsWith(pattern.slice(0, -1)) : namespace === pattern,
  );
}

function isNew({ since = "" }: DefaultDenyRules, { createdAt }: Pick<NamespaceState, "createdAt">): boolean {
  return !(Date.parse(createdAt) < Date.parse(since));
}
