/**
 * @module Gateway of networking.istio.io: for which hosts the edge of the mesh listens, and who may bind to it.
 */
import type { ObjectNode } from "./fields.ts";
import { isOpenHost, readHost } from "./istio-hosts.ts";
import { type IstioObject, istioReader } from "./istio-objects.ts";
import type { ApiReader } from "./reading.ts";
import { quote } from "../model/quote.ts";

const SPEC_KEYS: ReadonlySet<string> = new Set(["servers", "selector"]);
const SERVER_KEYS: ReadonlySet<string> = new Set(["port", "bind", "hosts", "tls", "defaultEndpoint", "name"]);
/** The first is what `tls` without a mode means. */
const PASSING_MODES: readonly string[] = ["PASSTHROUGH", "AUTO_PASSTHROUGH"];
const MODES: readonly string[] = [...PASSING_MODES, "SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"];

/** Reader of Gateways. */
export const istioGatewayReader: ApiReader = istioReader(
  {
    group: "networking.istio.io",
    kind: "Gateway",
    plural: "gateways",
    versions: ["v1", "v1beta1", "v1alpha3"],
  },
  readGateway,
);

function readGateway(object: IstioObject): undefined {
  const { spec } = object;
  spec.checkKeys(SPEC_KEYS, "drops");
  spec.object("selector");
  for (const server of spec.objects("servers", "none")) {
    server.checkKeys(SERVER_KEYS, "drops");
    readHosts(object, server);
    readTls(object, server.object("tls"));
  }
}

/** `NAMESPACE/HOST`, or a host of any namespace. */
function readHosts(object: IstioObject, server: ObjectNode): void {
  if (server.count("hosts") === 0) {
    server.report("missing-field", server.at("hosts"), '"hosts" is missing or empty; the API requires it');
  }
  for (const { value, pointer } of server.texts("hosts")) {
    const slash = value.indexOf("/");
    const namespace = slash === -1 ? "*" : value.slice(0, slash);
    const host = readHost(server, pointer, value.slice(slash + 1));
    if (host === undefined || namespace !== "*" || !isOpenHost(host)) continue;
    const words = `${quote(value)}: a VirtualService of any namespace can publish any host through this gateway`;
    object.note("gateway-any-host", pointer, words);
  }
}

function readTls(object: IstioObject, tls: ObjectNode | undefined): void {
  if (tls === undefined) return;
  const isRedirect = tls.flag("httpsRedirect") && !tls.has("mode");
  const mode = tls.text("mode") ?? "PASSTHROUGH";
  const pointer = tls.has("mode") ? tls.at("mode") : tls.pointer;
  if (!MODES.includes(mode)) {
    tls.report("invalid-value", pointer, `unknown mode ${quote(mode)}, known are ${MODES.join(", ")}`);
  }
  if (isRedirect || !PASSING_MODES.includes(mode)) return;
  const words = `${mode} lets clients choose a service of the cluster by the name that they ask for, unseen by layer 7 policy`;
  object.note("gateway-passthrough", pointer, words);
}
