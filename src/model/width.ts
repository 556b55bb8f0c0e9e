/**
 * @module Widths: what the model says about peers, ports, rules and unions of rules. Part of the facts' contract
 * (src/engine/facts.ts re-exports these types), so a field may be added but not removed or changed.
 */
import type { Direction, Reach, RuleAction } from "./traffic.ts";

/** Width of a set of peers; shares are 0..1 of the family's address space. */
export interface PeersWidth {
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
  /** Named peers stand beside the whole own namespace, so that the reach says only half of it. */
  readonly besideOwnNamespace: boolean;
  /** What is chosen, in words for a message, at most 80 characters: `0.0.0.0/0`, `every Pod of every namespace`. */
  readonly words: string;
}

/** Width of a rule's peers, with the place that names them. */
export interface PeersFact extends PeersWidth {
  readonly pointer: string;
}

export interface PortsFact {
  /** `all`: at least 99 % of one protocol; `wide`: at least half. */
  readonly reach: PortReach;
  readonly share: number;
  readonly pointer: string;
  /** In words, at most 80 characters: `every port`, `TCP 443, TCP 8443`. */
  readonly words: string;
}

export type PortReach = "none" | "some" | "wide" | "all";

/** Where a subject or peers can be; see `Place` in domain-reach.ts. */
export interface PlaceFact {
  readonly kind: "domain" | "others" | "unlabelled" | "outside" | "infrastructure" | "unknown" | "own";
  /** The domain's or tenant's name, for the kind `domain`; else "". */
  readonly name: string;
  /** For a message. */
  readonly words: string;
}

/** Ports `from` to `to` of a protocol; of a protocol without ports, and of `any` (every other protocol), the whole range. */
export interface PortRangeFact {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

/** A part of a rule: every one of the peers on every one of the ports. Domains and tenants where they are in use. */
export interface FlowFact {
  readonly ports: readonly PortRangeFact[];
  readonly domains?: readonly PlaceFact[];
  readonly tenants?: readonly PlaceFact[];
}

/**
 * What one rule really lets through (or denies). An allow rule is judged after what earlier rules, or any deny where a
 * deny overrides, certainly take away from it; nothing left is reach `nobody`.
 */
export interface RuleFact {
  readonly pointer: string;
  readonly direction: Direction;
  readonly action: RuleAction;
  readonly peers: PeersFact;
  readonly ports: PortsFact;
  readonly operations: "some" | "all";
  readonly staged: boolean;
  /** The rule is written as Pass, and what it passes on is allowed: nothing comes behind that could deny it. */
  readonly passes?: true;
  /** Only where the organisation has written which domains may talk to each other. */
  readonly flows?: readonly FlowFact[];
}

/**
 * What the allow rules of one direction let through together, after the API's own evaluation order: peers of at least
 * `peers.reach` on all of `ports`. Only present where it is wider than every single rule; a direction may have several
 * (anyone on one port, all namespaces on every port).
 */
export interface UnionFact {
  readonly direction: Direction;
  readonly peers: PeersFact;
  readonly ports: PortsFact;
  readonly operations: "some" | "all";
  /** The rules that contribute. */
  readonly pointers: readonly string[];
}
