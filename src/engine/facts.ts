/**
 * @module Facts: the input contract of the guardrails (`input` in Rego), version 1. docs/facts.md describes it field
 * by field; adding a field is allowed in a version, removing or changing one is not.
 */
import type { ServiceReading } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect, Direction, Reach, RuleAction } from "../model/traffic.ts";

/** Width of a set of peers; shares are 0..1 of the family's address space. */
export interface PeersFact {
  readonly reach: Reach;
  readonly ipv4Share: number;
  readonly ipv6Share: number;
  /** Share of IPv4 that is reachable through the NAT64 prefix 64:ff9b::/96. */
  readonly nat64Share: number;
  /** Pods chosen by labels that any team can give itself, in any namespace. */
  readonly selfAssignable: boolean;
  /** Every object of the choice carries such a label in practice (`Exists` on `app`): nearly everyone. */
  readonly nearlyAll: boolean;
  /** The choice rests on something that could not be seen. */
  readonly unresolved: boolean;
  readonly pointer: string;
  /** What is chosen, in words for a message, at most 80 characters: `0.0.0.0/0`, `every Pod of every namespace`. */
  readonly words: string;
}

export interface PortsFact {
  /** `all`: at least 99 % of one protocol; `wide`: at least half. */
  readonly reach: "none" | "some" | "wide" | "all";
  readonly share: number;
  readonly pointer: string;
  /** In words, at most 80 characters: `every port`, `TCP 443, TCP 8443`. */
  readonly words: string;
}

export interface RuleFact {
  readonly pointer: string;
  readonly direction: Direction;
  readonly action: RuleAction;
  readonly peers: PeersFact;
  readonly ports: PortsFact;
  readonly operations: "some" | "all";
  readonly staged: boolean;
}

/**
 * What the allow rules of one direction let through together, after the API's own evaluation order: the widest peers
 * over all ports, and on the ports where the peers are wide. Only present where it is wider than every single rule.
 */
export interface UnionFact {
  readonly direction: Direction;
  readonly peers: PeersFact;
  readonly ports: PortsFact;
  readonly operations: "some" | "all";
  readonly pointers: readonly string[];
}

export interface PolicyFact {
  readonly scope: "namespace" | "cluster" | "mesh" | "host";
  readonly subject: { readonly reach: "nobody" | "selected" | "namespace" | "cluster"; readonly pointer: string };
  readonly isolates: { readonly ingress: boolean; readonly egress: boolean };
  readonly rank?: { readonly tier: string; readonly order: number };
  readonly rules: readonly RuleFact[];
  readonly unions: readonly UnionFact[];
}

/** Labels with the place where they are written; `role` says what carries them. */
export interface LabelledFact {
  readonly role: "object" | "pod-template" | "job-template";
  readonly pointer: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the live object at the same place; null where there is none (CREATE, gate). */
  readonly oldLabels: Readonly<Record<string, string>> | null;
}

export interface PodFact {
  readonly pointer: string;
  readonly hostNetwork: boolean;
  readonly hostPorts: readonly { readonly pointer: string; readonly container: string; readonly port: number; readonly protocol: string }[];
  readonly capabilities: readonly {
    readonly pointer: string;
    readonly container: string;
    readonly added: readonly string[];
    readonly privileged: boolean;
  }[];
}

export interface Facts {
  readonly version: 1;
  /** Echoed by the bundle; an answer without the same two values is no answer. */
  readonly uid: string;
  readonly digest: string;
  readonly place: "admission" | "gate" | "audit";
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  /** RFC 3339, UTC, whole seconds. */
  readonly now: string;
  readonly object: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly subresource: string;
    /** `policy` for network policy APIs, `workload`, `service`, `namespace`. */
    readonly family: "network" | "workload" | "service" | "namespace";
    /** The owner that controls the object, when there is one (`ReplicaSet`), else "". */
    readonly controllerKind: string;
  };
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** Labels of the object's namespace; null where the place can't know them (then guardrails that need them stay silent and are listed as inactive). */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  readonly labelled: readonly LabelledFact[];
  readonly policy?: PolicyFact;
  readonly pods?: readonly PodFact[];
  readonly service?: ServiceReading;
  readonly defects: readonly Defect[];
  /** Only for bundles with a guardrail whose METADATA says `custom: {needs: [object]}`. */
  readonly source?: JsonObject;
}

/** A finding as a guardrail returns it. */
export interface RawFinding {
  readonly guardrail: string;
  readonly pointer: string;
  readonly message: string;
  /** Overrides the guardrail's fix where the guardrail can say something more exact. */
  readonly fix?: string;
}
