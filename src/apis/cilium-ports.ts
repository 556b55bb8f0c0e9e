/**
 * @module Ports of Cilium rules (`toPorts`, `icmps`), by the agent's own parser of port numbers
 * (Cilium 1.19, pkg/policy/api/rule_validation.go and pkg/policy/portrange.go).
 */
import type { JsonValue } from "../intake/json-value.ts";
import { PortSet, TRANSPORTS } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Direction } from "../model/traffic.ts";
import { type Layer7, readLayer7 } from "./cilium-layer7.ts";
import type { Bound } from "./cilium-peer-builder.ts";
import type { ObjectNode } from "./fields.ts";
import { isPortName } from "./kubernetes-names.ts";
import { nearest } from "./suggest.ts";

/** What of the rule and its policy decides how ports are read. */
export interface PortContext {
  readonly direction: Direction;
  /** The policy is for nodes. */
  readonly host: boolean;
  readonly bound: Bound;
}

/** Ports of one rule that share their layer 7. */
export interface PortGroup {
  readonly ports: PortSet;
  readonly operations: Layer7["operations"];
  readonly listener: string | undefined;
}

const ALLOW_KEYS: ReadonlySet<string> = new Set([
  "ports",
  "rules",
  "serverNames",
  "listener",
  "terminatingTLS",
  "originatingTLS",
]);
const DENY_KEYS: ReadonlySet<string> = new Set(["ports"]);
const PORT_KEYS: ReadonlySet<string> = new Set(["port", "endPort", "protocol"]);
const ICMP_KEYS: ReadonlySet<string> = new Set(["fields"]);
const ICMP_FIELD_KEYS: ReadonlySet<string> = new Set(["family", "type"]);
const PROTOCOLS: readonly string[] = ["ANY", ...TRANSPORTS, "ICMP", "ICMPv6", "VRRP", "IGMP"];
const FAMILIES: readonly string[] = ["IPv4", "IPv6"];
const MOST_PORTS = 40;
const HIGHEST_PORT = 65_535;
const HIGHEST_ICMP_TYPE = 255;

/**
 * The ports that a rule lists.
 * @returns undefined where it lists none, which leaves the ports open if it has peers; an entry without ports is none
 */
export function readPorts(rule: ObjectNode, context: PortContext): readonly PortGroup[] | undefined {
  const icmp = readIcmp(rule);
  const groups = icmp === undefined ? [] : [plainGroup(icmp)];
  if (rule.count("icmps") > 0 && rule.count("toPorts") > 0) {
    const detail = '"icmps" and "toPorts" exclude each other; the agent refuses the policy; make it two rules';
    rule.report("conflicting-fields", rule.at("icmps"), detail);
  }
  for (const portRule of rule.objects("toPorts", "none")) groups.push(readPortRule(portRule, context));
  if (groups.length > 0) return merged(groups);
  // What the API refuses is no missing list: it opens nothing.
  const isRefused = rule.has("toPorts") && !isEmptyList(rule.value["toPorts"]);
  return isRefused ? [plainGroup(PortSet.nothing)] : undefined;
}

function isEmptyList(value: JsonValue | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

function plainGroup(ports: PortSet): PortGroup {
  return { ports, operations: "all", listener: undefined };
}

function readPortRule(portRule: ObjectNode, context: PortContext): PortGroup {
  const denies = context.bound === "least";
  portRule.checkKeys(denies ? DENY_KEYS : ALLOW_KEYS, denies ? "drops" : "widens");
  const layer7 = denies ? undefined : readLayer7(portRule, context.direction, context.host);
  const entries = portRule.objects("ports", "none");
  if (entries.length > MOST_PORTS) {
    const detail = `at most ${MOST_PORTS} ports are allowed, not ${entries.length}; make it two elements of "toPorts"`;
    portRule.report("invalid-value", portRule.at("ports"), detail);
  }
  if (portRule.count("ports") === 0) reportNoPorts(portRule);
  const sets = entries.map((entry) => readPort(entry, context.bound, layer7?.protocol));
  return {
    ports: PortSet.unionOf(sets),
    operations: layer7?.operations ?? "all",
    listener: layer7?.listener,
  };
}

function reportNoPorts(portRule: ObjectNode): void {
  const detail = 'names no port, so the rule matches nothing; write the ports, or leave "toPorts" out for every port';
  portRule.report("matches-nothing", portRule.has("ports") ? portRule.at("ports") : portRule.pointer, detail);
}

/** One group per kind of layer 7, so that a rule is as few rules of the model as possible. */
function merged(groups: readonly PortGroup[]): readonly PortGroup[] {
  const kinds = new Map<string, PortGroup[]>();
  for (const group of groups) {
    const kind = `${group.operations} ${group.listener ?? ""}`;
    const same = kinds.get(kind);
    if (same === undefined) kinds.set(kind, [group]);
    else same.push(group);
  }
  return Array.from(kinds.values(), ([first, ...others]) => {
    const all = first === undefined ? others : [first, ...others];
    return {
      ports: PortSet.unionOf(all.map(({ ports }) => ports)),
      operations: first?.operations ?? "all",
      listener: first?.listener,
    };
  });
}

function readPort(entry: ObjectNode, bound: Bound, layer7: Layer7["protocol"]): PortSet {
  entry.checkKeys(PORT_KEYS, "widens");
  const protocol = readProtocol(entry);
  const endPort = readEndPort(entry);
  const text = entry.text("port");
  if (entry.has("port") && text === undefined) return PortSet.nothing;
  const isName = text !== undefined && isPortName(text.toLowerCase());
  const number = text === undefined || text === "" || isName ? undefined : readNumber(entry, text);
  checkLayer7(entry, layer7, protocol, number);
  if (protocol === undefined) return PortSet.nothing;
  if (isName) return ofProtocol(protocol, (transport) => PortSet.named(transport, text.toLowerCase()));
  // Without a port the agent refuses the entry, unless it is configured for more protocols: then it is all of one.
  if (text === undefined || text === "") return bound === "most" ? wholeOf(protocol) : PortSet.nothing;
  if (number === undefined) return PortSet.nothing;
  return numbered(protocol, number, endPort, bound);
}

/** Port 0 is every port. Agents up to 1.15 don't know `endPort`, so that with them 0-443 is every port too. */
function numbered(protocol: string, number: number, endPort: number | undefined, bound: Bound): PortSet {
  if (protocol.startsWith("ICMP")) return bound === "most" ? PortSet.protocol(protocol) : PortSet.nothing;
  const isWildcard = number === 0 && (bound === "most" || !endPort || endPort === HIGHEST_PORT);
  if (isWildcard) return wholeOf(protocol);
  return ofProtocol(protocol, (transport) => PortSet.range(transport, number, Math.max(number, endPort ?? 0)));
}

function wholeOf(protocol: string): PortSet {
  return ofProtocol(protocol, (transport) => PortSet.protocol(transport));
}

function ofProtocol(protocol: string, setOf: (transport: string) => PortSet): PortSet {
  return protocol === "ANY" ? PortSet.unionOf(TRANSPORTS.map(setOf)) : setOf(protocol);
}

/** The protocol of a port, `ANY` where none is written; undefined where it is one that the API refuses. */
function readProtocol(entry: ObjectNode): string | undefined {
  const protocol = entry.text("protocol");
  if (entry.has("protocol") && protocol === undefined) return undefined;
  if (!protocol) return "ANY";
  if (PROTOCOLS.includes(protocol)) return protocol;
  const meant = nearest(protocol, PROTOCOLS);
  const advice = meant === undefined ? `known are ${PROTOCOLS.join(", ")}` : `did you mean ${quote(meant)}?`;
  entry.report("invalid-value", entry.at("protocol"), `unknown protocol ${quote(protocol)}, ${advice}`);
  return undefined;
}

function readEndPort(entry: ObjectNode): number | undefined {
  const endPort = entry.integer("endPort");
  if (endPort !== undefined && (endPort < 0 || endPort > HIGHEST_PORT)) {
    entry.report("invalid-value", entry.at("endPort"), `must be a number from 0 to ${HIGHEST_PORT}, not ${endPort}`);
  }
  return endPort;
}

/**
 * A port number as the agent parses it: with underscores, and octal behind a leading zero (`010` is 8, `00` is 0).
 * @returns undefined, with a defect, for what the API or the agent refuses
 */
function readNumber(entry: ObjectNode, text: string): number | undefined {
  const pointer = entry.at("port");
  const digits = text.replaceAll("_", "");
  const isOctal = digits.length > 1 && digits.startsWith("0");
  const number = /^\d+(?:_\d+)*$/.test(text) ? Number.parseInt(digits, isOctal ? 8 : 10) : Number.NaN;
  const isReadable = !isOctal || /^[0-7]+$/.test(digits);
  if (!isReadable || !(number <= HIGHEST_PORT)) {
    const detail = `${quote(text)} is no port: write one number, or a name; the agent refuses the policy`;
    entry.report("invalid-value", pointer, detail);
    return undefined;
  }
  if (digits !== text || isOctal) {
    const meaning = number === 0 ? "every port" : `port ${number}`;
    const detail = `${quote(text)} is read as ${meaning}; write ${quote(String(number))}`;
    entry.report("invalid-value", pointer, detail, number === 0 ? "widens" : "none");
  }
  return number;
}

/** What the agent refuses beside layer 7 rules. */
function checkLayer7(
  entry: ObjectNode,
  layer7: Layer7["protocol"],
  protocol: string | undefined,
  number?: number,
): void {
  if (layer7 === undefined) return;
  const refuse = (key: string, why: string) =>
    entry.report("conflicting-fields", entry.at(key), `${why}; the agent refuses the policy`);
  if (layer7 !== "dns" && protocol !== "TCP") refuse("protocol", "layer 7 rules other than DNS need protocol TCP");
  if (number === 0) refuse("port", "layer 7 rules need a port other than 0");
  if (layer7 === "dns" && (entry.integer("endPort") ?? 0) > (number ?? HIGHEST_PORT)) {
    refuse("endPort", "DNS rules have no port ranges");
  }
}

/** ICMP types; undefined where the rule has no `icmps`. Each type is a protocol of its own in the set. */
function readIcmp(rule: ObjectNode): PortSet | undefined {
  const list = rule.list("icmps");
  if (list === undefined) return rule.has("icmps") ? PortSet.nothing : undefined;
  if (list.length === 0) return undefined;
  const sets: PortSet[] = [];
  for (const element of rule.objects("icmps", "none")) {
    element.checkKeys(ICMP_KEYS, "widens");
    for (const field of element.objects("fields", "none")) sets.push(readIcmpField(field));
  }
  return PortSet.unionOf(sets);
}

function readIcmpField(field: ObjectNode): PortSet {
  field.checkKeys(ICMP_FIELD_KEYS, "widens");
  const family = field.text("family") ?? "IPv4";
  if (!FAMILIES.includes(family)) {
    field.report("invalid-value", field.at("family"), `unknown family ${quote(family)}, known are IPv4, IPv6`);
  }
  const type = field.value["type"];
  if (type === undefined || type === null) {
    field.report("missing-field", field.at("type"), '"type" is missing; the API requires it');
    return PortSet.nothing;
  }
  if (!isIcmpType(type)) {
    field.report("invalid-value", field.at("type"), "must be a number from 0 to 255, or the name of an ICMP type");
    return PortSet.nothing;
  }
  return PortSet.protocol(`${family === "IPv6" ? "ICMPv6" : "ICMP"} type ${type}`);
}

/** A number, in quotes or not, or one of the names that Cilium knows (`EchoRequest`), which are not checked. */
function isIcmpType(type: JsonValue): type is string | number {
  if (typeof type === "string" && /^[A-Za-z ]+$/.test(type)) return true;
  if (typeof type !== "number" && !(typeof type === "string" && /^\d{1,3}$/.test(type))) return false;
  const number = Number(type);
  return Number.isInteger(number) && number >= 0 && number <= HIGHEST_ICMP_TYPE;
}
