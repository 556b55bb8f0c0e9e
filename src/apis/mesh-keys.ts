/**
 * @module Labels and annotations by which a Pod, a Namespace or a Service leaves the mesh or the CNI's policies, or
 * changes what they enforce. Sources: Istio 1.31 (pkg/kube/inject, cni/pkg/plugin, files/injection-template.yaml),
 * Linkerd edge 2026-08 (pkg/inject, pkg/k8s/labels.go, policy-controller), Cilium 1.19 (pkg/annotation), Calico 3.30
 * (docs, annotations of its IPAM), Multus 4 (docs).
 *
 * Every Pod comes through here: one look-up in a map for each key that it has, and no regular expression.
 */
import { quote } from "../model/quote.ts";
import { pointerInto } from "./fields.ts";
import type { MeshSetting, MeshSettingName } from "./mesh-setting.ts";

type Texts = Readonly<Record<string, string>>;

/** What a key does. */
interface Effect {
  readonly setting: MeshSettingName;
  /** Goes on where the quoted value ends. */
  readonly words: string;
}

/** What a key does with a value; undefined where that changes nothing. */
type MeshKey = (value: string) => Effect | undefined;

/** Keys by their name. */
export type MeshKeys = ReadonlyMap<string, MeshKey>;

/** What Go's `strconv.ParseBool` takes for false, and no value at all. */
const FALSE_WORDS: readonly string[] = ["", "0", "f", "F", "FALSE", "false", "False"];
/** The sidecar's own ports: telemetry, health and statistics. The injector writes them on every Pod where it uses CNI. */
const ISTIO_OWN_PORTS: ReadonlySet<string> = new Set(["", "15020", "15021", "15090"]);
/** What Linkerd's chart leaves to Galera and its like. */
const LINKERD_SKIPPED_PORTS: ReadonlySet<string> = new Set(["", "4567", "4568"]);
/** What Linkerd's chart takes for no HTTP: mail, databases, caches, search. */
const LINKERD_OPAQUE_PORTS: ReadonlySet<string> = new Set([
  "",
  "25",
  "587",
  "3306",
  "4444",
  "5432",
  "6379",
  "9300",
  "11211",
]);

const AROUND_THE_PROXY = "leads traffic around the proxy of the mesh and its policies";
const NO_SIDECAR = "keeps the proxy of the mesh out, and with it mutual TLS and every policy of the mesh";
const OTHER_PROXY = "replaces or reconfigures the proxy that enforces the policies of the mesh";
const OWN_ADDRESS = "chooses the address, which may be one that somebody's policy allows";

function always(setting: MeshSettingName, words: string): MeshKey {
  const effect = { setting, words };
  return () => effect;
}

function unless(harmless: readonly string[], setting: MeshSettingName, words: string): MeshKey {
  const effect = { setting, words };
  return (value) => (harmless.includes(value) ? undefined : effect);
}

function only(harmful: readonly string[], setting: MeshSettingName, words: string): MeshKey {
  const effect = { setting, words };
  return (value) => (harmful.includes(value) ? effect : undefined);
}

function portsBeyond(harmless: ReadonlySet<string>, setting: MeshSettingName, words: string): MeshKey {
  const effect = { setting, words };
  return (value) => (value.split(",").every((port) => harmless.has(port.trim())) ? undefined : effect);
}

function whereTrue(setting: MeshSettingName, words: string): MeshKey {
  return unless(FALSE_WORDS, setting, words);
}

function whereFalse(setting: MeshSettingName, words: string): MeshKey {
  return only(FALSE_WORDS, setting, words);
}

const ANY_IDENTITY: Effect = {
  setting: "any-mesh-identity",
  words: "lets in whoever has any identity of the mesh",
};
const NO_IDENTITY: Effect = {
  setting: "unauthenticated-inbound",
  words: "lets in clients without an identity, in plaintext too",
};
const NO_INBOUND_POLICY: Effect = {
  setting: "unauthenticated-inbound",
  words: "is no policy that Linkerd knows; it falls back to its default, which lets in everyone",
};

const ADDRESS_KEYS: readonly (readonly [string, MeshKey])[] = [
  "ipam.cilium.io/ip-pool",
  "ipam.cilium.io/ipv4-pool",
  "ipam.cilium.io/ipv6-pool",
  "cni.projectcalico.org/ipAddrs",
  "cni.projectcalico.org/ipAddrsNoIpam",
  "cni.projectcalico.org/ipv4pools",
  "cni.projectcalico.org/ipv6pools",
  "cni.projectcalico.org/floatingIPs",
].map((key) => [key, always("address-chosen", OWN_ADDRESS)] as const);

const NO_WAYPOINT = only(["none"], "waypoint-off", "takes traffic past the waypoint, which enforces layer 7 policy");
const FOREIGN_WAYPOINT = always("waypoint-foreign", "lets the waypoint of another namespace enforce the policies");
const NOT_AMBIENT = unless(["ambient"], "ambient-off", "takes it out of the ambient mesh and past all of its policies");

const WAYPOINT_KEYS = [
  ["istio.io/use-waypoint", NO_WAYPOINT],
  ["istio.io/use-waypoint-namespace", FOREIGN_WAYPOINT],
] as const;

/** Linkerd's words for what a port without a Server lets in (policy-controller/core, DefaultPolicy). */
const INBOUND_POLICIES: ReadonlyMap<string, Effect | undefined> = new Map([
  ["deny", undefined],
  ["all-authenticated", ANY_IDENTITY],
  ["cluster-authenticated", ANY_IDENTITY],
  ["all-unauthenticated", NO_IDENTITY],
  ["cluster-unauthenticated", NO_IDENTITY],
  ["audit", NO_IDENTITY],
]);

function defaultInbound(value: string): Effect | undefined {
  return INBOUND_POLICIES.has(value) ? INBOUND_POLICIES.get(value) : NO_INBOUND_POLICY;
}

/** Read from Pods; of a Namespace, the injector copies them to its Pods. */
const LINKERD_KEYS: readonly (readonly [string, MeshKey])[] = [
  ["config.linkerd.io/default-inbound-policy", defaultInbound],
  ["linkerd.io/inject", unless(["enabled", "ingress", ""], "injection-off", NO_SIDECAR)],
  ["config.linkerd.io/skip-inbound-ports", portsBeyond(LINKERD_SKIPPED_PORTS, "traffic-excluded", AROUND_THE_PROXY)],
  ["config.linkerd.io/skip-outbound-ports", portsBeyond(LINKERD_SKIPPED_PORTS, "traffic-excluded", AROUND_THE_PROXY)],
  ["config.linkerd.io/skip-subnets", unless([""], "traffic-excluded", AROUND_THE_PROXY)],
  ["config.linkerd.io/proxy-additional-env", always("proxy-replaced", OTHER_PROXY)],
  ["config.linkerd.io/proxy-image", always("proxy-replaced", OTHER_PROXY)],
  ["config.linkerd.io/proxy-uid", always("proxy-replaced", OTHER_PROXY)],
  ["config.linkerd.io/debug-image", always("proxy-replaced", OTHER_PROXY)],
  ["config.linkerd.io/proxy-version", always("proxy-changed", "chooses another release of the mesh's proxy")],
  ["config.linkerd.io/enable-debug-sidecar", whereTrue("proxy-changed", "adds a container that sees all traffic")],
  [
    "config.linkerd.io/disable-identity",
    whereTrue("identity-disabled", "switches identity off, and mutual TLS with it"),
  ],
  [
    "config.linkerd.io/opaque-ports",
    portsBeyond(LINKERD_OPAQUE_PORTS, "protocol-opaque", "hides HTTP from the policies of routes on these ports"),
  ],
];

/** Labels of Pods. */
export const POD_LABELS: MeshKeys = new Map<string, MeshKey>([
  ["sidecar.istio.io/inject", unless(["true"], "injection-off", NO_SIDECAR)],
  ["istio.io/dataplane-mode", NOT_AMBIENT],
  ["istio.io/rev", always("revision-chosen", "gives the Pod to a control plane of its own choice")],
  [
    "security.istio.io/tlsMode",
    unless(["istio"], "endpoint-without-mtls", "tells clients to send plaintext to this Pod"),
  ],
  ...WAYPOINT_KEYS,
  ["linkerd.io/control-plane-component", always("injection-off", NO_SIDECAR)],
  ["linkerd.io/cni-resource", always("injection-off", NO_SIDECAR)],
]);

/** Annotations of Pods. `sidecar.istio.io/inject` counts where the label of the same name is absent. */
export const POD_ANNOTATIONS: MeshKeys = new Map<string, MeshKey>([
  ["sidecar.istio.io/inject", unless(["true"], "injection-off", NO_SIDECAR)],
  ["inject.istio.io/templates", unless(["sidecar"], "proxy-replaced", OTHER_PROXY)],
  ["sidecar.istio.io/interceptionMode", unless(["REDIRECT", "TPROXY"], "traffic-excluded", AROUND_THE_PROXY)],
  ["traffic.sidecar.istio.io/excludeInboundPorts", portsBeyond(ISTIO_OWN_PORTS, "traffic-excluded", AROUND_THE_PROXY)],
  ["traffic.sidecar.istio.io/excludeOutboundPorts", portsBeyond(ISTIO_OWN_PORTS, "traffic-excluded", AROUND_THE_PROXY)],
  ["traffic.sidecar.istio.io/excludeOutboundIPRanges", unless([""], "traffic-excluded", AROUND_THE_PROXY)],
  ["traffic.sidecar.istio.io/excludeInterfaces", unless([""], "traffic-excluded", AROUND_THE_PROXY)],
  [
    "traffic.sidecar.istio.io/includeInboundPorts",
    unless(["*"], "traffic-excluded", "leads all other ports around the proxy of the mesh"),
  ],
  [
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    unless(["*"], "traffic-excluded", "leads traffic to all other addresses around the proxy of the mesh"),
  ],
  [
    "traffic.sidecar.istio.io/kubevirtInterfaces",
    unless([""], "capture-changed", "changes which interfaces the mesh sees"),
  ],
  ["istio.io/reroute-virtual-interfaces", unless([""], "capture-changed", "changes which interfaces the mesh sees")],
  ["sidecar.istio.io/proxyImage", always("proxy-replaced", OTHER_PROXY)],
  ["sidecar.istio.io/bootstrapOverride", always("proxy-replaced", OTHER_PROXY)],
  ["sidecar.istio.io/userVolume", always("proxy-replaced", OTHER_PROXY)],
  ["sidecar.istio.io/userVolumeMount", always("proxy-replaced", OTHER_PROXY)],
  ["proxy.istio.io/config", always("proxy-replaced", OTHER_PROXY)],
  ["proxy.istio.io/overrides", always("proxy-replaced", OTHER_PROXY)],
  [
    "ambient.istio.io/bypass-inbound-capture",
    whereTrue("ambient-off", "lets incoming traffic pass by the ambient mesh"),
  ],
  [
    "ambient.istio.io/redirection",
    always("status-forged", "is for Istio's CNI alone to write; by hand it misleads the mesh about this Pod"),
  ],
  [
    "ambient.istio.io/dns-capture",
    whereFalse("capture-changed", "hides DNS from the mesh, so entries for the outside are not enforced"),
  ],
  ...LINKERD_KEYS,
  ["policy.cilium.io/no-track-port", always("conntrack-skipped", "takes a port past connection tracking")],
  ["io.cilium.no-track-port", always("conntrack-skipped", "takes a port past connection tracking")],
  ["network.cilium.io/no-track-host-ports", always("conntrack-skipped", "takes a port past connection tracking")],
  [
    "config.cilium.io/disable-source-ip-verification",
    whereTrue("address-unchecked", "lets the Pod send from addresses that are not its own"),
  ],
  [
    "k8s.v1.cni.cncf.io/networks",
    unless([""], "extra-network", "adds an interface that the network policies of the cluster don't see"),
  ],
  [
    "v1.multus-cni.io/default-network",
    unless([""], "extra-network", "replaces the network on which the policies of the cluster are enforced"),
  ],
  ...ADDRESS_KEYS,
]);

/** Labels of Namespaces. */
export const NAMESPACE_LABELS: MeshKeys = new Map<string, MeshKey>([
  ["istio-injection", unless(["enabled"], "injection-off", NO_SIDECAR)],
  ["istio.io/dataplane-mode", NOT_AMBIENT],
  ...WAYPOINT_KEYS,
  ["config.linkerd.io/admission-webhooks", only(["disabled"], "injection-off", NO_SIDECAR)],
]);

/** Annotations of Namespaces. */
export const NAMESPACE_ANNOTATIONS: MeshKeys = new Map<string, MeshKey>([
  ...LINKERD_KEYS,
  [
    "config.cilium.io/delegate-source-ip-verification",
    whereTrue("address-unchecked", "lets Pods send from addresses that are not their own"),
  ],
  ...ADDRESS_KEYS,
]);

/** Labels of Services, and of Istio's ServiceEntries. */
export const SERVICE_LABELS: MeshKeys = new Map<string, MeshKey>(WAYPOINT_KEYS);

/** Annotations of Services. */
export const SERVICE_ANNOTATIONS: MeshKeys = new Map<string, MeshKey>([
  [
    "service.cilium.io/src-ranges-policy",
    only(
      ["deny"],
      "source-ranges-inverted",
      "turns loadBalancerSourceRanges into a list of those who are refused: everybody else is let in",
    ),
  ],
  [
    "service.cilium.io/global",
    whereTrue("shared-with-clusters", "shares the Service with the other clusters of the mesh"),
  ],
  [
    "service.cilium.io/shared",
    whereTrue("shared-with-clusters", "shares the Service with the other clusters of the mesh"),
  ],
  [
    "io.cilium/global-service",
    whereTrue("shared-with-clusters", "shares the Service with the other clusters of the mesh"),
  ],
  [
    "io.cilium/shared-service",
    whereTrue("shared-with-clusters", "shares the Service with the other clusters of the mesh"),
  ],
]);

/**
 * Adds what the labels or annotations of an object set.
 * @param found where the settings go; undefined until there is one
 * @param pointer JSON Pointer of the map
 * @returns `found`, or the list that was made for the first setting
 */
export function addMeshKeys(
  found: MeshSetting[] | undefined,
  texts: Texts,
  keys: MeshKeys,
  pointer: string,
): MeshSetting[] | undefined {
  let settings = found;
  for (const name of Object.keys(texts)) {
    const key = keys.get(name);
    if (key === undefined) continue;
    const value = texts[name] ?? "";
    const effect = key(value);
    if (effect === undefined) continue;
    const { setting, words } = effect;
    settings ??= [];
    settings.push({ setting, pointer: pointerInto(pointer, name), words: `${quote(value)} ${words}` });
  }
  return settings;
}
