/**
 * @module Addresses in Calico's objects (`nets`, `notNets`), as Go's net package reads them: host bits are cut off, IPv4
 * written as IPv6 is IPv4, an address alone is a network of one (libcalico-go, lib/net/ipnet.go).
 */
import { AddressSet, type AddressFamily, parseCidr } from "../model/address-set.ts";
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";

export const WHOLE_FAMILY: Readonly<Record<AddressFamily, AddressSet>> = {
  4: AddressSet.block(4, 0n, 1n << 32n),
  6: AddressSet.block(6, 0n, 1n << 128n),
};

/** The networks of a list that can be read. */
export interface Networks {
  readonly set: AddressSet;
  readonly families: readonly AddressFamily[];
  /** How many there are; 0 where none can be read. */
  readonly count: number;
}

/**
 * Reads a list of networks. What is none is a defect, and the agent leaves it out.
 * @param hostBits whether Calico's validation lets pass an address that is not the network's own
 */
export function readNetworks(node: ObjectNode, key: string, hostBits: "accepted" | "refused"): Networks {
  const sets: AddressSet[] = [];
  const families = new Set<AddressFamily>();
  for (const { value, pointer } of node.texts(key)) {
    const cidr = parseCidr(value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`);
    if (cidr === undefined || cidr.notes.includes("leading-zeros")) {
      const detail = `${quote(value)} is no network such as 10.9.8.0/24 or 2001:db8::/64; the agent leaves it out`;
      node.report("invalid-value", pointer, detail);
      continue;
    }
    if (hostBits === "refused" && cidr.notes.includes("host-bits")) {
      const detail = `${quote(value)} has bits set beyond its prefix length; write the network's own address`;
      node.report("invalid-value", pointer, detail);
    }
    sets.push(cidr.set);
    families.add(cidr.family);
  }
  return { set: AddressSet.unionOf(sets), families: [...families], count: sets.length };
}
