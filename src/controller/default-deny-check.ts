/**
 * @module Whether a template is a default deny: read by the reader of its API, as every policy is. An organisation's own
 * template is believed in nothing.
 */
import { isolates } from "../apis/isolation.ts";
import { readerFor } from "../apis/registry.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { DEFAULT_WIDTH_CONTEXT, isNobody, peerWidth } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction, PolicyReading, TrafficRule } from "../model/traffic.ts";
import type { DefaultDenyTemplate } from "./default-deny-template.ts";
import { MANAGED_NAME, PLACEHOLDER } from "../engine/managed-object.ts";
import { TemplateError } from "./template-error.ts";

/** What the template says of itself: `ingress`, `egress` or both. Without it both are expected. */
const CLAIM = "ringfence.dev/isolates";
const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];

// Where DNS servers listen: 53, and 5353 where they run without privileges (OpenShift).
const DNS_PORTS = PortSet.unionOf(
  ["UDP", "TCP"].flatMap((protocol) => [53, 5353].map((port) => PortSet.range(protocol, port, port))),
);

// They would make the object somebody else's, to prune it or to hold it.
const FOREIGN_METADATA = ["ownerReferences", "finalizers", "namespace", "generateName"];
const FOREIGN_KEYS = ["argocd.argoproj.io/tracking-id", "app.kubernetes.io/instance"];

/** Groups whose policies a CNI enforces. What a mesh enforces, a Pod outside of the mesh never notices. */
const ENFORCED_ON_EVERY_POD = [
  "networking.k8s.io",
  "policy.networking.k8s.io",
  "cilium.io",
  "projectcalico.org",
  "crd.projectcalico.org",
  "crd.antrea.io",
];

/** The only cluster-wide API with a template, and the only subject by which it is the same as a namespaced one. */
const CLUSTER_WIDE_GROUP = "policy.networking.k8s.io";
const SUBJECT = { namespaces: { matchLabels: { "kubernetes.io/metadata.name": PLACEHOLDER } } };

interface Problem {
  readonly pointer: string;
  readonly text: string;
}

/**
 * Checks that a template isolates every Pod of a namespace in the directions that it claims, and allows DNS at most.
 * @throws TemplateError with a line for each problem
 */
export function checkTemplate(template: DefaultDenyTemplate): void {
  const { document } = template;
  const problems = [...findProblems(template)];
  if (problems.length === 0) return;
  throw new TemplateError(
    problems.map(({ pointer, text }) => {
      const { line, column } = document.locate(pointer);
      return `${document.source}:${line}:${column}: ${pointer === "" ? "the template" : pointer}: ${text}`;
    }),
  );
}

function* findProblems({ document, group, kind, version, resource }: DefaultDenyTemplate): Generator<Problem> {
  const object = document.value;
  const reader = readerFor(group, kind);
  const reading = reader?.read(object);
  if (resource === undefined || reading?.policy === undefined) {
    yield {
      pointer: "/kind",
      text: `${quote(kind)} of ${quote(group)} is no policy that this release of Ringfence can read, so it can't be checked; use a kind that it can`,
    };
    return;
  }
  if (!resource.versions.includes(version)) {
    yield { pointer: "/apiVersion", text: `${quote(version)} isn't one of ${resource.versions.join(", ")}` };
  }
  yield* metadataProblems(object, resource.scope === "Cluster");
  for (const { pointer, detail } of [...reading.defects, ...reading.policy.defects]) yield { pointer, text: detail };
  if (!ENFORCED_ON_EVERY_POD.includes(group)) {
    yield {
      pointer: "/apiVersion",
      text: `policies of ${quote(group)} don't hold for every Pod; use one of ${ENFORCED_ON_EVERY_POD.join(", ")}`,
    };
  }
  // Cilium's list of policies in one object: each has its own subject, and together they could claim what none does.
  if (Object.hasOwn(object, "specs")) yield { pointer: "/specs", text: "is several policies; write one, as spec" };
  yield* subjectProblems(object, reading.policy, resource.scope === "Cluster" ? group : undefined);
  yield* isolationProblems(object, group, reading.policy);
  for (const rule of reading.policy.rules) yield* ruleProblems(rule);
}

function* metadataProblems(object: JsonObject, isClusterWide: boolean): Generator<Problem> {
  const metadata = childOf(object, "metadata");
  const name = isClusterWide ? `${MANAGED_NAME}-${PLACEHOLDER}` : MANAGED_NAME;
  if (childOf(metadata, "name") !== name) {
    yield {
      pointer: "/metadata/name",
      text: `must be ${name}, by which the guardrail default-deny-protected knows it`,
    };
  }
  for (const key of FOREIGN_METADATA) {
    if (childOf(metadata, key) !== undefined)
      yield { pointer: `/metadata/${key}`, text: "is Ringfence's to set, or nobody's; remove it" };
  }
  for (const map of ["labels", "annotations"]) {
    for (const key of FOREIGN_KEYS) {
      if (childOf(childOf(metadata, map), key) !== undefined)
        yield {
          pointer: `/metadata/${map}/${key.replaceAll("/", "~1")}`,
          text: "would let a GitOps tool take the object for its own and prune it; remove it",
        };
    }
  }
}

function* subjectProblems(
  object: JsonObject,
  { subject }: PolicyReading,
  clusterWideGroup: string | undefined,
): Generator<Problem> {
  if (clusterWideGroup === undefined) {
    if (subject.reach !== "namespace")
      yield { pointer: subject.pointer, text: "must choose every Pod of the namespace, with an empty selector" };
    return;
  }
  if (clusterWideGroup !== CLUSTER_WIDE_GROUP) {
    yield { pointer: "/kind", text: "is cluster-wide; use the kind of the same API that has a namespace" };
  } else if (!sameValue(childOf(childOf(object, "spec"), "subject"), SUBJECT)) {
    yield {
      pointer: subject.pointer,
      text: `must be exactly ${JSON.stringify(SUBJECT)}: all of the namespace, and nobody else`,
    };
  }
}

function* isolationProblems(object: JsonObject, group: string, policy: PolicyReading): Generator<Problem> {
  const pointer = `/metadata/annotations/${CLAIM.replaceAll("/", "~1")}`;
  const claim = childOf(childOf(childOf(object, "metadata"), "annotations"), CLAIM) ?? DIRECTIONS.join(",");
  const claimed = typeof claim === "string" ? claim.split(",").map((word) => word.trim()) : [];
  if (claimed.length === 0 || claimed.some((word) => !DIRECTIONS.some((direction) => direction === word))) {
    yield { pointer, text: 'must be "ingress", "egress" or "ingress, egress"' };
  }
  for (const direction of DIRECTIONS) {
    if (!claimed.includes(direction) || isolates(group, policy, direction)) continue;
    yield { pointer: "/spec", text: `leaves ${direction} open, and the template claims to isolate it (${CLAIM})` };
  }
}

function* ruleProblems({ action, direction, peers, ports, pointer }: TrafficRule): Generator<Problem> {
  if (action === "deny" || action === "log" || isNobody(peers) || ports.isEmpty()) return;
  const width = peerWidth(peers, DEFAULT_WIDTH_CONTEXT);
  if (action === "pass") {
    yield { pointer, text: "hands traffic on to other policies; a default deny allows DNS and denies the rest" };
  } else if (direction === "ingress") {
    yield { pointer, text: `lets in ${width.words}; a default deny lets nobody in` };
  } else if (!DNS_PORTS.covers(ports)) {
    yield {
      pointer,
      text: `allows ${ports.words()}; a default deny allows DNS at most: UDP and TCP, 53 or 5353, as numbers`,
    };
  } else if (width.reach !== "selected" || width.selfAssignable || width.unresolved) {
    yield {
      pointer,
      text: `allows DNS to ${width.words}; name the DNS servers by namespace and labels, or by address`,
    };
  }
}

/** A key of what should be an object; undefined where it isn't one. */
function childOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Whether two JSON values are the same, whatever the order of their keys. */
function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => sameValue(childOf(a, key), childOf(b, key)));
}
