/**
 * @module ServiceEntry of networking.istio.io: destinations outside the mesh's own registry. Where egress is limited to
 * the registry, an entry is what opens it (Istio 1.31, pkg/config/validation; istio/api service_entry.proto@006c115).
 */
import type { AddressSet } from "../model/address-set.ts";
import { everyone, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, PolicyReading, TrafficRule } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import { type Host, isInsideMesh, isOpenHost, namespaceOfService, peersOfHost, readHost } from "./istio-hosts.ts";
import { type IstioObject, istioReader } from "./istio-objects.ts";
import { readAddresses } from "./istio-sources.ts";
import type { ApiReader } from "./reading.ts";

const SPEC_KEYS: ReadonlySet<string> = new Set([
  "hosts",
  "addresses",
  "ports",
  "location",
  "resolution",
  "endpoints",
  "workloadSelector",
  "exportTo",
  "subjectAltNames",
]);
const PORT_KEYS: ReadonlySet<string> = new Set(["number", "protocol", "name", "targetPort"]);
const RESOLUTIONS: readonly string[] = ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"];
const LOCATIONS: readonly string[] = ["MESH_EXTERNAL", "MESH_INTERNAL"];
/** Protocols whose requests name their host; all others are led by address alone. */
const NAMED_PROTOCOLS: ReadonlySet<string> = new Set(["HTTP", "HTTPS", "HTTP2", "GRPC", "GRPC-WEB", "TLS"]);
const HIGHEST_PORT = 65_535;

/** Reader of ServiceEntries. */
export const serviceEntryReader: ApiReader = istioReader(
  {
    group: "networking.istio.io",
    kind: "ServiceEntry",
    plural: "serviceentries",
    versions: ["v1", "v1beta1", "v1alpha3"],
    needsSpec: true,
  },
  readServiceEntry,
);

function readServiceEntry(object: IstioObject): Omit<PolicyReading, "defects"> {
  const { spec } = object;
  spec.checkKeys(SPEC_KEYS, "drops");
  const hosts = readHosts(object);
  const addresses = readAddresses(spec, "addresses");
  if (addresses.coversPublic(4) || addresses.coversPublic(6)) {
    const words = "the addresses are the whole internet: the entry opens the mesh's registry to it";
    object.note("registry-open", spec.at("addresses"), words);
  }
  const resolution = readChoice(spec, "resolution", RESOLUTIONS);
  const location = readChoice(spec, "location", LOCATIONS);
  const isWildcard = hosts.some((host) => host.isWildcard);
  noteLateNames(object, resolution, isWildcard);
  noteExport(object, isWildcard);
  noteInside(object, location, hosts);
  for (const endpoint of spec.objects("endpoints", "none")) noteIdentity(object, endpoint);
  const isMeshWide = isExportedToAll(spec);
  return {
    scope: isMeshWide ? "mesh" : "namespace",
    subject: { reach: isMeshWide ? "cluster" : "namespace", pointer: spec.at("exportTo") },
    isolates: { ingress: false, egress: false },
    evaluation: "deny-overrides",
    rules: readRules(spec, hosts, addresses, resolution),
  };
}

/** Notes that an endpoint is taken for somebody's workload (also of a WorkloadEntry). */
export function noteIdentity(object: IstioObject, workload: ObjectNode): void {
  const account = workload.text("serviceAccount");
  if (account === undefined || account === "") return;
  const words = `claims the identity of the service account ${quote(account)} for an address`;
  object.note("identity-claimed", workload.at("serviceAccount"), words);
}

function readHosts(object: IstioObject): readonly Host[] {
  const { spec, namespace } = object;
  const hosts: Host[] = [];
  if (spec.count("hosts") === 0) {
    spec.report("missing-field", spec.at("hosts"), '"hosts" is missing or empty; the API requires it');
  }
  for (const { value, pointer } of spec.texts("hosts")) {
    const host = readHost(spec, pointer, value);
    if (host === undefined) continue;
    if (host.isWildcard && host.name === "") {
      spec.report("invalid-value", pointer, "a ServiceEntry can't be for every host; Istio refuses it");
      continue;
    }
    hosts.push(host);
    if (isOpenHost(host)) {
      const words = `${quote(value)} is names of anybody: the entry opens the mesh's registry to all of them`;
      object.note("registry-open", pointer, words);
    }
    const owner = namespaceOfService(host);
    if (owner !== undefined && owner !== namespace) {
      const words = `${quote(value)} is a Service of the namespace ${quote(owner)}: the entry takes over its name`;
      object.note("name-hijacked", pointer, words);
    }
  }
  return hosts;
}

/** A value of an enumeration, the first one where none is written. */
function readChoice(spec: ObjectNode, key: string, known: readonly string[]): string {
  const written = spec.text(key) ?? known[0] ?? "";
  if (!known.includes(written)) {
    spec.report("invalid-value", spec.at(key), `unknown ${key} ${quote(written)}, known are ${known.join(", ")}`);
  }
  return written;
}

function noteLateNames(object: IstioObject, resolution: string, isWildcard: boolean): void {
  if (resolution !== "DYNAMIC_DNS" || !isWildcard) return;
  const words = "the proxy looks up whatever name below the wildcard a request names";
  object.note("names-resolved-late", object.spec.at("resolution"), words);
}

function isExportedToAll(spec: ObjectNode): boolean {
  return spec.count("exportTo") === 0 || spec.texts("exportTo").some(({ value }) => value === "*");
}

function noteExport(object: IstioObject, isWildcard: boolean): void {
  const { spec } = object;
  if (!isWildcard || !isExportedToAll(spec)) return;
  const pointer = spec.count("exportTo") === 0 ? spec.pointer : spec.at("exportTo");
  object.note("exported-to-all", pointer, "a wildcard host for every namespace of the mesh; name them in exportTo");
}

function noteInside(object: IstioObject, location: string, hosts: readonly Host[]): void {
  if (location !== "MESH_INTERNAL" || hosts.every(isInsideMesh)) return;
  const words = "MESH_INTERNAL makes the mesh trust a host outside like a workload of its own";
  object.note("external-in-mesh", object.spec.at("location"), words);
}

/** One rule for each port, one for every TCP port where none is named. */
function readRules(
  spec: ObjectNode,
  hosts: readonly Host[],
  addresses: AddressSet,
  resolution: string,
): readonly TrafficRule[] {
  const names = unionOfPeers(hosts.map(peersOfHost));
  const place = { peersPointer: spec.at(addresses.isEmpty() ? "hosts" : "addresses") };
  const ports = spec.objects("ports", "none");
  if (ports.length === 0) {
    return [
      { ...ruleOf(spec.pointer, peersOfPort("", names, addresses, resolution), PortSet.protocol("TCP")), ...place },
    ];
  }
  return ports.map((port) => {
    port.checkKeys(PORT_KEYS, "drops");
    const peers = peersOfPort(port.text("protocol") ?? "", names, addresses, resolution);
    return { ...ruleOf(port.pointer, peers, readPort(port)), ...place };
  });
}

/**
 * Where a port leads. A protocol that names no host goes by the address; with the resolution NONE and no addresses,
 * to every address.
 */
function peersOfPort(protocol: string, names: PeerSet, addresses: AddressSet, resolution: string): PeerSet {
  if (!addresses.isEmpty()) return unionOfPeers([names, peersOf({ addresses })]);
  const isByAddress = !NAMED_PROTOCOLS.has(protocol.toUpperCase());
  return isByAddress && resolution === "NONE" ? everyone : names;
}

function readPort(port: ObjectNode): PortSet {
  const number = port.integer("number");
  if (number === undefined) {
    if (!port.has("number"))
      port.report("missing-field", port.at("number"), '"number" is missing; the API requires it');
    return PortSet.nothing;
  }
  if (number >= 1 && number <= HIGHEST_PORT) return PortSet.range("TCP", number, number);
  port.report("invalid-value", port.at("number"), `a port is a number from 1 to ${HIGHEST_PORT}, not ${number}`);
  return PortSet.nothing;
}

function ruleOf(pointer: string, peers: PeerSet, ports: PortSet): Omit<TrafficRule, "peersPointer"> {
  return {
    pointer,
    direction: "egress",
    action: "allow",
    peers,
    ports,
    portsPointer: pointer,
    operations: "all",
    staged: false,
  };
}
