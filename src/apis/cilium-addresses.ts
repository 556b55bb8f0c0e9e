/**
 * @module Addresses in Cilium rules (`fromCIDR`, `fromCIDRSet`, CiliumCIDRGroup), as the CRDs and the agent's `netip`
 * parser accept them (Cilium 1.19, pkg/policy/api/rule_validation.go).
 */
import { AddressSet, type ParsedCidr, parseCidr } from "../model/address-set.ts";
import { admitsStranger } from "../model/label-formula.ts";
import { quote } from "../model/quote.ts";
import type { Bound, PeerBuilder } from "./cilium-peer-builder.ts";
import type { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";

const CIDR_RULE_KEYS: ReadonlySet<string> = new Set(["cidr", "cidrGroupRef", "cidrGroupSelector", "except"]);
const CHOICES = ["cidr", "cidrGroupRef", "cidrGroupSelector"] as const;

/** The addresses of a list of CIDRs; what the API or the agent refuses contributes nothing. */
export function readCidrs(node: ObjectNode, key: string, bound: Bound): AddressSet {
  const sets: AddressSet[] = [];
  for (const { value, pointer } of node.texts(key)) {
    const cidr = readCidr(node, pointer, value);
    if (cidr !== undefined && isCertain(cidr, bound)) sets.push(cidr.set);
  }
  return AddressSet.unionOf(sets);
}

/** Adds the entries of a `fromCIDRSet` or `toCIDRSet`. */
export function addCidrRules(peers: PeerBuilder, node: ObjectNode, key: string): void {
  for (const rule of node.objects(key, "none")) {
    rule.checkKeys(CIDR_RULE_KEYS, "widens");
    const written = CHOICES.filter((choice) => rule.has(choice));
    if (written.length !== 1) reportChoices(rule, written);
    const group = rule.text("cidrGroupRef");
    if (group !== undefined) peers.addUnresolved(`CiliumCIDRGroup ${group}`);
    addGroupsByLabel(peers, rule);
    addCidrRule(peers, rule);
  }
}

function reportChoices(rule: ObjectNode, written: readonly string[]): void {
  if (written.length === 0) {
    rule.report("missing-field", rule.pointer, `one of ${CHOICES.join(", ")} is required`);
  } else {
    rule.report("conflicting-fields", rule.pointer, `${written.join(" and ")} exclude each other; make it two entries`);
  }
}

/**
 * Groups chosen by their labels. The agent matches the selector against every identity, so that one which an identity
 * without any label of a group meets chooses Pods and nodes too.
 */
function addGroupsByLabel(peers: PeerBuilder, rule: ObjectNode): void {
  const selector = rule.object("cidrGroupSelector");
  if (selector === undefined) return;
  const formula = readLabelSelector(selector);
  if (!admitsStranger(formula, [])) peers.addUnresolved("CiliumCIDRGroups by label");
  else if (peers.bound === "most") peers.addEveryone();
}

function addCidrRule(peers: PeerBuilder, rule: ObjectNode): void {
  const text = rule.text("cidr");
  const cidr = text === undefined ? undefined : readCidr(rule, rule.at("cidr"), text);
  const exceptions: AddressSet[] = [];
  for (const { value, pointer } of rule.texts("except")) {
    const exception = readCidr(rule, pointer, value);
    if (exception === undefined || cidr === undefined) continue;
    if (cidr.set.intersect(exception.set).isEmpty()) {
      rule.report("invalid-value", pointer, `${quote(value)} must lie inside "cidr"; the agent refuses the policy`);
    }
    exceptions.push(exception.set);
  }
  if (cidr === undefined || !isCertain(cidr, peers.bound)) return;
  peers.addresses.push(cidr.set.subtract(AddressSet.unionOf(exceptions)));
}

/** IPv4 written as IPv6 is IPv4 for some agents and an address that nobody has for the others. */
function isCertain({ notes }: ParsedCidr, bound: Bound): boolean {
  return bound === "most" || !notes.includes("ipv4-mapped");
}

function readCidr(node: ObjectNode, pointer: string, text: string): ParsedCidr | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined || cidr.notes.includes("leading-zeros")) {
    node.report("invalid-value", pointer, `${quote(text)} is no CIDR such as 10.9.8.0/24 or 2001:db8::/64`);
    return undefined;
  }
  if (cidr.notes.includes("ipv4-mapped")) {
    const detail = `${quote(text)} is IPv4 written as IPv6: older agents apply it to IPv4, newer ones never; write it as IPv4`;
    node.report("ambiguous-address", pointer, detail);
  }
  return cidr;
}
