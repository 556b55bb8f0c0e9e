/**
 * @module The ValidatingWebhookConfiguration that sends Ringfence exactly the objects that it judges.
 * Source of the fields: k8s.io/api/admissionregistration/v1 types.go.
 */
import { WHOLE_GROUPS } from "../apis/policy-groups.ts";
import type { ApiReader, ServedResource } from "../apis/reading.ts";

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
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly scope: string;
}

/**
 * Kubelets and controllers write the status of every Pod all the time. Such a write matters only where it changes
 * labels on the way. Every field is tested before it is used: an expression that fails would reject the request.
 */
const LABELS = (object: string) =>
  `(has(${object}.metadata) && has(${object}.metadata.labels) ? ${object}.metadata.labels : {})`;
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
    name: "status-writes-that-keep-the-labels-are-not-judged",
    expression:
      `!(has(request.subResource) && request.subResource == "status") || ${LABELS("object")} != ${LABELS("oldObject")}` +
      // The addresses of load balancers are in the status of Services.
      ` || (request.kind.kind == "Service" && ${STATUS("object")} != ${STATUS("oldObject")})`,
  },
  {
    // Every Pod gets a Binding; only one with labels changes more than the node.
    resource: /\/binding$/,
    name: "bindings-without-labels-are-not-judged",
    expression: `request.kind.kind != "Binding" || ${LABELS("object")} != {}`,
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

/** Kinds and versions that no reader knows are sent too: the engine denies them, and says that it can't read them. */
function wholeGroups(): Rule {
  return {
    apiGroups: WHOLE_GROUPS,
    apiVersions: ["*"],
    operations: ["CREATE", "UPDATE"],
    resources: ["*"],
    scope: "*",
  };
}

/** The configuration object, ready to be printed. */
export function webhookConfiguration({ readers, clientConfig, exemptNamespaces }: WebhookTarget): object {
  const rules = [...rulesFor(readers), wholeGroups()];
  const skips = [...SKIPS, definitionsOfExemptNamespaces(exemptNamespaces)];
  const matchConditions = skips
    .filter(({ resource }) => rules.some(({ resources }) => resources.some((name) => resource.test(name))))
    .map(({ name, expression }) => ({ name, expression }));
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
        sideEffects: "None",
        timeoutSeconds: 5,
        namespaceSelector: namespaceSelector(exemptNamespaces),
        ...(matchConditions.length === 0 ? {} : { matchConditions }),
      },
    ],
  };
}

/** One rule per group, versions and scope, in the order of the readers. */
function rulesFor(readers: readonly ApiReader[]): readonly Rule[] {
  const rules = new Map<string, { rule: Rule; resources: string[] }>();
  for (const { group, resources } of readers) {
    for (const { plural, versions, scope, subresources, parent } of resources) {
      const key = [group, scope, ...versions].join(" ");
      const found = rules.get(key) ?? newRule(group, versions, scope);
      rules.set(key, found);
      found.resources.push(plural, ...subresources.map((subresource) => `${plural}/${subresource}`));
      if (parent !== undefined) found.resources.push(parent);
    }
  }
  return Array.from(rules.values(), ({ rule }) => rule);
}

function newRule(group: string, versions: readonly string[], scope: ServedResource["scope"]) {
  const resources: string[] = [];
  const apiScope = scope === "Cluster" ? "Cluster" : "Namespaced";
  const rule: Rule = {
    apiGroups: [group],
    apiVersions: versions,
    operations: ["CREATE", "UPDATE"],
    resources,
    scope: apiScope,
  };
  return { rule, resources };
}

/** The API server itself sets this label on every namespace, so nobody can take it on or off. */
function namespaceSelector(exempt: readonly string[]): object {
  return exempt.length === 0
    ? {}
    : { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: exempt }] };
}
