/**
 * @module Ports of the cluster-wide policies: lists of entries of which each names one kind of port, under the names of
 * either API (`protocols[]` of ClusterNetworkPolicy here, `ports[]` in admin-network-policy-ports.ts).
 */
import { PortSet, TRANSPORTS } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import { checkExactlyOne, checkMost } from "./cluster-network-policy-lists.ts";
import type { ObjectNode } from "./fields.ts";

/** Reads one field of an entry that has it. What the API server rejects in there is nothing. */
type EntryFieldReader = (entry: ObjectNode, key: string, allows: boolean) => PortSet;

/** How an API writes ports. */
export interface PortsDialect {
  readonly portsKey: "ports" | "protocols";
  readonly mostPorts: number;
  /** The fields of an entry, of which it must have exactly one. */
  readonly entryFields: ReadonlyMap<string, EntryFieldReader>;
}

const HIGHEST_PORT = 65_535;
const DESTINATION_KEYS: ReadonlySet<string> = new Set(["destinationPort"]);
const PORT_KEYS: ReadonlySet<string> = new Set(["number", "range"]);
const RANGE_KEYS: ReadonlySet<string> = new Set(["start", "end"]);

/**
 * The ports of a rule: every port of every protocol where it names none. What the API refuses in newer versions only,
 * or what agents read on their own (a list or an entry without content), is everything in a rule that allows, and
 * nothing in one that doesn't.
 */
export function readPorts(rule: ObjectNode, dialect: PortsDialect, allows: boolean): PortSet {
  const { portsKey: key, mostPorts, entryFields } = dialect;
  const list = rule.list(key);
  if (list === undefined) return rule.has(key) ? PortSet.nothing : PortSet.everything;
  checkMost(rule, key, mostPorts);
  if (list.length === 0) {
    rule.report("missing-field", rule.at(key), `${quote(key)} is empty: name ports, or remove it for every port`);
    return allows ? PortSet.everything : PortSet.nothing;
  }
  return PortSet.unionOf(rule.objects(key, "widens").map((entry) => readEntry(entry, entryFields, allows)));
}

function readEntry(entry: ObjectNode, fields: PortsDialect["entryFields"], allows: boolean): PortSet {
  const keys = new Set(fields.keys());
  entry.checkKeys(keys, allows ? "widens" : "none");
  checkExactlyOne(entry, keys);
  const sets: PortSet[] = [];
  for (const [key, read] of fields) if (entry.has(key)) sets.push(read(entry, key, allows));
  if (sets.length === 0 && allows) return PortSet.everything;
  return PortSet.unionOf(sets);
}

/** `tcp`, `udp` and `sctp` of an entry of `protocols[]`. */
function readProtocol(entry: ObjectNode, key: string, allows: boolean): PortSet {
  const protocol = entry.object(key);
  if (protocol === undefined) return PortSet.nothing;
  protocol.checkKeys(DESTINATION_KEYS, allows ? "widens" : "none");
  const port = protocol.requiredObject("destinationPort");
  if (port !== undefined) return readPort(port, key);
  // Agents that meet such an entry apply it to the whole protocol.
  return allows && !protocol.has("destinationPort") ? PortSet.protocol(key) : PortSet.nothing;
}

function readPort(port: ObjectNode, protocol: string): PortSet {
  port.checkKeys(PORT_KEYS, "none");
  checkExactlyOne(port, PORT_KEYS);
  const sets: PortSet[] = [];
  if (port.has("number")) {
    const number = readPortNumber(port, "number");
    if (number !== undefined) sets.push(PortSet.range(protocol, number, number));
  }
  const range = port.object("range");
  if (range !== undefined) {
    range.checkKeys(RANGE_KEYS, "none");
    sets.push(readPortRange(range, protocol));
  }
  return PortSet.unionOf(sets);
}

/** The ports between `start` and `end`, of which the first must be below the second. */
export function readPortRange(range: ObjectNode, protocol: string): PortSet {
  const start = readPortNumber(range, "start");
  const end = readPortNumber(range, "end");
  if (start === undefined || end === undefined) return PortSet.nothing;
  if (start < end) return PortSet.range(protocol, start, end);
  range.report("invalid-value", range.at("end"), `"end" (${end}) must be above "start" (${start})`);
  return PortSet.nothing;
}

/** A port number that must be there, 1 to 65535; undefined, with a defect, where it is not. */
export function readPortNumber(node: ObjectNode, key: string): number | undefined {
  if (!node.has(key)) {
    node.report("missing-field", node.at(key), `${quote(key)} is missing; the API requires it`);
    return undefined;
  }
  const number = node.integer(key);
  if (number === undefined || (number >= 1 && number <= HIGHEST_PORT)) return number;
  node.report("invalid-value", node.at(key), `a port is a number from 1 to ${HIGHEST_PORT}, not ${number}`);
  return undefined;
}

/** A port by the name that Pods give it, whatever its protocol. */
export function readNamedPort(entry: ObjectNode, key: string): PortSet {
  const name = entry.requiredText(key);
  if (name === undefined) return PortSet.nothing;
  return PortSet.unionOf(TRANSPORTS.map((protocol) => PortSet.named(protocol, name)));
}

/** The fields of an entry of `protocols[]`. */
export const PROTOCOL_FIELDS: PortsDialect["entryFields"] = new Map<string, EntryFieldReader>([
  ["tcp", readProtocol],
  ["udp", readProtocol],
  ["sctp", readProtocol],
  ["destinationNamedPort", readNamedPort],
]);
