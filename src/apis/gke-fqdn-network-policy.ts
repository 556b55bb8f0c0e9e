/**
 * @module FQDNNetworkPolicy of networking.gke.io: v1alpha1, which GKE enforces (gke-networking-api,
 * apis/fqdnnetworkpolicy/v1alpha1), and v1alpha2 to v1alpha4 of an older controller, which makes NetworkPolicies of them
 * (gke-fqdnnetworkpolicies-golang).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { admitsStranger, isSatisfiable } from "../model/label-formula.ts";
import { nobody, peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, Direction, NamePattern, PeerSet, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { isEveryName, isWideName, readName } from "./cilium-names.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { readPorts as readKubernetesPorts } from "./network-policy-ports.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** How a version writes its rules. */
interface Dialect {
  readonly specKeys: ReadonlySet<string>;
  readonly directions: readonly Direction[];
  readonly peersKey: (direction: Direction) => string;
  readonly readPeer: (peer: ObjectNode) => readonly NamePattern[];
  readonly readPorts: (rule: ObjectNode) => PortSet;
}

const GROUP = "networking.gke.io";
const MANAGED_VERSION = "v1alpha1";
const VERSIONS = [MANAGED_VERSION, "v1alpha2", "v1alpha3", "v1alpha4"];
const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const MATCH_KEYS: ReadonlySet<string> = new Set(["name", "pattern"]);
const PORT_KEYS: ReadonlySet<string> = new Set(["protocol", "port"]);
const PEER_KEYS: ReadonlySet<string> = new Set(["fqdns"]);
const PROTOCOLS: readonly string[] = ["TCP", "UDP", "ALL"];
const TYPES: Readonly<Record<Direction, string>> = { ingress: "Ingress", egress: "Egress" };
const HIGHEST_PORT = 65_535;

const MANAGED: Dialect = {
  specKeys: new Set(["podSelector", "egress"]),
  directions: ["egress"],
  peersKey: () => "matches",
  readPeer: readMatch,
  readPorts,
};
const GENERATING: Dialect = {
  specKeys: new Set(["podSelector", "ingress", "egress", "policyTypes"]),
  directions: ["ingress", "egress"],
  peersKey: (direction) => (direction === "ingress" ? "from" : "to"),
  readPeer: readFqdns,
  readPorts: (rule) => readKubernetesPorts(rule),
};

/** Reader of networking.gke.io FQDNNetworkPolicy. */
export const fqdnNetworkPolicyReader: ApiReader = {
  group: GROUP,
  kinds: ["FQDNNetworkPolicy"],
  resources: [
    {
      kind: "FQDNNetworkPolicy",
      plural: "fqdnnetworkpolicies",
      versions: VERSIONS,
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) =>
    readFqdnPolicy(object, object["apiVersion"] === `${GROUP}/${MANAGED_VERSION}` ? MANAGED : GENERATING),
};

function readFqdnPolicy(object: JsonObject, dialect: Dialect): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readPolicy(object, dialect), defects };
}

function readPolicy(object: JsonObject, dialect: Dialect): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  const common = { scope: "namespace", evaluation: "deny-overrides", defects } as const;
  if (spec === undefined) {
    const isolates = { ingress: false, egress: false };
    return { ...common, isolates, subject: { reach: "nobody", pointer: "/spec" }, rules: [] };
  }
  spec.checkKeys(dialect.specKeys, "drops");
  const types = spec.texts("policyTypes").map(({ value }) => value);
  const selects = (direction: Direction) => types.includes(TYPES[direction]) || spec.count(direction) > 0;
  if (dialect === MANAGED && spec.count("egress") === 0) {
    spec.report("missing-field", spec.at("egress"), '"egress" is missing or empty; the API requires a rule');
  }
  return {
    ...common,
    subject: { reach: subjectReach(spec), pointer: spec.at("podSelector") },
    isolates: { ingress: selects("ingress"), egress: selects("egress") },
    rules: dialect.directions.flatMap((direction) =>
      spec.objects(direction, "none").map((rule) => readRule(rule, direction, dialect)),
    ),
  };
}

function subjectReach(spec: ObjectNode): PolicyReading["subject"]["reach"] {
  const mark = spec.defects.length;
  const selector = spec.requiredObject("podSelector");
  if (selector === undefined) return "nobody";
  const formula = readLabelSelector(selector);
  if (admitsStranger(formula, [])) return "namespace";
  if (isSatisfiable(formula)) return "selected";
  const detail = "no set of labels satisfies this selector: the policy applies to no Pod; remove the contradiction";
  if (!spec.rejectedSince(mark)) spec.report("matches-nothing", selector.pointer, detail);
  return "nobody";
}

function readRule(rule: ObjectNode, direction: Direction, dialect: Dialect): TrafficRule {
  const key = dialect.peersKey(direction);
  rule.checkKeys(new Set([key, "ports"]), "widens");
  if (rule.count(key) === 0) {
    rule.report("missing-field", rule.at(key), `${quote(key)} is missing or empty; the API requires a name`);
  }
  const names = rule.objects(key, "none").flatMap((peer) => dialect.readPeer(peer));
  return {
    pointer: rule.pointer,
    direction,
    action: "allow",
    peers: peersByName(names),
    peersPointer: rule.at(key),
    ports: dialect.readPorts(rule),
    portsPointer: rule.has("ports") ? rule.at("ports") : rule.pointer,
    operations: "all",
    staged: false,
  };
}

/** A name that anybody can register under is one whose owner can't be seen. */
function peersByName(names: readonly NamePattern[]): PeerSet {
  if (names.length === 0) return nobody;
  const wide = names.filter((name) => isWideName(name) && !isEveryName(name));
  return peersOf({ names, unresolved: wide.map((name) => `whoever has a name like ${name}`) });
}

/** A name, or a pattern in which `*` is some characters of a label, and alone every name. */
function readMatch(match: ObjectNode): readonly NamePattern[] {
  match.checkKeys(MATCH_KEYS, "none");
  const [name, pattern] = [match.text("name"), match.text("pattern")];
  if (match.has("name") && match.has("pattern")) {
    match.report("conflicting-fields", match.pointer, '"name" excludes "pattern"; make it two matches');
    return [];
  }
  if (!name && !pattern) {
    match.report("missing-field", match.pointer, '"name" or "pattern" is required');
    return [];
  }
  const read = pattern
    ? readName(match, match.at("pattern"), pattern, "*")
    : readName(match, match.at("name"), name ?? "", "");
  return read === undefined ? [] : [read];
}

/** Whole names: the older controller looks each of them up. */
function readFqdns(peer: ObjectNode): readonly NamePattern[] {
  peer.checkKeys(PEER_KEYS, "widens");
  if (peer.count("fqdns") === 0) {
    peer.report("missing-field", peer.at("fqdns"), '"fqdns" is missing or empty; the API requires a name');
  }
  return peer.texts("fqdns").flatMap(({ value, pointer }) => readName(peer, pointer, value, "") ?? []);
}

/** Ports of any protocol where none is named. */
function readPorts(rule: ObjectNode): PortSet {
  const list = rule.list("ports");
  if (list === undefined) return rule.has("ports") ? PortSet.nothing : PortSet.everything;
  if (list.length === 0) return PortSet.everything;
  return PortSet.unionOf([PortSet.nothing, ...rule.objects("ports", "widens").map(readPort)]);
}

function readPort(entry: ObjectNode): PortSet {
  const mark = entry.defects.length;
  entry.checkKeys(PORT_KEYS, "widens");
  const protocol = entry.text("protocol") || "ALL";
  const port = entry.integer("port");
  if (!PROTOCOLS.includes(protocol)) {
    const detail = `unknown protocol ${quote(protocol)}, known are ${PROTOCOLS.join(", ")}`;
    entry.report("invalid-value", entry.at("protocol"), detail);
  }
  if (port !== undefined && (port < 1 || port > HIGHEST_PORT)) {
    entry.report("invalid-value", entry.at("port"), `a port is a number from 1 to ${HIGHEST_PORT}, not ${port}`);
  }
  if (entry.rejectedSince(mark)) return PortSet.nothing;
  if (protocol === "ALL") return port === undefined ? PortSet.everything : PortSet.portOfAnyProtocol(port, port);
  return port === undefined ? PortSet.protocol(protocol) : PortSet.range(protocol, port, port);
}
