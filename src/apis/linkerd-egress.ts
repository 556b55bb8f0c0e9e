/**
 * @module What Linkerd says about traffic to the outside: EgressNetwork, and its own HTTPRoute where it is attached to one
 * (linkerd2, policy-controller/k8s/index/src/outbound and grpc/src/outbound.rs).
 */
import { AddressSet } from "../model/address-set.ts";
import { peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, TrafficRule } from "../model/traffic.ts";
import { isWideName } from "./cilium-names.ts";
import type { ObjectNode } from "./fields.ts";
import { CLUSTER_NETWORKS, readNetworks } from "./linkerd-networks.ts";
import { ingressRule, LINKERD_GROUP, type LinkerdPlace, type SpecReading } from "./linkerd-object.ts";

const EGRESS_KEYS: ReadonlySet<string> = new Set(["trafficPolicy", "networks"]);
const TRAFFIC_POLICIES: readonly string[] = ["Allow", "Deny"];
/** Objects in here are for every namespace that has none of its own. */
const GLOBAL_NAMESPACE = "linkerd-egress";
const OUTSIDE = AddressSet.everything.subtract(CLUSTER_NETWORKS);
const ROUTE_KEYS: ReadonlySet<string> = new Set(["parentRefs", "hostnames", "rules"]);
const WILDCARD = "*.";

/**
 * Reads an EgressNetwork. Once a namespace has one, those for all namespaces are no longer asked, and what no EgressNetwork
 * names is let through.
 */
export function readEgressNetwork(spec: ObjectNode, { namespace }: LinkerdPlace): SpecReading {
  spec.checkKeys(EGRESS_KEYS, "none");
  const mark = spec.defects.length;
  const action = readTrafficPolicy(spec);
  const hasNetworks = spec.has("networks");
  if (hasNetworks && spec.count("networks") === 0) {
    spec.report("missing-field", spec.at("networks"), '"networks" is empty; remove it, or name at least one');
  }
  const addresses = hasNetworks ? readNetworks(spec, "networks") : OUTSIDE;
  const isGlobal = namespace === GLOBAL_NAMESPACE;
  const subject = { reach: isGlobal ? "cluster" : "namespace", pointer: spec.pointer } as const;
  const scope = isGlobal ? "mesh" : "namespace";
  if (action === undefined || spec.rejectedSince(mark)) return { scope, subject, rules: [] };
  const rest = OUTSIDE.subtract(addresses);
  const pointer = spec.at(hasNetworks ? "networks" : "trafficPolicy");
  const written = egressRule(spec.at("trafficPolicy"), action, addresses, pointer);
  return {
    scope,
    subject,
    isolates: { ingress: false, egress: action === "deny" && rest.isEmpty() },
    rules: rest.isEmpty() ? [written] : [written, egressRule(pointer, "allow", rest, pointer)],
  };
}

function readTrafficPolicy(spec: ObjectNode): "allow" | "deny" | undefined {
  const written = spec.requiredText("trafficPolicy");
  if (written === undefined) return undefined;
  if (TRAFFIC_POLICIES.includes(written)) return written === "Allow" ? "allow" : "deny";
  const detail = `unknown traffic policy ${quote(written)}, known are ${TRAFFIC_POLICIES.join(", ")}`;
  spec.report("invalid-value", spec.at("trafficPolicy"), detail);
  return undefined;
}

function egressRule(
  pointer: string,
  action: TrafficRule["action"],
  addresses: AddressSet,
  peersPointer: string,
): TrafficRule {
  // What is in the cluster is found as a Service first, and is no matter of an EgressNetwork.
  const peers = peersOf({ addresses, addressesReachPods: false });
  return { ...ingressRule(pointer, peers, { peersPointer }), direction: "egress", action };
}

/** Reads Linkerd's own HTTPRoute: on an EgressNetwork it lets requests out; elsewhere it allows nothing. */
export function readHttpRoute(spec: ObjectNode, place: LinkerdPlace): SpecReading {
  spec.checkKeys(ROUTE_KEYS, "none");
  const names = readHostnames(spec);
  const routes = spec.objects("rules", "none");
  const isWhole = spec.count("rules") === 0 || routes.some(matchesEverything);
  const rules = spec.objects("parentRefs", "none").flatMap((parent) => {
    const group = parent.text("group") ?? LINKERD_GROUP;
    if (parent.text("kind") !== "EgressNetwork" || group !== LINKERD_GROUP) return [];
    const peers = names ?? unseenNetwork(parent, place);
    return [
      {
        ...ingressRule(parent.pointer, peers, { operations: isWhole ? "all" : "some" }),
        direction: "egress" as const,
        ports: readPort(parent),
        portsPointer: parent.at("port"),
      },
    ];
  });
  return { subject: { reach: "namespace", pointer: spec.at("parentRefs") }, rules };
}

function unseenNetwork(parent: ObjectNode, { namespace }: LinkerdPlace): PeerSet {
  const where = parent.text("namespace") || namespace || "(own namespace)";
  return peersOf({ unresolved: [`EgressNetwork ${where}/${parent.text("name") ?? ""}`] });
}

function readPort(parent: ObjectNode): PortSet {
  const port = parent.integer("port");
  if (port !== undefined) return PortSet.range("TCP", port, port);
  parent.report("missing-field", parent.at("port"), '"port" is missing; Linkerd requires it for an EgressNetwork');
  return PortSet.protocol("TCP");
}

/** Names of hosts; undefined where the route is for every one. `*.` is any number of labels. */
function readHostnames(spec: ObjectNode): PeerSet | undefined {
  const written = spec.texts("hostnames").map(({ value }) => value.toLowerCase());
  if (written.length === 0) return undefined;
  const names = written.map((name) => (name.startsWith(WILDCARD) ? `**.${name.slice(WILDCARD.length)}` : name));
  return peersOf({ names, unresolved: names.filter(isWideName).map((name) => `whoever has a name like ${name}`) });
}

function matchesEverything(rule: ObjectNode): boolean {
  const matches = rule.objects("matches", "widens");
  return (
    matches.length === 0 || matches.some((match) => Object.keys(match.value).every((key) => isEveryPath(match, key)))
  );
}

function isEveryPath(match: ObjectNode, key: string): boolean {
  const path = match.value[key];
  if (key !== "path" || typeof path !== "object" || path === null || Array.isArray(path)) return false;
  const { type = "PathPrefix", value = "/" } = path as { type?: unknown; value?: unknown };
  return type === "PathPrefix" && (value === "/" || value === "");
}
