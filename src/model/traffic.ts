/**
 * @module The traffic model: what every policy API is translated to before anything is judged.
 *
 * Readers (src/apis) build these values; `summarise.ts` computes reach and shares from them. Nothing here knows an
 * API, a Kubernetes client or a file. Widths are sets: two spellings of the same traffic give the same value.
 */
import type { AddressSet } from "./address-set.ts";
import type { LabelFormula } from "./label-formula.ts";
import type { PortSet } from "./port-set.ts";

/**
 * How far a set of peers reaches, widest last.
 *
 * - `nobody`: the set is empty.
 * - `selected`: some peers, named by label, address, identity or name.
 * - `own-namespace`: every Pod of the policy's own namespace.
 * - `all-namespaces`: Pods of every namespace, including those that carry none of the labels the policy names.
 * - `cluster`: everything in the cluster (Pods, nodes, control plane).
 * - `external`: everything outside the cluster, at least every public address.
 * - `anyone`: inside and outside.
 */
export type Reach = "nobody" | "selected" | "own-namespace" | "all-namespaces" | "cluster" | "external" | "anyone";

/** Pods chosen by labels: a conjunction of a namespace choice and a Pod choice. */
export interface PodTerm {
  /** `own` is the policy's own namespace; a formula is judged on Namespace labels. */
  readonly namespaces: "own" | LabelFormula;
  readonly pods: LabelFormula;
}

/** Classes of peers that an API names with a word instead of labels or addresses (Cilium entities, node peers). */
export type Entity =
  | "everyone"
  | "outside"
  | "cluster"
  | "nodes"
  | "own-node"
  | "control-plane"
  | "ingress-proxies"
  | "health-checks"
  | "starting"
  | "unmanaged";

/** A workload identity (Istio principal, SPIFFE ID, Linkerd identity, service account) with one pattern per part. */
export interface IdentityPattern {
  readonly trustDomain: TextPattern;
  readonly namespace: TextPattern;
  readonly serviceAccount: TextPattern;
}

/** A text matcher as policy APIs spell them. `present` is "any value, but there must be one". */
export type TextPattern =
  | { readonly match: "any" | "present" }
  | { readonly match: "exact" | "prefix" | "suffix"; readonly value: string };

/** A DNS name or pattern, in the model's own spelling: labels, `*` one label, `**` any number of labels. */
export type NamePattern = string;

/** The union of everything a rule names as its other side. An empty set of all members is nobody. */
export interface PeerSet {
  /** The rule does not restrict its peers at all. */
  readonly everyone: boolean;
  readonly addresses: AddressSet;
  /** Whether addresses also match Pods (NetworkPolicy, Calico: yes; Cilium: no, only what is outside). */
  readonly addressesReachPods: boolean;
  readonly pods: readonly PodTerm[];
  readonly entities: readonly Entity[];
  readonly identities: readonly IdentityPattern[];
  readonly names: readonly NamePattern[];
  /** References whose content could not be seen. They never count as narrow. */
  readonly unresolved: readonly string[];
}

export type Direction = "ingress" | "egress";
export type RuleAction = "allow" | "deny" | "pass" | "log";

/** One rule of a policy, in the order in which the API evaluates it. */
export interface TrafficRule {
  /** JSON Pointer of the rule in the object, for example `/spec/ingress/0`. */
  readonly pointer: string;
  readonly direction: Direction;
  readonly action: RuleAction;
  readonly peers: PeerSet;
  /** JSON Pointer of the part that names the peers; the rule's own pointer where nothing does. */
  readonly peersPointer: string;
  readonly ports: PortSet;
  readonly portsPointer: string;
  /** Layer 7: `some` where methods, paths or hosts narrow the rule and the data plane enforces them. */
  readonly operations: "some" | "all";
  /** Written as Pass where nothing comes behind that could deny; the action is what becomes of it. */
  readonly passes?: true;
  /** Evaluated by the API but not enforced (staged, audit, dry run). */
  readonly staged: boolean;
}

/** What is wrong with a spelling. The guardrails decide which of them are denied. */
export type DefectKind =
  // invalid: the API, or the agent behind it, rejects or silently drops it
  | "unknown-field"
  | "null-element"
  | "wrong-type"
  | "invalid-value"
  | "missing-field"
  | "conflicting-fields"
  | "unsupported-kind"
  // ineffective: accepted, and not doing what it looks like
  | "inert-section"
  | "no-isolation"
  | "matches-nothing"
  | "shadowed-rule"
  // spellings that are accepted but ambiguous between implementations
  | "ambiguous-address"
  | "unresolved-reference";

export interface Defect {
  readonly kind: DefectKind;
  readonly pointer: string;
  /** One sentence for the reader of a denial; quotes user text only through `quote()` of src/model/quote.ts. */
  readonly detail: string;
  /** `widens`: whoever drops the defective part opens more traffic; the rules already contain that width. */
  readonly effect: "widens" | "drops" | "none";
}

/** How rules of one policy combine. */
export type Evaluation =
  /** Every allow adds (NetworkPolicy); a deny anywhere wins (Cilium, Istio). */
  | "deny-overrides"
  /** The first match in list order decides (Calico, Antrea, ClusterNetworkPolicy). */
  | "first-match";

/** A policy object in the terms of the model. */
export interface PolicyReading {
  readonly scope: "namespace" | "cluster" | "mesh" | "host";
  readonly subject: {
    readonly reach: "nobody" | "selected" | "namespace" | "cluster";
    readonly pointer: string;
    /** The Pods that are selected; absent where that is no choice of Pods, or is not known. */
    readonly chosen?: readonly PodTerm[];
  };
  /** Does the object really cause default deny for its subject, per direction? */
  readonly isolates: { readonly ingress: boolean; readonly egress: boolean };
  readonly evaluation: Evaluation;
  /** Precedence among policies of the API, where it has one. A lower order is evaluated first. */
  readonly rank?: { readonly tier: string; readonly order: number };
  readonly rules: readonly TrafficRule[];
  readonly defects: readonly Defect[];
}
