/**
 * @module Gateway and ListenerSet of gateway.networking.k8s.io: doors from outside, and whose routes may use them
 * (Gateway API 1.6, apis/v1 gateway_types.go and listenerset_types.go).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { everyLabel } from "../model/label-formula.ts";
import { nobody, peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, PeerSet } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readHost } from "./gateway-hosts.ts";
import { foreignReference } from "./gateway-references.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ApiReader, CrossingReading, ObjectReading, OpeningReading } from "./reading.ts";

const NAMESPACES_KEYS: ReadonlySet<string> = new Set(["from", "selector"]);
const ALLOWED_ROUTES_KEYS: ReadonlySet<string> = new Set(["namespaces", "kinds"]);
const ALLOWED_LISTENERS_KEYS: ReadonlySet<string> = new Set(["namespaces"]);

/** Reader of Gateways. */
export const gatewayReader: ApiReader = {
  group: "gateway.networking.k8s.io",
  kinds: ["Gateway"],
  resources: [
    { kind: "Gateway", plural: "gateways", versions: ["v1", "v1beta1"], scope: "Namespaced", subresources: [] },
  ],
  read,
};

/** Reader of ListenerSets, which add listeners to the Gateway of somebody else. */
export const listenerSetReader: ApiReader = {
  group: "gateway.networking.k8s.io",
  kinds: ["ListenerSet"],
  resources: [{ kind: "ListenerSet", plural: "listenersets", versions: ["v1"], scope: "Namespaced", subresources: [] }],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const spec = root.objectOrEmpty("spec");
  const own = metadata.text("namespace") ?? "";
  const openings: OpeningReading[] = [];
  const crossings: CrossingReading[] = [];
  for (const listener of spec.objects("listeners", "none")) {
    openings.push(readListener(listener));
    for (const certificate of listener.objectOrEmpty("tls").objects("certificateRefs", "none")) {
      const crossing = foreignReference(certificate, own, "Secret");
      if (crossing !== undefined) crossings.push(crossing);
    }
  }
  const addedListeners = spec.object("allowedListeners");
  if (addedListeners !== undefined) {
    addedListeners.checkKeys(ALLOWED_LISTENERS_KEYS, "drops");
    openings.push({
      pointer: addedListeners.pointer,
      hosts: "all",
      users: readNamespaces(addedListeners.objectOrEmpty("namespaces"), "None"),
    });
  }
  return { family: "service", labels: metadata.textMap("labels"), openings, crossings, defects };
}

function readListener(listener: ObjectNode): OpeningReading {
  const hostname = listener.text("hostname") ?? "";
  const hosts = hostname === "" ? "all" : (readHost(listener, listener.at("hostname"), hostname) ?? "some");
  const routes = listener.objectOrEmpty("allowedRoutes");
  routes.checkKeys(ALLOWED_ROUTES_KEYS, "drops");
  return { pointer: listener.pointer, hosts, users: readNamespaces(routes.objectOrEmpty("namespaces"), "Same") };
}

/** The namespaces of `from` and `selector`, as the Pods in them: widths of namespaces are widths of their Pods. */
function readNamespaces(node: ObjectNode, byDefault: "Same" | "None"): PeerSet {
  node.checkKeys(NAMESPACES_KEYS, "drops");
  const from = node.text("from") ?? byDefault;
  switch (from) {
    case "All":
      return peersOf({ pods: [{ namespaces: everyLabel, pods: everyLabel }] });
    case "Same":
      return peersOf({ pods: [{ namespaces: "own", pods: everyLabel }] });
    case "None":
      return nobody;
    case "Selector": {
      // Without a selector no namespace is selected, whatever the implementation; the API asks for one.
      const selector = node.requiredObject("selector");
      return selector === undefined
        ? nobody
        : peersOf({ pods: [{ namespaces: readLabelSelector(selector), pods: everyLabel }] });
    }
    default:
      node.report("invalid-value", node.at("from"), `unknown ${quote(from)}, known are All, Same, Selector and None`);
      return nobody;
  }
}
