/**
 * @module EgressFirewall of OVN-Kubernetes (k8s.ovn.org/v1) and EgressNetworkPolicy of OpenShift before it
 * (network.openshift.io/v1): what Pods of a namespace may reach outside of the cluster. The first match decides, and what
 * nothing matches is allowed (ovn-kubernetes, dist/templates/k8s.ovn.org_egressfirewalls.yaml.j2).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { AddressSet, parseCidr } from "../model/address-set.ts";
import { noLabel } from "../model/label-formula.ts";
import { nobody, peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, PeerSet, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { isWideName } from "./cilium-names.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** What the kinds differ in. */
interface Dialect {
  readonly ruleKeys: ReadonlySet<string>;
  readonly targetKeys: ReadonlySet<string>;
  /** The only name that an object of this kind may have. */
  readonly onlyName?: string;
}

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["egress"]);
const PORT_KEYS: ReadonlySet<string> = new Set(["protocol", "port"]);
// The CRD's patterns for these words have anchors for the first and the last one only; other words do nothing good.
const TYPES: readonly string[] = ["Allow", "Deny"];
const PROTOCOLS: readonly string[] = ["TCP", "UDP", "SCTP"];
const HIGHEST_PORT = 65_535;
const NAME = /^(?:\*\.)?(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]+\.?$/;

const EGRESS_FIREWALL: Dialect = {
  ruleKeys: new Set(["type", "to", "ports"]),
  targetKeys: new Set(["cidrSelector", "dnsName", "nodeSelector"]),
  onlyName: "default",
};
const EGRESS_NETWORK_POLICY: Dialect = {
  ruleKeys: new Set(["type", "to"]),
  targetKeys: new Set(["cidrSelector", "dnsName"]),
};

/** Readers of both kinds. */
export const egressFirewallReaders: readonly ApiReader[] = [
  readerOf("k8s.ovn.org", "EgressFirewall", "egressfirewalls", EGRESS_FIREWALL),
  readerOf("network.openshift.io", "EgressNetworkPolicy", "egressnetworkpolicies", EGRESS_NETWORK_POLICY),
];

function readerOf(group: string, kind: string, plural: string, dialect: Dialect): ApiReader {
  return {
    group,
    kinds: [kind],
    resources: [{ kind, plural, versions: ["v1"], scope: "Namespaced", subresources: [] }],
    read: (object) => readFirewall(object, dialect),
  };
}

function readFirewall(object: JsonObject, dialect: Dialect): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const name = metadata.text("name");
  if (dialect.onlyName !== undefined && name !== undefined && name !== dialect.onlyName) {
    const detail = `a namespace has one object of this kind, named ${quote(dialect.onlyName)}; ${quote(name)} is refused`;
    metadata.report("invalid-value", metadata.at("name"), detail);
  }
  return { family: "network", labels, policy: readPolicy(object, dialect), defects };
}

function readPolicy(object: JsonObject, dialect: Dialect): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  spec?.checkKeys(SPEC_KEYS, "drops");
  if (spec !== undefined && !spec.has("egress")) {
    spec.report("missing-field", spec.at("egress"), '"egress" is missing; the API requires it');
  }
  const rules = spec?.objects("egress", "none").flatMap((rule) => readRule(rule, dialect)) ?? [];
  const isClosed = spec !== undefined && checkEnd(spec, rules);
  return {
    scope: "namespace",
    subject: { reach: "namespace", pointer: "/metadata/namespace" },
    isolates: { ingress: false, egress: isClosed },
    evaluation: "first-match",
    rules,
    defects,
  };
}

function readRule(rule: ObjectNode, dialect: Dialect): readonly TrafficRule[] {
  const type = readWord(rule, "type", TYPES);
  rule.checkKeys(dialect.ruleKeys, type === "Deny" ? "none" : "widens");
  const target = rule.requiredObject("to");
  const peers = target === undefined ? nobody : readTarget(target, dialect);
  const ports = readPorts(rule);
  if (type === undefined) return [];
  return [
    {
      pointer: rule.pointer,
      direction: "egress",
      action: type === "Allow" ? "allow" : "deny",
      peers,
      peersPointer: rule.at("to"),
      ports,
      portsPointer: rule.has("ports") ? rule.at("ports") : rule.pointer,
      operations: "all",
      staged: false,
    },
  ];
}

/** One of a few words; undefined for what is none, which is a defect. */
function readWord(node: ObjectNode, key: string, known: readonly string[]): string | undefined {
  const written = node.requiredText(key);
  if (written === undefined || known.includes(written)) return written;
  node.report("invalid-value", node.at(key), `unknown ${key} ${quote(written)}, known are ${known.join(", ")}`);
  return undefined;
}

/** What a rule is about. What is in the cluster it never is, nodes aside. */
function readTarget(target: ObjectNode, { targetKeys }: Dialect): PeerSet {
  const mark = target.defects.length;
  target.checkKeys(targetKeys, "widens");
  const written = [...targetKeys].filter((key) => target.has(key));
  const choice = [...targetKeys].join(" or ");
  if (written.length === 0) target.report("missing-field", target.pointer, `${choice} is required`);
  if (written.length > 1)
    target.report("conflicting-fields", target.pointer, `${choice}, not several; make it two rules`);
  const cidr = target.text("cidrSelector");
  const name = target.text("dnsName");
  const nodes = target.object("nodeSelector");
  const addresses = cidr === undefined ? AddressSet.nothing : readCidr(target, cidr);
  const named = name === undefined ? nobody : readName(target, name);
  const hasNodes = nodes !== undefined && readLabelSelector(nodes) !== noLabel;
  if (target.rejectedSince(mark)) return nobody;
  if (hasNodes) return peersOf({ entities: ["nodes"] });
  return name === undefined ? peersOf({ addresses, addressesReachPods: false }) : named;
}

function readCidr(target: ObjectNode, text: string): AddressSet {
  const cidr = parseCidr(text);
  const pointer = target.at("cidrSelector");
  if (cidr === undefined || cidr.notes.includes("leading-zeros")) {
    target.report("invalid-value", pointer, `${quote(text)} is no CIDR such as 10.9.8.0/24 or 2001:db8::/64`);
    return AddressSet.nothing;
  }
  if (cidr.notes.includes("ipv4-mapped")) {
    target.report("ambiguous-address", pointer, `${quote(text)} is IPv4 written as IPv6; write it as IPv4`);
  }
  return cidr.set;
}

/** A name, or `*.` and one label less. */
function readName(target: ObjectNode, text: string): PeerSet {
  if (!NAME.test(text)) {
    const detail = `${quote(text)} is no domain name such as example.com or *.example.com`;
    target.report("invalid-value", target.at("dnsName"), detail);
    return nobody;
  }
  const lower = text.toLowerCase();
  const name = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  return peersOf({ names: [name], unresolved: isWideName(name) ? [`whoever has a name like ${name}`] : [] });
}

function readPorts(rule: ObjectNode): PortSet {
  const list = rule.list("ports");
  if (list === undefined) return rule.has("ports") ? PortSet.nothing : PortSet.everything;
  if (list.length === 0) return PortSet.everything;
  return PortSet.unionOf([PortSet.nothing, ...rule.objects("ports", "none").map(readPort)]);
}

function readPort(entry: ObjectNode): PortSet {
  entry.checkKeys(PORT_KEYS, "widens");
  const protocol = readWord(entry, "protocol", PROTOCOLS);
  if (!entry.has("port")) entry.report("missing-field", entry.at("port"), '"port" is missing; the API requires it');
  const port = entry.integer("port");
  if (port === undefined || protocol === undefined) return PortSet.nothing;
  if (port >= 1 && port <= HIGHEST_PORT) return PortSet.range(protocol, port, port);
  entry.report("invalid-value", entry.at("port"), `a port is a number from 1 to ${HIGHEST_PORT}, not ${port}`);
  return PortSet.nothing;
}

/** Whether nothing is left that no rule matches; the open end is noted. IPv6 counts where the policy names it. */
function checkEnd(spec: ObjectNode, rules: readonly TrafficRule[]): boolean {
  const onEveryPort = rules.filter(({ ports }) => ports.equals(PortSet.everything));
  const matched = AddressSet.unionOf(onEveryPort.map(({ peers }) => peers.addresses));
  const named = AddressSet.unionOf(rules.map(({ peers }) => peers.addresses));
  const rest = AddressSet.everything.subtract(matched);
  const isOpen = rest.size(4) > 0n || (named.size(6) > 0n && rest.size(6) > 0n);
  if (isOpen) {
    const detail =
      "what no rule matches is allowed: end with {type: Deny, to: {cidrSelector: 0.0.0.0/0}}, and ::/0 where IPv6 is in use";
    spec.report("no-isolation", spec.at("egress"), detail);
  }
  return !isOpen && rules.some(({ action }) => action === "deny");
}
