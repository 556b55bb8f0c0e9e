/**
 * @module A set of peers while the members of a Cilium rule are read.
 */
import { AddressSet } from "../model/address-set.ts";
import { everyone, peersOf } from "../model/peer-set.ts";
import type { Entity, NamePattern, PeerSet, PodTerm } from "../model/traffic.ts";

/**
 * How to read what can't be told exactly. An allow rule is read as the most that it can mean and a deny rule as the
 * least, so that a doubt never hides traffic.
 */
export type Bound = "most" | "least";

export class PeerBuilder {
  readonly bound: Bound;
  readonly pods: PodTerm[] = [];
  readonly entities: Entity[] = [];
  readonly addresses: AddressSet[] = [];
  readonly names: NamePattern[] = [];
  readonly #unresolved: string[] = [];
  #everyone = false;

  constructor(bound: Bound) {
    this.bound = bound;
  }

  /** Adds every peer there is. */
  addEveryone(): void {
    this.#everyone = true;
  }

  /** Adds peers that nobody can see from here; a denial of them denies nothing for certain. */
  addUnresolved(reference: string): void {
    if (this.bound === "most") this.#unresolved.push(reference);
  }

  /** Cilium's addresses are those of the outside: Pods and nodes have identities instead. */
  build(): PeerSet {
    if (this.#everyone) return everyone;
    return peersOf({
      pods: this.pods,
      entities: this.entities,
      addresses: AddressSet.unionOf(this.addresses),
      addressesReachPods: false,
      names: this.names,
      unresolved: this.#unresolved,
    });
  }
}
