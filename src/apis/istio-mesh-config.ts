/**
 * @module The mesh's own configuration (MeshConfig and the chart's values) in the objects that install Istio:
 * IstioOperator of install.istio.io and Istio of sailoperator.io (Istio 1.31, pkg/config/mesh). The ConfigMap that comes
 * of it is not read: a webhook on every ConfigMap of a cluster would cost more than it finds.
 */
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { type IstioObject, istioReader, ROOT_NAMESPACE } from "./istio-objects.ts";
import type { ApiReader } from "./reading.ts";

/** Values of the chart by which the proxies of the whole mesh capture less, and what they are by default. */
const CAPTURE_VALUES: readonly (readonly [string, string])[] = [
  ["excludeIPRanges", ""],
  ["excludeInboundPorts", ""],
  ["excludeOutboundPorts", ""],
  ["includeInboundPorts", "*"],
  ["includeIPRanges", "*"],
];

/** Readers of both kinds. */
export const istioMeshConfigReaders: readonly ApiReader[] = [
  istioReader(
    { group: "install.istio.io", kind: "IstioOperator", plural: "istiooperators", versions: ["v1alpha1"] },
    readInstallation,
  ),
  istioReader(
    { group: "sailoperator.io", kind: "Istio", plural: "istios", versions: ["v1", "v1alpha1"], scope: "Cluster" },
    readInstallation,
  ),
];

/** MeshConfig stands in the values, and in an IstioOperator beside them, where it wins. */
function readInstallation(object: IstioObject): undefined {
  const { spec } = object;
  const values = spec.objectOrEmpty("values");
  const written = [spec.object("meshConfig"), values.object("meshConfig")].filter((config) => config !== undefined);
  for (const config of written) readMeshConfig(object, config);
  readOutbound(object, written);
  const proxy = values.objectOrEmpty("global").objectOrEmpty("proxy");
  for (const [key, normal] of CAPTURE_VALUES) {
    const value = proxy.text(key) ?? normal;
    if (value === normal) continue;
    const words = `${quote(value)} leads traffic around every proxy of the mesh`;
    object.note("traffic-excluded", proxy.at(key), words);
  }
}

/** ALLOW_ANY is the default: it takes a word to close the mesh. */
function readOutbound(object: IstioObject, configs: readonly ObjectNode[]): void {
  const config = configs.find((candidate) => candidate.object("outboundTrafficPolicy")?.has("mode"));
  const policy = config?.object("outboundTrafficPolicy");
  const mode = policy?.text("mode");
  if (mode === "REGISTRY_ONLY") return;
  const pointer = policy === undefined ? (configs[0]?.pointer ?? object.spec.pointer) : policy.at("mode");
  const words =
    policy === undefined ? "without outboundTrafficPolicy the default is ALLOW_ANY" : `the mode ${quote(mode ?? "")}`;
  object.note("mesh-egress-open", pointer, `${words}: the proxies let out traffic to any destination`);
}

function readMeshConfig(object: IstioObject, config: ObjectNode): void {
  if (config.value["enableAutoMtls"] === false) {
    const words = "clients no longer turn to mutual TLS by themselves: they send plaintext";
    object.note("auto-mtls-off", config.at("enableAutoMtls"), words);
  }
  const root = config.text("rootNamespace");
  if (root !== undefined && root !== ROOT_NAMESPACE) {
    const words = `objects of ${quote(root)} are for the whole mesh, and those of ${ROOT_NAMESPACE} no longer are`;
    object.note("mesh-scope-changed", config.at("rootNamespace"), words);
  }
  if (config.count("trustDomainAliases") > 0) {
    const words = "identities of these trust domains count as the mesh's own";
    object.note("mesh-scope-changed", config.at("trustDomainAliases"), words);
  }
  const paths = config.object("pathNormalization");
  if (paths?.text("normalization") === "NONE") {
    const words = "other spellings of a path get around a policy that denies it";
    object.note("paths-not-normalised", paths.at("normalization"), words);
  }
  const defaults = config.object("defaultConfig");
  if (defaults?.text("interceptionMode") === "NONE") {
    const words = "no proxy of the mesh captures any traffic";
    object.note("traffic-excluded", defaults.at("interceptionMode"), words);
  }
}
