/**
 * @module Endpoint selectors of Cilium rules (`fromEndpoints`, `toEndpoints`), with the namespace that the agent adds to
 * them (Cilium 1.19, pkg/k8s/apis/cilium.io/utils/utils.go).
 *
 * A selector chooses among everything that has an identity, Pods or not. The agent keeps it to Pods by adding the
 * policy's namespace, and leaves that out as soon as the selector speaks of namespaces or reserved labels itself: then
 * `NotIn` and `DoesNotExist` also choose the world and the nodes.
 */
import { parseCidr } from "../model/address-set.ts";
import { everyLabel, type LabelFormula, noLabel } from "../model/label-formula.ts";
import type { Entity, PodTerm } from "../model/traffic.ts";
import {
  isMetBy,
  isOn,
  isOnKubernetesLabel,
  NAMESPACE_LABEL,
  NAMESPACE_LABELS_PREFIX,
  type SourcedRequirement,
} from "./cilium-labels.ts";
import type { Bound, PeerBuilder } from "./cilium-peer-builder.ts";

/** What of the policy decides how the agent completes a selector. */
export interface SelectorScope {
  /** CiliumClusterwideNetworkPolicy: no namespace of its own. */
  readonly clusterwide: boolean;
  /** The policy applies to Pods that are starting, which have no labels yet. */
  readonly appliesToStarting: boolean;
}

/** Where a completed selector looks: Pods of one namespace, Pods of all, or everything that has an identity. */
type Realm = "own-namespace" | "every-namespace" | "everything";

const CLUSTER_LABEL = "io.cilium.k8s.policy.cluster";
const SERVICE_ACCOUNT_LABEL = "io.cilium.k8s.policy.serviceaccount";
/** Kubernetes' own label with the name of a namespace. */
const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Sources whose labels no Pod has. */
const NEVER_ON_PODS: ReadonlySet<string> = new Set(["reserved", "cidr", "cidrgroup", "fqdn", "node"]);
/** Sources of labels that addresses outside may have. */
const ON_OUTSIDE: ReadonlySet<string> = new Set(["cidr", "cidrgroup", "fqdn"]);

/** The reserved labels of what is no Pod. In a cluster with both IP families the world has a label per family. */
const RESERVED_CLASSES: readonly { readonly labels: readonly string[]; readonly entity: Entity }[] = [
  { labels: ["world", "world-ipv4", "world-ipv6"], entity: "outside" },
  { labels: ["host"], entity: "own-node" },
  { labels: ["remote-node"], entity: "nodes" },
  { labels: ["kube-apiserver"], entity: "control-plane" },
  { labels: ["ingress"], entity: "ingress-proxies" },
  { labels: ["health"], entity: "health-checks" },
  { labels: ["init"], entity: "starting" },
  { labels: ["unmanaged"], entity: "unmanaged" },
];

/**
 * Adds what an endpoint selector chooses.
 * @param requirements the selector as it is written
 */
export function addEndpoints(
  peers: PeerBuilder,
  requirements: readonly SourcedRequirement[],
  scope: SelectorScope,
): void {
  // Agents up to 1.15 know a reserved label that everything has.
  if (peers.bound === "most" && requirements.some(isReservedAll)) {
    peers.addEveryone();
    return;
  }
  const realm = realmOf(requirements, scope);
  const term = podTerm(requirements, realm, peers.bound);
  if (realm !== "everything") {
    if (term !== undefined) peers.pods.push(term);
    return;
  }
  const entities = RESERVED_CLASSES.filter(({ labels, entity }) => {
    const chooses = (label: string) => choosesClass(requirements, label, entity, peers.bound);
    return peers.bound === "most" ? labels.some(chooses) : labels.every(chooses);
  });
  if (term !== undefined && isEveryPod(term) && entities.length === RESERVED_CLASSES.length) {
    peers.addEveryone();
    return;
  }
  if (term !== undefined) peers.pods.push(term);
  for (const { entity } of entities) peers.entities.push(entity);
}

/** The labels that a selector asks of Pods, whichever namespace they are in: what a subject's selector is judged by. */
export function podFormula(requirements: readonly SourcedRequirement[]): LabelFormula {
  return podTerm(requirements, "every-namespace", "most")?.pods ?? noLabel;
}

/**
 * The Pods that a subject's selector chooses.
 * @returns undefined where it chooses by reserved labels or nodes, which is no choice of Pods
 */
export function subjectPods(
  requirements: readonly SourcedRequirement[],
  clusterwide: boolean,
): readonly PodTerm[] | undefined {
  if (requirements.some(({ source }) => source === "reserved" || source === "node")) return undefined;
  const term = podTerm(requirements, clusterwide ? "every-namespace" : "own-namespace", "most");
  return term === undefined ? [] : [term];
}

function realmOf(requirements: readonly SourcedRequirement[], scope: SelectorScope): Realm {
  if (requirements.some(({ source }) => source === "reserved")) return "everything";
  if (requirements.some((requirement) => isOn(requirement, NAMESPACE_LABEL))) return "everything";
  if (scope.clusterwide) return scope.appliesToStarting ? "everything" : "every-namespace";
  return requirements.some(isOnNamespaceLabels) ? "everything" : "own-namespace";
}

function isOnNamespaceLabels(requirement: SourcedRequirement): boolean {
  return isOnKubernetesLabel(requirement) && requirement.name.startsWith(NAMESPACE_LABELS_PREFIX);
}

function isReservedAll({ source, name, operator }: SourcedRequirement): boolean {
  return source === "reserved" && name === "all" && (operator === "In" || operator === "Exists");
}

/** The Pods that meet all requirements; undefined where no Pod can. */
function podTerm(requirements: readonly SourcedRequirement[], realm: Realm, bound: Bound): PodTerm | undefined {
  const pods: LabelFormula[] = [];
  const namespaces: LabelFormula[] = [];
  for (const requirement of requirements) {
    const { formula, ofNamespace } = onPods(requirement, bound);
    if (formula === noLabel) return undefined;
    if (formula !== everyLabel) (ofNamespace ? namespaces : pods).push(formula);
  }
  const chosen = realm === "own-namespace" ? "own" : conjunction(namespaces);
  return { namespaces: chosen, pods: conjunction(pods) };
}

function conjunction(formulas: readonly LabelFormula[]): LabelFormula {
  return formulas.length === 0 ? everyLabel : { all: formulas };
}

function isEveryPod({ namespaces, pods }: PodTerm): boolean {
  return namespaces === everyLabel && pods === everyLabel;
}

/** A requirement in terms of a Pod's own labels or of its namespace's. */
function onPods(requirement: SourcedRequirement, bound: Bound): { formula: LabelFormula; ofNamespace: boolean } {
  const { source, name, operator, values } = requirement;
  if (NEVER_ON_PODS.has(source)) return { formula: constant(isMetBy(requirement, undefined)), ofNamespace: false };
  if (!isOnKubernetesLabel(requirement)) {
    return { formula: { key: `${source}:${name}`, operator, values }, ofNamespace: false };
  }
  if (name.startsWith(NAMESPACE_LABELS_PREFIX)) {
    const key = name.slice(NAMESPACE_LABELS_PREFIX.length);
    return { formula: { key, operator, values }, ofNamespace: true };
  }
  if (name === NAMESPACE_LABEL) {
    return { formula: onEveryPod(requirement, { key: NAMESPACE_NAME, operator, values }), ofNamespace: true };
  }
  // The name of the cluster is not known here.
  if (name === CLUSTER_LABEL)
    return { formula: onEveryPod(requirement, constant(bound === "most")), ofNamespace: false };
  if (name === SERVICE_ACCOUNT_LABEL) {
    return { formula: onEveryPod(requirement, { key: name, operator, values }), ofNamespace: false };
  }
  return { formula: { key: name, operator, values }, ofNamespace: false };
}

/** A requirement on a label that the agent gives every Pod: only the choice by value is one. */
function onEveryPod({ operator }: SourcedRequirement, byValue: LabelFormula): LabelFormula {
  if (operator === "Exists") return everyLabel;
  return operator === "DoesNotExist" ? noLabel : byValue;
}

function constant(accepts: boolean): LabelFormula {
  return accepts ? everyLabel : noLabel;
}

function choosesClass(
  requirements: readonly SourcedRequirement[],
  label: string,
  entity: Entity,
  bound: Bound,
): boolean {
  return requirements.every((requirement) => {
    if (isUnknownOn(requirement, entity)) return bound === "most";
    const isThis = requirement.name === label && (requirement.source === "reserved" || requirement.source === "any");
    return isMetBy(requirement, isThis ? "" : undefined);
  });
}

/** Whether some of a class have a label and some have not: addresses outside, and nodes. */
function isUnknownOn({ source, name }: SourcedRequirement, entity: Entity): boolean {
  if (entity === "outside") return ON_OUTSIDE.has(source) || (source === "any" && isAddressLabel(name));
  return source === "node" && (entity === "nodes" || entity === "own-node");
}

/** The label of an address: `10.0.0.0/8`, or IPv6 with hyphens instead of colons. */
function isAddressLabel(name: string): boolean {
  return name.includes("/") && parseCidr(name.replaceAll("-", ":")) !== undefined;
}
