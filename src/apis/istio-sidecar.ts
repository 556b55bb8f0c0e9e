/**
 * @module Sidecar of networking.istio.io: which services of the registry the proxies of a namespace know, and what
 * becomes of traffic to all other destinations (Istio 1.31, pilot/pkg/model/sidecar.go).
 *
 * The proxies know the services' own ports only, so what hosts allow is `some` operations.
 */
import { everyLabel } from "../model/label-formula.ts";
import { everyone, nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, PodTerm, PolicyReading, TrafficRule } from "../model/traffic.ts";
import type { ObjectNode, TextElement } from "./fields.ts";
import { isEveryService, peersOfHost, readHost } from "./istio-hosts.ts";
import { type IstioObject, istioReader } from "./istio-objects.ts";
import type { ApiReader } from "./reading.ts";

const SPEC_KEYS: ReadonlySet<string> = new Set([
  "workloadSelector",
  "ingress",
  "egress",
  "inboundConnectionPool",
  "outboundTrafficPolicy",
]);
const SELECTOR_KEYS: ReadonlySet<string> = new Set(["labels"]);
const EGRESS_KEYS: ReadonlySet<string> = new Set(["port", "bind", "captureMode", "hosts"]);
const OUTBOUND_KEYS: ReadonlySet<string> = new Set(["mode", "egressProxy"]);
/** The first is what a policy without a mode has. */
const OUTBOUND_MODES: readonly string[] = ["REGISTRY_ONLY", "ALLOW_ANY"];
const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Reader of Sidecars. */
export const sidecarReader: ApiReader = istioReader(
  {
    group: "networking.istio.io",
    kind: "Sidecar",
    plural: "sidecars",
    versions: ["v1", "v1beta1", "v1alpha3"],
  },
  readSidecar,
);

function readSidecar({ spec, isRoot }: IstioObject): Omit<PolicyReading, "defects"> {
  spec.checkKeys(SPEC_KEYS, "drops");
  const selector = spec.object("workloadSelector");
  selector?.checkKeys(SELECTOR_KEYS, "drops");
  const isSelected = Object.keys(selector?.textMap("labels") ?? {}).length > 0;
  const rules = spec.objects("egress", "none").map(readListener);
  const anywhere = readOutboundPolicy(spec);
  return {
    scope: isRoot ? "mesh" : "namespace",
    subject: {
      reach: isSelected ? "selected" : isRoot ? "cluster" : "namespace",
      pointer: spec.at("workloadSelector"),
    },
    // Istio's own words: best effort, no boundary. Nothing keeps a process from going around the proxy.
    isolates: { ingress: false, egress: false },
    evaluation: "deny-overrides",
    rules: anywhere === undefined ? rules : [...rules, anywhere],
  };
}

function readListener(listener: ObjectNode): TrafficRule {
  listener.checkKeys(EGRESS_KEYS, "drops");
  if (listener.count("hosts") === 0) {
    listener.report("missing-field", listener.at("hosts"), '"hosts" is missing or empty; the API requires it');
  }
  const peers = unionOfPeers(listener.texts("hosts").map((host) => readServices(listener, host)));
  return rule(listener.pointer, peers, listener.at("hosts"), "some");
}

function rule(
  pointer: string,
  peers: PeerSet,
  peersPointer: string,
  operations: TrafficRule["operations"],
): TrafficRule {
  return {
    pointer,
    direction: "egress",
    action: "allow",
    peers,
    peersPointer,
    ports: PortSet.protocol("TCP"),
    portsPointer: pointer,
    operations,
    staged: false,
  };
}

/** The services of one `NAMESPACE/HOST`: `*` is every namespace, `.` the own one, `~` none. */
function readServices(listener: ObjectNode, { value, pointer }: TextElement): PeerSet {
  const slash = value.indexOf("/");
  if (slash === -1) {
    listener.report(
      "invalid-value",
      pointer,
      `${quote(value)} names no namespace; write it as */HOST, ./HOST or NAMESPACE/HOST`,
    );
    return nobody;
  }
  const namespace = value.slice(0, slash);
  if (namespace.startsWith("~")) return nobody;
  const host = readHost(listener, pointer, value.slice(slash + 1));
  if (host === undefined) return nobody;
  if (!isEveryService(host)) return peersOfHost(host);
  return peersOf({ pods: [{ namespaces: namespacesOf(namespace), pods: everyLabel }] });
}

function namespacesOf(namespace: string): PodTerm["namespaces"] {
  if (namespace === ".") return "own";
  if (namespace === "*") return everyLabel;
  return { all: [{ key: NAMESPACE_NAME, operator: "In", values: [namespace] }] };
}

/** What is allowed beside the registry: nothing, unless the policy says ALLOW_ANY. Without one the mesh's counts. */
function readOutboundPolicy(spec: ObjectNode): TrafficRule | undefined {
  const policy = spec.object("outboundTrafficPolicy");
  policy?.checkKeys(OUTBOUND_KEYS, "drops");
  const mode = policy?.text("mode");
  if (policy === undefined || mode === undefined) return undefined;
  if (!OUTBOUND_MODES.includes(mode)) {
    const detail = `unknown mode ${quote(mode)}, known are ${OUTBOUND_MODES.join(", ")}`;
    policy.report("invalid-value", policy.at("mode"), detail);
    return undefined;
  }
  return mode === "ALLOW_ANY" ? rule(policy.pointer, everyone, policy.at("mode"), "all") : undefined;
}
