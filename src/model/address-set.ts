/**
 * @module Sets of IPv4 and IPv6 addresses, whatever the spelling they came from.
 */
export type AddressFamily = 4 | 6;
export type AddressNote = "host-bits" | "leading-zeros" | "ipv4-mapped" | "non-canonical";

export interface ParsedCidr {
  readonly family: AddressFamily;
  readonly set: AddressSet;
  readonly prefixLength: number;
  readonly notes: readonly AddressNote[];
}

export interface ParsedAddress {
  readonly family: AddressFamily;
  readonly set: AddressSet;
  readonly notes: readonly AddressNote[];
}

export class AddressSet {
  static readonly nothing: AddressSet = new AddressSet();
  static readonly everything: AddressSet = new AddressSet();
  static of(_cidr: ParsedCidr): AddressSet {
    throw new Error("being written");
  }
  /** The union of many sets at once; use it instead of a chain of `union`, which is quadratic. */
  static unionOf(_sets: readonly AddressSet[]): AddressSet {
    throw new Error("being written");
  }
  union(_other: AddressSet): AddressSet {
    throw new Error("being written");
  }
  subtract(_other: AddressSet): AddressSet {
    throw new Error("being written");
  }
  intersect(_other: AddressSet): AddressSet {
    throw new Error("being written");
  }
  isEmpty(): boolean {
    throw new Error("being written");
  }
  covers(_other: AddressSet): boolean {
    throw new Error("being written");
  }
  equals(_other: AddressSet): boolean {
    throw new Error("being written");
  }
  share(_family: AddressFamily): number {
    throw new Error("being written");
  }
  size(_family: AddressFamily): bigint {
    throw new Error("being written");
  }
  nat64Share(): number {
    throw new Error("being written");
  }
  coversPublic(_family: AddressFamily): boolean {
    throw new Error("being written");
  }
  coversPrivate(_family: AddressFamily): boolean {
    throw new Error("being written");
  }
  prefixes(): string[] {
    throw new Error("being written");
  }
}

export const PRIVATE_ADDRESSES: AddressSet = AddressSet.nothing;
export const PUBLIC_ADDRESSES: AddressSet = AddressSet.nothing;

export function parseCidr(_text: string): ParsedCidr | undefined {
  throw new Error("being written");
}
export function parseAddress(_text: string): ParsedAddress | undefined {
  throw new Error("being written");
}
