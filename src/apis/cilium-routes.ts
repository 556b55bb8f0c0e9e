/**
 * @module Kinds of cilium.io that lead traffic somewhere without allowing any: CiliumLocalRedirectPolicy,
 * CiliumEgressGatewayPolicy, CiliumEnvoyConfig and its clusterwide twin. They have no peers to judge; what the API or
 * the agent refuses or drops, and what switches layer 7 policy off, are defects.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect } from "../model/traffic.ts";
import { readCidrs } from "./cilium-addresses.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

type KeySet = ReadonlySet<string>;

const ROOT_KEYS: KeySet = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const REDIRECT_KEYS: KeySet = new Set([
  "redirectFrontend",
  "redirectBackend",
  "skipRedirectFromBackend",
  "description",
]);
const FRONTEND_KEYS: KeySet = new Set(["addressMatcher", "serviceMatcher"]);
const ADDRESS_MATCHER_KEYS: KeySet = new Set(["ip", "toPorts"]);
const SERVICE_MATCHER_KEYS: KeySet = new Set(["serviceName", "namespace", "toPorts"]);
const BACKEND_KEYS: KeySet = new Set(["localEndpointSelector", "overrideIP", "toPorts"]);
const PORT_INFO_KEYS: KeySet = new Set(["port", "protocol", "name"]);
const GATEWAY_POLICY_KEYS: KeySet = new Set([
  "selectors",
  "destinationCIDRs",
  "excludedCIDRs",
  "egressGateway",
  "egressGateways",
]);
const GATEWAY_SELECTOR_KEYS: KeySet = new Set(["namespaceSelector", "podSelector", "nodeSelector"]);
const GATEWAY_KEYS: KeySet = new Set(["nodeSelector", "interface", "egressIP"]);
const ENVOY_KEYS: KeySet = new Set(["services", "backendServices", "resources", "nodeSelector"]);
const ENVOY_SERVICE_KEYS: KeySet = new Set(["name", "namespace", "listener", "ports"]);
const ENVOY_BACKEND_KEYS: KeySet = new Set(["name", "namespace", "number"]);
/** With `false` Envoy has none of the filters that enforce layer 7 rules (Cilium 1.19, pkg/annotation). */
const INJECT_FILTERS = "cec.cilium.io/inject-cilium-filters";

/** Readers of these kinds. */
export const ciliumRouteReaders: readonly ApiReader[] = [
  readerOf("CiliumLocalRedirectPolicy", "ciliumlocalredirectpolicies", "Namespaced", readRedirect),
  readerOf("CiliumEgressGatewayPolicy", "ciliumegressgatewaypolicies", "Cluster", readGatewayPolicy),
  readerOf("CiliumEnvoyConfig", "ciliumenvoyconfigs", "Namespaced", readEnvoyConfig),
  readerOf("CiliumClusterwideEnvoyConfig", "ciliumclusterwideenvoyconfigs", "Cluster", readEnvoyConfig),
];

function readerOf(
  kind: string,
  plural: string,
  scope: "Namespaced" | "Cluster",
  readSpec: (spec: ObjectNode, metadata: ObjectNode) => void,
): ApiReader {
  const read = (object: JsonObject): ObjectReading => {
    const defects: Defect[] = [];
    const root = new ObjectNode(object, "", defects);
    root.checkKeys(ROOT_KEYS, "drops");
    const metadata = root.objectOrEmpty("metadata");
    const labels = metadata.textMap("labels");
    const spec = root.requiredObject("spec");
    if (spec !== undefined) readSpec(spec, metadata);
    return { family: "network", labels, defects };
  };
  const resources = [{ kind, plural, versions: ["v2"], scope, subresources: [] }];
  return { group: "cilium.io", kinds: [kind], resources, read };
}

function readRedirect(spec: ObjectNode, metadata: ObjectNode): void {
  spec.checkKeys(REDIRECT_KEYS, "drops");
  const frontend = spec.requiredObject("redirectFrontend");
  frontend?.checkKeys(FRONTEND_KEYS, "drops");
  const address = frontend?.object("addressMatcher");
  const service = frontend?.object("serviceMatcher");
  if (frontend !== undefined && frontend.has("addressMatcher") === frontend.has("serviceMatcher")) {
    const detail = "exactly one of addressMatcher and serviceMatcher is required";
    frontend.report("conflicting-fields", frontend.pointer, detail);
  }
  checkMatcher(address, ADDRESS_MATCHER_KEYS);
  checkMatcher(service, SERVICE_MATCHER_KEYS);
  if (service !== undefined) checkNamespace(service, metadata);
  const backend = spec.requiredObject("redirectBackend");
  checkMatcher(backend, BACKEND_KEYS);
  const selector = backend?.requiredObject("localEndpointSelector");
  if (selector !== undefined) readLabelSelector(selector);
}

function checkMatcher(matcher: ObjectNode | undefined, keys: KeySet): void {
  matcher?.checkKeys(keys, "drops");
  for (const port of matcher?.objects("toPorts", "none") ?? []) port.checkKeys(PORT_INFO_KEYS, "drops");
}

/** Nobody may redirect the traffic of another namespace's Service. */
function checkNamespace(service: ObjectNode, metadata: ObjectNode): void {
  const namespace = service.requiredText("namespace");
  const own = metadata.text("namespace");
  if (namespace === undefined || own === undefined || namespace === own) return;
  const detail = `${quote(namespace)} is not the namespace of the policy; the agent refuses the policy`;
  service.report("invalid-value", service.at("namespace"), detail);
}

function readGatewayPolicy(spec: ObjectNode): void {
  spec.checkKeys(GATEWAY_POLICY_KEYS, "drops");
  for (const key of ["selectors", "destinationCIDRs"]) {
    if (!spec.has(key)) spec.report("missing-field", spec.at(key), `${quote(key)} is missing; the API requires it`);
  }
  if (!spec.has("egressGateway") && !spec.has("egressGateways")) {
    spec.report("missing-field", spec.at("egressGateway"), '"egressGateway" is missing; the API requires it');
  }
  for (const chosen of spec.objects("selectors", "none")) {
    chosen.checkKeys(GATEWAY_SELECTOR_KEYS, "widens");
    for (const key of GATEWAY_SELECTOR_KEYS) checkSelector(chosen, key);
  }
  readCidrs(spec, "destinationCIDRs", "most");
  readCidrs(spec, "excludedCIDRs", "most");
  const single = spec.object("egressGateway");
  for (const gateway of [...(single === undefined ? [] : [single]), ...spec.objects("egressGateways", "none")]) {
    gateway.checkKeys(GATEWAY_KEYS, "drops");
    checkSelector(gateway, "nodeSelector");
  }
}

function checkSelector(node: ObjectNode, key: string): void {
  const selector = node.object(key);
  if (selector !== undefined) readLabelSelector(selector);
}

function readEnvoyConfig(spec: ObjectNode, metadata: ObjectNode): void {
  spec.checkKeys(ENVOY_KEYS, "drops");
  for (const service of spec.objects("services", "none")) {
    service.checkKeys(ENVOY_SERVICE_KEYS, "drops");
    service.requiredText("name");
  }
  for (const service of spec.objects("backendServices", "none")) {
    service.checkKeys(ENVOY_BACKEND_KEYS, "drops");
    service.requiredText("name");
  }
  checkSelector(spec, "nodeSelector");
  const annotations = metadata.textMap("annotations");
  if (!Object.hasOwn(annotations, INJECT_FILTERS) || annotations[INJECT_FILTERS] !== "false") return;
  const pointer = new ObjectNode(metadata.value, `${metadata.pointer}/annotations`, metadata.defects).at(
    INJECT_FILTERS,
  );
  const detail = "switches the filters off that enforce layer 7 rules: policies for these Services lose them";
  metadata.report("inert-section", pointer, detail);
}
