/**
 * @module Sets of IPv4 and IPv6 addresses, whatever the spelling they came from: one set, one value.
 */
import type { AddressNote, AddressValue } from "./address-text.ts";
import { hasLeadingZero, readAddress, readDigits, writeAddress } from "./address-text.ts";
import type { Boundaries } from "./interval-set.ts";
import {
  intersectIntervals,
  intervalsOf,
  sameIntervals,
  subtractIntervals,
  unionIntervals,
  unionOfIntervals,
} from "./interval-set.ts";

export type AddressFamily = 4 | 6;
export type { AddressNote };

const IPV4_END = 2 ** 32;
const IPV6_END = 1n << 128n;
const MAPPED_FIRST = 0xffffn << 32n;
const MAPPED_LENGTH = 96;
/** A part counts as the whole from here on: an `except` for one host or one subnet must not make a set narrow. */
const NEARLY_WHOLE = 0.99;

/** An immutable set of addresses of both families. */
export class AddressSet {
  static readonly nothing: AddressSet = new AddressSet([], []);
  static readonly everything: AddressSet = new AddressSet([0, IPV4_END], [0n, IPV6_END]);

  readonly #ipv4: Boundaries<number>;
  readonly #ipv6: Boundaries<bigint>;
  /** Sizes as doubles, counted when first asked for. */
  #ipv4Count: number | undefined;
  #ipv6Count: number | undefined;

  private constructor(ipv4: Boundaries<number>, ipv6: Boundaries<bigint>) {
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
  }

  static of(cidr: ParsedCidr): AddressSet {
    return cidr.set;
  }

  /**
   * Addresses from `first` on, `size` of them.
   * @param first the lowest address as a number
   */
  static block(family: AddressFamily, first: bigint, size: bigint): AddressSet {
    return family === 4
      ? new AddressSet([Number(first), Number(first + size)], [])
      : new AddressSet([], [first, first + size]);
  }

  /** The union of many sets at once; use it instead of a chain of `union`, which is quadratic. */
  static unionOf(sets: readonly AddressSet[]): AddressSet {
    if (sets.length === 1) return sets[0] as AddressSet;
    return new AddressSet(
      unionOfIntervals(sets.map((set) => set.#ipv4)),
      unionOfIntervals(sets.map((set) => set.#ipv6)),
    );
  }

  union(other: AddressSet): AddressSet {
    return new AddressSet(unionIntervals(this.#ipv4, other.#ipv4), unionIntervals(this.#ipv6, other.#ipv6));
  }

  subtract(other: AddressSet): AddressSet {
    return new AddressSet(subtractIntervals(this.#ipv4, other.#ipv4), subtractIntervals(this.#ipv6, other.#ipv6));
  }

  intersect(other: AddressSet): AddressSet {
    return new AddressSet(intersectIntervals(this.#ipv4, other.#ipv4), intersectIntervals(this.#ipv6, other.#ipv6));
  }

  isEmpty(): boolean {
    return this.#ipv4.length === 0 && this.#ipv6.length === 0;
  }

  covers(other: AddressSet): boolean {
    return other.subtract(this).isEmpty();
  }

  equals(other: AddressSet): boolean {
    return sameIntervals(this.#ipv4, other.#ipv4) && sameIntervals(this.#ipv6, other.#ipv6);
  }

  /** How many addresses of the family are in the set. */
  size(family: AddressFamily): bigint {
    let size = 0n;
    for (const [first, end] of intervalsOf<number | bigint>(family === 4 ? this.#ipv4 : this.#ipv6)) {
      size += BigInt(end) - BigInt(first);
    }
    return size;
  }

  #count(family: AddressFamily): number {
    if (family === 4) return (this.#ipv4Count ??= Number(this.size(4)));
    return (this.#ipv6Count ??= this.#ipv6.length === 0 ? 0 : Number(this.size(6)));
  }

  /** The set's part of the family's address space, 0..1, exact to the nearest double. */
  share(family: AddressFamily): number {
    return this.#count(family) / (family === 4 ? IPV4_END : Number(IPV6_END));
  }

  /** The part of IPv4, 0..1, that the set reaches through the well-known NAT64 prefix 64:ff9b::/96 (RFC 6052). */
  nat64Share(): number {
    if (this.#ipv6.length === 0) return 0;
    return this.intersect(NAT64_ADDRESSES).#count(6) / IPV4_END;
  }

  /** Whether the set holds at least 99 % of the family's public addresses. */
  coversPublic(family: AddressFamily): boolean {
    return this.#coversNearly(PUBLIC_ADDRESSES, family);
  }

  /** Whether the set holds at least 99 % of the family's private addresses, where clusters usually live. */
  coversPrivate(family: AddressFamily): boolean {
    return this.#coversNearly(PRIVATE_ADDRESSES, family);
  }

  #coversNearly(whole: AddressSet, family: AddressFamily): boolean {
    const enough = NEARLY_WHOLE * whole.#count(family);
    return this.#count(family) >= enough && this.intersect(whole).#count(family) >= enough;
  }

  /** The set as disjoint ranges, both ends included, IPv4 first, each family ascending. Equal sets have equal ranges. */
  ranges(): readonly { readonly family: AddressFamily; readonly first: bigint; readonly last: bigint }[] {
    const ranges: { family: AddressFamily; first: bigint; last: bigint }[] = [];
    for (const family of [4, 6] as const) {
      for (const [first, end] of intervalsOf<number | bigint>(family === 4 ? this.#ipv4 : this.#ipv6)) {
        ranges.push({ family, first: BigInt(first), last: BigInt(end) - 1n });
      }
    }
    return ranges;
  }

  /**
   * The set as the shortest list of canonical prefixes, IPv4 first, each family ascending.
   * @param limit stop after this many; a set can need hundreds
   */
  prefixes(limit = Number.POSITIVE_INFINITY): string[] {
    const texts: string[] = [];
    for (const family of [4, 6] as const) {
      for (const [first, end] of intervalsOf<number | bigint>(family === 4 ? this.#ipv4 : this.#ipv6)) {
        for (const prefix of prefixesBetween(family, BigInt(first), BigInt(end))) {
          if (texts.length >= limit) return texts;
          texts.push(prefix);
        }
      }
    }
    return texts;
  }
}

/** Cuts an interval into prefixes: from the low end on, always the largest block that is aligned and still fits. */
function* prefixesBetween(family: AddressFamily, first: bigint, end: bigint): Generator<string> {
  const bits = family === 4 ? 32 : 128;
  let at = first;
  while (at < end) {
    const aligned = at === 0n ? bits : bitLength(at & -at) - 1;
    const hostBits = Math.min(aligned, bitLength(end - at) - 1);
    yield `${writeAddress(family, at)}/${bits - hostBits}`;
    at += 1n << BigInt(hostBits);
  }
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

export interface ParsedCidr {
  /** Of the resulting set: an IPv4-mapped prefix is family 4. */
  readonly family: AddressFamily;
  /** Host bits are masked away. */
  readonly set: AddressSet;
  /** In the terms of `family`. */
  readonly prefixLength: number;
  readonly notes: readonly AddressNote[];
}

export interface ParsedAddress {
  readonly family: AddressFamily;
  readonly set: AddressSet;
  readonly notes: readonly AddressNote[];
}

/**
 * Reads a prefix in any spelling that some implementation accepts.
 * @returns undefined for what all of them reject: `0/0`, a bare address, spaces, signs, zone identifiers, words
 */
export function parseCidr(text: string): ParsedCidr | undefined {
  const slash = text.indexOf("/");
  if (slash === -1) return undefined;
  const lengthText = text.slice(slash + 1);
  const address = readAddress(text.slice(0, slash));
  if (address === undefined || lengthText.length > LONGEST_LENGTH_TEXT) return undefined;
  const length = readDigits(lengthText, 10, address.family === 4 ? 32 : 128);
  if (length === undefined) return undefined;

  const hostBits = BigInt((address.family === 4 ? 32 : 128) - length);
  const size = 1n << hostBits;
  const first = (address.value >> hostBits) << hostBits;
  const notes = notesOf(address, hasLeadingZero(lengthText));
  if (first !== address.value) notes.push("host-bits");
  // A shorter prefix is masked to an address that is no longer mapped.
  if (isMapped(address.family, first)) {
    const set = AddressSet.block(4, first - MAPPED_FIRST, size);
    return { family: 4, set, prefixLength: length - MAPPED_LENGTH, notes };
  }
  return { family: address.family, set: AddressSet.block(address.family, first, size), prefixLength: length, notes };
}

/** Reads a single address in any spelling that some implementation accepts; a prefix is none. */
export function parseAddress(text: string): ParsedAddress | undefined {
  const address = readAddress(text);
  if (address === undefined) return undefined;
  const mapped = isMapped(address.family, address.value);
  const family = mapped ? 4 : address.family;
  const first = mapped ? address.value - MAPPED_FIRST : address.value;
  return { family, set: AddressSet.block(family, first, 1n), notes: notesOf(address, false) };
}

const LONGEST_LENGTH_TEXT = 16;

function isMapped(family: AddressFamily, value: bigint): boolean {
  return family === 6 && value >> 32n === 0xffffn;
}

function notesOf(address: AddressValue, zeros: boolean): AddressNote[] {
  const notes: AddressNote[] = [];
  if (address.leadingZeros || zeros) notes.push("leading-zeros");
  if (isMapped(address.family, address.value)) notes.push("ipv4-mapped");
  else if (!address.canonical && !address.leadingZeros) notes.push("non-canonical");
  return notes;
}

function setOf(...prefixes: readonly string[]): AddressSet {
  return AddressSet.unionOf(prefixes.map((prefix) => parseCidr(prefix)?.set ?? AddressSet.nothing));
}

/** RFC 1918, RFC 6598 (shared) and RFC 4193 (unique local): where Pods and Nodes usually have their addresses. */
export const PRIVATE_ADDRESSES: AddressSet = setOf(
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fc00::/7",
);

/**
 * Global unicast: IPv4 without multicast, the reserved block and what IANA's special-purpose registry lists as not
 * globally reachable; IPv6 2000::/3, the only block that IANA has assigned for it.
 */
export const PUBLIC_ADDRESSES: AddressSet = setOf("0.0.0.0/0", "2000::/3").subtract(
  setOf(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
  ),
);

const NAT64_ADDRESSES = setOf("64:ff9b::/96");
