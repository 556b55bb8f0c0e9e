/**
 * @module Ports of NetworkPolicy rules (`ports[]`), checked as the API server 1.36 checks them.
 */
import { quote } from "../model/quote.ts";
import { PortSet } from "../model/port-set.ts";
import type { ObjectNode } from "./fields.ts";
import { isPortName } from "./kubernetes-names.ts";
import { nearest } from "./suggest.ts";

export const PORT_KEYS: ReadonlySet<string> = new Set(["protocol", "port", "endPort"]);
const PROTOCOLS: readonly string[] = ["TCP", "UDP", "SCTP"];
const HIGHEST_PORT = 65_535;

/**
 * The ports of a rule: every port of every protocol where it names none. Entries that the API server rejects
 * contribute nothing.
 * @param known what another API has as fields of a port beside those of NetworkPolicy
 */
export function readPorts(rule: ObjectNode, known: ReadonlySet<string> = PORT_KEYS): PortSet {
  const list = rule.list("ports");
  // A list of the wrong type is no "every port": the API server refuses it.
  if (list === undefined) return rule.has("ports") ? PortSet.nothing : PortSet.everything;
  if (list.length === 0) return PortSet.everything;
  const sets: PortSet[] = [];
  for (const entry of rule.objects("ports", "widens")) sets.push(readPort(entry, known));
  const [only] = sets;
  return sets.length === 1 && only !== undefined ? only : PortSet.unionOf(sets);
}

function readPort(entry: ObjectNode, known: ReadonlySet<string>): PortSet {
  const mark = entry.defects.length;
  entry.checkKeys(known, "widens");
  const protocol = readProtocol(entry);
  const port = entry.value["port"];
  const set = typeof port === "string" ? readNamedPort(entry, protocol, port) : readNumericPort(entry, protocol);
  return entry.rejectedSince(mark) ? PortSet.nothing : set;
}

function readProtocol(entry: ObjectNode): string {
  const protocol = entry.text("protocol");
  // The API server's default. A port without a protocol is TCP, not every protocol.
  if (protocol === undefined) return "TCP";
  if (!PROTOCOLS.includes(protocol)) {
    const meant = nearest(protocol, PROTOCOLS);
    const advice = meant === undefined ? `known are ${PROTOCOLS.join(", ")}` : `did you mean ${quote(meant)}?`;
    entry.report("invalid-value", entry.at("protocol"), `unknown protocol ${quote(protocol)}, ${advice}`);
  }
  return protocol;
}

function readNamedPort(entry: ObjectNode, protocol: string, name: string): PortSet {
  if (entry.integer("endPort") !== undefined) {
    entry.report("conflicting-fields", entry.at("endPort"), '"endPort" needs a number in "port", not a name');
  }
  if (!isPortName(name)) {
    const advice = /^\d+$/.test(name)
      ? "write the number without quotes"
      : "a name has at most 15 of a-z, 0-9 and single hyphens, and a letter";
    entry.report("invalid-value", entry.at("port"), `${quote(name)} is no port: ${advice}`);
  }
  return PortSet.named(protocol, name);
}

function readNumericPort(entry: ObjectNode, protocol: string): PortSet {
  const from = entry.integer("port");
  const to = entry.integer("endPort");
  if (from !== undefined) checkNumber(entry, "port", from);
  if (to !== undefined) {
    checkNumber(entry, "endPort", to);
    if (!entry.has("port")) {
      entry.report("conflicting-fields", entry.at("endPort"), '"endPort" needs the first port of the range in "port"');
    } else if (from !== undefined && to < from) {
      entry.report("invalid-value", entry.at("endPort"), `"endPort" (${to}) is below "port" (${from})`);
    }
  }
  return from === undefined ? PortSet.protocol(protocol) : PortSet.range(protocol, from, to ?? from);
}

function checkNumber(entry: ObjectNode, key: string, number: number): void {
  if (number < 1 || number > HIGHEST_PORT) {
    entry.report("invalid-value", entry.at(key), `a port is a number from 1 to ${HIGHEST_PORT}, not ${number}`);
  }
}
