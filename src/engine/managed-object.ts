/**
 * @module What every managed default deny has in common, whatever its API.
 */

/** The name of every managed object; one of a cluster-wide kind has the namespace behind it, after a hyphen. */
export const MANAGED_NAME = "ringfence-default-deny";

/** The label that marks one, under whatever name. */
export const DEFAULT_DENY_LABEL = "ringfence.dev/default-deny";

/** Labels of every managed object. The guardrail default-deny-protected knows it by them, and by its name. */
export const MANAGED_LABELS: Readonly<Record<string, string>> = {
  "app.kubernetes.io/managed-by": "ringfence",
  [DEFAULT_DENY_LABEL]: "true",
};

/**
 * What keeps Argo CD and Flux from pruning the object and from calling it out of sync, should one of them ever take it
 * for its own (argo-cd docs/user-guide/sync-options.md and compare-options.md; fluxcd.io, Kustomization, prune).
 */
export const GITOPS_ANNOTATIONS: Readonly<Record<string, string>> = {
  "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
  "argocd.argoproj.io/sync-options": "Prune=false",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
};

/** The word in a template's texts that becomes the namespace. */
export const PLACEHOLDER = "NAMESPACE";
