/**
 * @module The ValidatingWebhookConfiguration that sends Ringfence exactly the objects that it judges.
 * Source of the fields: k8s.io/api/admissionregistration/v1 types.go.
 */
import type { ApiReader, Family } from "../apis/reading.ts";
import type { GuardrailMetadata } from "../engine/bundle-manifest.ts";
import { DEFAULT_DENY_LABEL, MANAGED_NAME } from "../engine/managed-object.ts";
import type { Settings } from "../engine/settings.ts";
import { namespaceSelector, rulesFor, wholeGroups } from "./webhook-rules.ts";

export type ClientConfig =
  | { readonly url: string; readonly caBundle: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly port: number;
        readonly path: string;
      };
      readonly caBundle: string;
    };

export interface WebhookTarget {
  readonly readers: readonly ApiReader[];
  /** How the API server reaches the webhook; `caBundle` is base64 of PEM. */
  readonly clientConfig: ClientConfig;
  /** Namespaces whose objects are not sent. */
  readonly exemptNamespaces: readonly string[];
  /** Which deletions are sent. */
  readonly deletions: Deletions;
}

/** `managed`: only those of managed default denies. */
export interface Deletions {
  readonly families: readonly Family[];
  readonly only: "managed" | "any";
}

/** The guardrail that judges deletions of managed objects alone. */
const PROTECTED = "default-deny-protected";

/**
 * Kubelets and controllers write the status of every Pod all the time. Such a write matters only where it changes
 * labels or annotations on the way. Every field is tested before it is used: an expression that fails would reject the
 * request.
 */
const METADATA = (object: string, field: string) =>
  `(has(${object}.metadata) && has(${object}.metadata.${field}) ? ${object}.metadata.${field} : {})`;
const CHANGED = (field: string) => `${METADATA("object", field)} != ${METADATA("oldObject", field)}`;
const WRITTEN = (field: string) => `${METADATA("object", field)} != {}`;
const STATUS = (object: string) => `(has(${object}.status) ? ${object}.status : {})`;
/** The API server writes endpoints as these users; everybody else's are judged. */
const ENDPOINT_CONTROLLERS = [
  "system:apiserver",
  "system:kube-controller-manager",
  "system:serviceaccount:kube-system:endpoint-controller",
  "system:serviceaccount:kube-system:endpointslice-controller",
  "system:serviceaccount:kube-system:endpointslicemirroring-controller",
];
const SKIPS = [
  {
    resource: /\/status$/,
    name: "status-writes-that-keep-the-metadata-are-not-judged",
    expression:
      `!(has(request.subResource) && request.subResource == "status") || ${CHANGED("labels")} || ${CHANGED("annotations")}` +
      // The addresses of load balancers are in the status of Services.
      ` || (request.kind.kind == "Service" && ${STATUS("object")} != ${STATUS("oldObject")})`,
  },
  {
    // Every Pod gets a Binding; only one with labels or annotations changes more than the node.
    resource: /\/binding$/,
    name: "bindings-without-metadata-are-not-judged",
    expression: `request.kind.kind != "Binding" || ${WRITTEN("labels")} || ${WRITTEN("annotations")}`,
  },
  {
    // Argo CD writes status and operation with every sync; both are part of the main resource, and none is judged.
    resource: /^applications$/,
    name: "applications-that-keep-their-spec-are-not-judged",
    expression:
      'request.kind.group != "argoproj.io" || request.kind.kind != "Application" || request.operation == "CREATE"' +
      " || !has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec",
  },
  {
    resource: /^endpoint(?:s|slices)$/,
    name: "endpoints-of-the-controllers-are-not-judged",
    expression: `!(request.kind.kind in ["Endpoints", "EndpointSlice"]) || !(request.userInfo.username in ${JSON.stringify(ENDPOINT_CONTROLLERS)})`,
  },
];

/** Nobody should wait for a webhook to delete what no guardrail protects. */
const MANAGED_DELETIONS = {
  name: "deletions-are-judged-of-managed-objects-alone",
  expression:
    `request.operation != "DELETE" || ${JSON.stringify(DEFAULT_DENY_LABEL)} in ${METADATA("oldObject", "labels")} || ` +
    `oldObject.metadata.name.startsWith(${JSON.stringify(MANAGED_NAME)})`,
};

/** What the guardrails of a bundle want to know of deletions. */
export function deletionsOf(guardrails: Iterable<GuardrailMetadata>, settings: Settings): Deletions {
  const judging = [...guardrails].filter(
    ({ slug, operations }) => operations.includes("DELETE") && settings.guardrails[slug]?.mode !== "off",
  );
  return {
    families: [...new Set(judging.flatMap(({ families }) => families))],
    only: judging.every(({ slug }) => slug === PROTECTED) ? "managed" : "any",
  };
}

/**
 * Namespaced objects of exempt namespaces are not sent, so that a cluster can always start. A definition has no
 * namespace; its writer's counts, because network plugins install their own API before any Pod can answer.
 */
function definitionsOfExemptNamespaces(namespaces: readonly string[]) {
  const groups = JSON.stringify(namespaces.map((namespace) => `system:serviceaccounts:${namespace}`));
  return {
    resource: /^customresourcedefinitions$/,
    name: "definitions-by-exempt-namespaces-are-not-judged",
    expression:
      'request.kind.kind != "CustomResourceDefinition" || !has(request.userInfo.groups)' +
      ` || !request.userInfo.groups.exists(group, group in ${groups})`,
  };
}

/** The configuration object, ready to be printed. */
export function webhookConfiguration({ readers, clientConfig, exemptNamespaces, deletions }: WebhookTarget): object {
  const rules = [...rulesFor(readers, deletions.families), wholeGroups()];
  const skips = [...SKIPS, definitionsOfExemptNamespaces(exemptNamespaces)];
  const matchConditions = [
    ...skips
      .filter(({ resource }) => rules.some(({ resources }) => resources.some((name) => resource.test(name))))
      .map(({ name, expression }) => ({ name, expression })),
    ...(deletions.families.length > 0 && deletions.only === "managed" ? [MANAGED_DELETIONS] : []),
  ];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "ringfence", labels: { "app.kubernetes.io/name": "ringfence" } },
    webhooks: [
      {
        name: "validate.ringfence.dev",
        admissionReviewVersions: ["v1"],
        clientConfig,
        rules,
        matchPolicy: "Equivalent",
        failurePolicy: "Fail",
        // The first Pod of a namespace has its default deny created, but never in a dry run.
        sideEffects: "NoneOnDryRun",
        timeoutSeconds: 5,
        namespaceSelector: namespaceSelector(exemptNamespaces),
        ...(matchConditions.length === 0 ? {} : { matchConditions }),
      },
    ],
  };
}
