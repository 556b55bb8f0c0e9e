/**
 * @module Routes of gateway.networking.k8s.io: what they publish through a Gateway, and what they reach in other
 * namespaces (Gateway API 1.6, apis/v1 httproute_types.go, grpcroute_types.go; apis/v1alpha2 for the other three).
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readHosts } from "./gateway-hosts.ts";
import { foreignReference } from "./gateway-references.ts";
import type { ApiReader, CrossingReading, ObjectReading, OpeningReading, ServedResource } from "./reading.ts";

const GROUP = "gateway.networking.k8s.io";
/** Kinds of parents outside of which nothing is published: a mesh routes traffic that is inside already (GAMMA). */
const INSIDE_PARENTS: ReadonlySet<string> = new Set(["Service", "ServiceEntry"]);

/** Readers of routes that choose traffic by host name. */
const hostRoutesReader: ApiReader = {
  group: GROUP,
  kinds: ["HTTPRoute", "GRPCRoute", "TLSRoute"],
  resources: [
    resource("HTTPRoute", "httproutes", ["v1", "v1beta1"]),
    resource("GRPCRoute", "grpcroutes", ["v1", "v1alpha2"]),
    resource("TLSRoute", "tlsroutes", ["v1", "v1alpha3", "v1alpha2"]),
  ],
  read: (object) => readRoute(object, true),
};

/** Readers of routes that take whatever arrives at a listener's port. */
const portRoutesReader: ApiReader = {
  group: GROUP,
  kinds: ["TCPRoute", "UDPRoute"],
  resources: [
    resource("TCPRoute", "tcproutes", ["v1", "v1alpha2"]),
    resource("UDPRoute", "udproutes", ["v1", "v1alpha2"]),
  ],
  read: (object) => readRoute(object, false),
};

/** Readers of all routes. */
export const gatewayRouteReaders: readonly ApiReader[] = [hostRoutesReader, portRoutesReader];

function resource(kind: string, plural: string, versions: readonly string[]): ServedResource {
  return { kind, plural, versions, scope: "Namespaced", subresources: [] };
}

function readRoute(object: JsonObject, hasHosts: boolean): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const spec = root.objectOrEmpty("spec");
  const openings: OpeningReading[] = [];
  const isPublished = spec.objects("parentRefs", "none").some(isGateway);
  if (hasHosts && isPublished) {
    openings.push({
      pointer: spec.has("hostnames") ? spec.at("hostnames") : spec.pointer,
      hosts: readHosts(spec, "hostnames"),
    });
  }
  const own = metadata.text("namespace") ?? "";
  const crossings = spec
    .objects("rules", "none")
    .flatMap((rule) => backends(rule))
    .flatMap((backend): CrossingReading[] => {
      const crossing = foreignReference(backend, own, "Service");
      return crossing === undefined ? [] : [crossing];
    });
  return { family: "service", labels: metadata.textMap("labels"), openings, crossings, defects };
}

/** A parent that names no kind is a Gateway. */
function isGateway(parent: ObjectNode): boolean {
  return !INSIDE_PARENTS.has(parent.text("kind") ?? "Gateway");
}

/** Everything a rule sends traffic to: its backends, and the mirrors of the rule and of each backend. */
function backends(rule: ObjectNode): readonly ObjectNode[] {
  const named = rule.objects("backendRefs", "none");
  return [...named, ...[rule, ...named].flatMap(mirrors)];
}

function mirrors(node: ObjectNode): readonly ObjectNode[] {
  return node.objects("filters", "none").flatMap((filter) => {
    const mirror = filter.object("requestMirror")?.object("backendRef");
    return mirror === undefined ? [] : [mirror];
  });
}
