/**
 * @module The MutatingWebhookConfiguration, for settings that ask for mutations.
 * Source of the fields: k8s.io/api/admissionregistration/v1 types.go.
 */
import type { ApiReader, Family } from "../apis/reading.ts";
import type { MutateSettings } from "../engine/default-deny-settings.ts";
import type { WebhookTarget } from "./webhook-configuration.ts";
import { familyOf, namespaceSelector, rulesFor } from "./webhook-rules.ts";

/** The configuration object, ready to be printed; undefined where the settings ask for no mutation. */
export function mutatingWebhookConfiguration(
  { readers, clientConfig, exemptNamespaces }: Omit<WebhookTarget, "deletions">,
  settings: MutateSettings,
): object | undefined {
  const changed = readers.flatMap((reader) => changedPart(reader, settings));
  if (changed.length === 0) return undefined;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "ringfence", labels: { "app.kubernetes.io/name": "ringfence" } },
    webhooks: [
      {
        name: "mutate.ringfence.dev",
        admissionReviewVersions: ["v1"],
        clientConfig,
        rules: rulesFor(changed, []),
        matchPolicy: "Equivalent",
        failurePolicy: "Fail",
        // Whatever another webhook adds afterwards is completed too; a second round changes nothing else.
        reinvocationPolicy: "IfNeeded",
        sideEffects: "None",
        timeoutSeconds: 5,
        namespaceSelector: namespaceSelector(exemptNamespaces),
      },
    ],
  };
}

/** Routes, endpoints and what Argo CD and Flux deploy by are left as their controllers write them. */
const CHANGED_FAMILIES: ReadonlySet<Family> = new Set(["network", "workload"]);

/** The namespaced resources of a reader that a mutation may change, as whole objects: no subresources. */
function changedPart(reader: ApiReader, { policyTypes, labelsFromNamespace }: MutateSettings): ApiReader[] {
  if (!CHANGED_FAMILIES.has(familyOf(reader)) && !reader.kinds.includes("Service")) return [];
  const completesTypes = policyTypes && reader.kinds.includes("NetworkPolicy") && reader.group === "networking.k8s.io";
  if (!completesTypes && labelsFromNamespace.length === 0) return [];
  const resources = reader.resources
    .filter(({ scope, parent }) => scope === "Namespaced" && parent === undefined)
    .map(({ kind, plural, versions, scope }) => ({ kind, plural, versions, scope, subresources: [] }));
  return resources.length === 0 ? [] : [{ ...reader, resources }];
}
