/**
 * @module Ports of AdminNetworkPolicy rules (`ports[]`: `portNumber`, `portRange`, `namedPort`), which AWS' copy of
 * ClusterNetworkPolicy has too (network-policy-api apis/v1alpha1/shared_types.go).
 */
import { PortSet, TRANSPORTS } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import { type PortsDialect, readNamedPort, readPortNumber, readPortRange } from "./cluster-network-policy-ports.ts";
import type { ObjectNode } from "./fields.ts";
import { nearest } from "./suggest.ts";

const NUMBER_KEYS: ReadonlySet<string> = new Set(["protocol", "port"]);
const RANGE_KEYS: ReadonlySet<string> = new Set(["protocol", "start", "end"]);

export const ADMIN_PORTS: PortsDialect = {
  portsKey: "ports",
  mostPorts: 100,
  entryFields: new Map([
    ["portNumber", readNumber],
    ["portRange", readRange],
    ["namedPort", readNamedPort],
  ]),
};

function readNumber(entry: ObjectNode, key: string): PortSet {
  const node = entry.object(key);
  if (node === undefined) return PortSet.nothing;
  node.checkKeys(NUMBER_KEYS, "none");
  const protocol = readProtocol(node);
  const port = readPortNumber(node, "port");
  return protocol === undefined || port === undefined ? PortSet.nothing : PortSet.range(protocol, port, port);
}

function readRange(entry: ObjectNode, key: string): PortSet {
  const node = entry.object(key);
  if (node === undefined) return PortSet.nothing;
  node.checkKeys(RANGE_KEYS, "none");
  const protocol = readProtocol(node);
  const ports = readPortRange(node, protocol ?? "TCP");
  return protocol === undefined ? PortSet.nothing : ports;
}

/** TCP where nothing is written, which is the API's default; undefined, with a defect, for what is no protocol. */
function readProtocol(node: ObjectNode): string | undefined {
  if (!node.has("protocol")) return "TCP";
  const written = node.text("protocol");
  if (written === undefined || TRANSPORTS.includes(written)) return written;
  const meant = nearest(written, TRANSPORTS);
  const advice = meant === undefined ? `known are ${TRANSPORTS.join(", ")}` : `did you mean ${quote(meant)}?`;
  node.report("invalid-value", node.at("protocol"), `unknown protocol ${quote(written)}, ${advice}`);
  return undefined;
}
