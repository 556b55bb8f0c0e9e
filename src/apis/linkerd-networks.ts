/**
 * @module Networks in Linkerd's policies (`networks[].{cidr, except}`): prefixes or single addresses (linkerd2,
 * policy-controller/runtime/src/admission.rs).
 */
import { AddressSet, parseAddress, parseCidr, PRIVATE_ADDRESSES } from "../model/address-set.ts";
import { peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";

const NETWORK_KEYS: ReadonlySet<string> = new Set(["cidr", "except"]);

/** What `clusterNetworks` is unless somebody narrows it: all private address space, and so whatever is in the cluster. */
export const CLUSTER_NETWORKS: AddressSet = PRIVATE_ADDRESSES;
export const clusterClients: PeerSet = peersOf({ addresses: CLUSTER_NETWORKS, entities: ["cluster"] });

/** The addresses of a list. What Linkerd refuses contributes none. */
export function readNetworks(node: ObjectNode, key: string): AddressSet {
  return AddressSet.unionOf(node.objects(key, "none").map(readNetwork));
}

function readNetwork(network: ObjectNode): AddressSet {
  const mark = network.defects.length;
  network.checkKeys(NETWORK_KEYS, "widens");
  const written = network.requiredText("cidr");
  const set = written === undefined ? undefined : readAddresses(network, network.at("cidr"), written);
  const exceptions = network.texts("except").flatMap(({ value, pointer }) => {
    const exception = readAddresses(network, pointer, value);
    if (exception !== undefined && set !== undefined && (!set.covers(exception) || exception.equals(set))) {
      network.report("invalid-value", pointer, `${quote(value)} must lie inside "cidr" and be smaller than it`);
    }
    return exception ?? [];
  });
  if (set === undefined || network.rejectedSince(mark)) return AddressSet.nothing;
  return set.subtract(AddressSet.unionOf(exceptions));
}

function readAddresses(network: ObjectNode, pointer: string, text: string): AddressSet | undefined {
  const parsed = text.includes("/") ? parseCidr(text) : parseAddress(text);
  if (parsed === undefined || parsed.notes.includes("leading-zeros")) {
    network.report("invalid-value", pointer, `${quote(text)} is neither an address nor a prefix such as 10.9.8.0/24`);
    return undefined;
  }
  if (parsed.notes.includes("ipv4-mapped")) {
    network.report("ambiguous-address", pointer, `${quote(text)} is IPv4 written as IPv6; write it as IPv4`);
  }
  return parsed.set;
}
