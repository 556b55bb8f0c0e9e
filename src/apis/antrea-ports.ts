/**
 * @module What Antrea's rules say about ports, protocols and layer 7 (`ports`, `protocols`, `l7Protocols`), as the CRDs
 * and the controller's webhook check it (antrea-io/antrea, build/charts/antrea/crds and networkpolicy/validate.go).
 */
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { RuleAction, TrafficRule } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import { PORT_KEYS, readPorts } from "./network-policy-ports.ts";

const SOURCE_KEYS = ["sourcePort", "sourceEndPort"];
const KNOWN_PORT_KEYS: ReadonlySet<string> = new Set([...PORT_KEYS, ...SOURCE_KEYS]);
const PROTOCOL_KEYS: ReadonlySet<string> = new Set(["icmp", "igmp"]);
const ICMP_KEYS: ReadonlySet<string> = new Set(["icmpType", "icmpCode"]);
const IGMP_KEYS: ReadonlySet<string> = new Set(["igmpType", "groupAddress"]);
const LAYER7_KEYS: ReadonlySet<string> = new Set(["http", "tls"]);
const HTTP_KEYS: ReadonlySet<string> = new Set(["host", "method", "path"]);
const TLS_KEYS: ReadonlySet<string> = new Set(["sni"]);

/** What a rule says about ports. */
export interface PortsReading {
  readonly ports: PortSet;
  readonly pointer: string;
  /** Whether something narrows the rule that a set of ports can't hold: source ports, types of ICMP and IGMP. */
  readonly isNarrower: boolean;
}

/** The ports and protocols of a rule together: everything where it names neither. */
export function readPortsAndProtocols(rule: ObjectNode): PortsReading {
  const protocols = rule.objects("protocols", "none");
  const hasProtocols = rule.has("protocols") && !isEmptyList(rule, "protocols");
  const hasPorts = rule.has("ports") && !isEmptyList(rule, "ports");
  const sets = hasPorts ? [readPorts(rule, KNOWN_PORT_KEYS)] : [];
  for (const protocol of protocols) sets.push(readProtocol(protocol));
  return {
    ports: hasPorts || hasProtocols ? PortSet.unionOf([PortSet.nothing, ...sets]) : PortSet.everything,
    pointer: hasPorts ? rule.at("ports") : hasProtocols ? rule.at("protocols") : rule.pointer,
    isNarrower: checkSourcePorts(rule) || protocols.some(narrowsProtocol),
  };
}

function isEmptyList(rule: ObjectNode, key: string): boolean {
  return Array.isArray(rule.value[key]) && rule.count(key) === 0;
}

function readProtocol(protocol: ObjectNode): PortSet {
  const mark = protocol.defects.length;
  protocol.checkKeys(PROTOCOL_KEYS, "none");
  const icmp = protocol.object("icmp");
  const igmp = protocol.object("igmp");
  icmp?.checkKeys(ICMP_KEYS, "widens");
  igmp?.checkKeys(IGMP_KEYS, "widens");
  checkOne(protocol, PROTOCOL_KEYS, "a protocol");
  if (protocol.rejectedSince(mark)) return PortSet.nothing;
  // One word for ICMP of both address families.
  if (icmp !== undefined) return PortSet.unionOf([PortSet.protocol("ICMP"), PortSet.protocol("ICMPv6")]);
  return PortSet.protocol("IGMP");
}

function narrowsProtocol(protocol: ObjectNode): boolean {
  const { icmp, igmp } = protocol.value;
  return [icmp, igmp].some((part) => typeof part === "object" && part !== null && Object.keys(part).length > 0);
}

/** Whether a port names source ports. They restrict nobody, because clients choose them. */
function checkSourcePorts(rule: ObjectNode): boolean {
  const list = rule.value["ports"];
  if (!Array.isArray(list)) return false;
  let found = false;
  for (const [index, port] of list.entries()) {
    if (typeof port !== "object" || port === null || Array.isArray(port)) continue;
    const { sourcePort: first, sourceEndPort: last } = port as Record<string, unknown>;
    const pointer = `${rule.at("ports")}/${index}/sourceEndPort`;
    if (last !== undefined && first === undefined) {
      rule.report("conflicting-fields", pointer, '"sourceEndPort" needs the first port of the range in "sourcePort"');
    } else if (typeof first === "number" && typeof last === "number" && last < first) {
      rule.report("invalid-value", pointer, `"sourceEndPort" (${last}) is below "sourcePort" (${first})`);
    }
    found ||= first !== undefined || last !== undefined;
  }
  return found;
}

/** Exactly one of the fields, which the CRD demands. */
function checkOne(node: ObjectNode, keys: ReadonlySet<string>, what: string): void {
  const written = [...keys].filter((key) => node.has(key));
  if (written.length === 1) return;
  const names = [...keys].join(" or ");
  if (written.length === 0) node.report("missing-field", node.pointer, `${what} must name ${names}`);
  else node.report("conflicting-fields", node.pointer, `${what} names ${names}, not both; make it two`);
}

/** Whether layer 7 narrows a rule. `http: {}` is every request, `tls: {}` every handshake. */
export function readLayer7(rule: ObjectNode, action: RuleAction): TrafficRule["operations"] {
  const entries = rule.objects("l7Protocols", "none");
  if (entries.length === 0) return "all";
  const refuse = (key: string, why: string) => rule.report("conflicting-fields", rule.at(key), why);
  if (action !== "allow") refuse("l7Protocols", "layer 7 protocols are for the action Allow; Antrea refuses others");
  if (rule.count("toServices") > 0) refuse("l7Protocols", '"toServices" excludes layer 7 protocols; make it two rules');
  // One entry that matches everything is enough. Each is looked at, because each may have defects.
  const restricting = entries.map(restrictsRequests);
  return restricting.includes(false) ? "all" : "some";
}

function restrictsRequests(entry: ObjectNode): boolean {
  entry.checkKeys(LAYER7_KEYS, "widens");
  checkOne(entry, LAYER7_KEYS, "a layer 7 protocol");
  const http = entry.object("http");
  const tls = entry.object("tls");
  http?.checkKeys(HTTP_KEYS, "widens");
  tls?.checkKeys(TLS_KEYS, "widens");
  const words = [...texts(http, HTTP_KEYS), ...texts(tls, TLS_KEYS)];
  return words.some((word) => !isEveryText(word));
}

function texts(node: ObjectNode | undefined, keys: ReadonlySet<string>): string[] {
  return node === undefined ? [] : [...keys].flatMap((key) => node.text(key) ?? []);
}

/** Whether a pattern matches everything: `*` for hosts, `/*` for paths. An empty one counts as not written. */
function isEveryText(pattern: string): boolean {
  const text = pattern.startsWith("/") ? pattern.slice(1) : pattern;
  return pattern === "" || (text !== "" && text.replaceAll("*", "") === "");
}

/** Services that a rule leads to, by their place. */
export function readServices(rule: ObjectNode, namespaced: boolean): readonly string[] {
  const known = new Set(["name", "namespace", "scope"]);
  return rule.objects("toServices", "widens").map((service) => {
    service.checkKeys(known, "none");
    const name = service.requiredText("name") ?? "";
    if (!namespaced) service.requiredText("namespace");
    const scope = service.text("scope");
    const everywhere = scope === "ClusterSet" ? " of the ClusterSet" : "";
    if (scope !== undefined && scope !== "Cluster" && scope !== "ClusterSet") {
      const detail = `unknown scope ${quote(scope)}, known are Cluster, ClusterSet`;
      service.report("invalid-value", service.at("scope"), detail);
    }
    return `Service ${service.text("namespace") || "(own namespace)"}/${name}${everywhere}`;
  });
}
