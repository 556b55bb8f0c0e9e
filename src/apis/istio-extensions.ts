/**
 * @module Kinds of networking.istio.io that change the proxies or who is behind an address: EnvoyFilter, ProxyConfig,
 * WorkloadEntry, WorkloadGroup; and WasmPlugin of extensions.istio.io.
 */
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { type IstioKind, type IstioObject, istioReader } from "./istio-objects.ts";
import { noteIdentity } from "./istio-service-entry.ts";
import type { ApiReader } from "./reading.ts";

const FILTER_KEYS: ReadonlySet<string> = new Set(["workloadSelector", "targetRefs", "configPatches", "priority"]);
const PATCH_KEYS: ReadonlySet<string> = new Set(["applyTo", "match", "patch"]);
const CONFIG_KEYS: ReadonlySet<string> = new Set(["selector", "concurrency", "environmentVariables", "image"]);
/** The part of a proxy's configuration on which no authorization rests: how it reaches a server. */
const SERVER_SIDE = "CLUSTER";

/** Readers of these kinds. */
export const istioExtensionReaders: readonly ApiReader[] = [
  istioReader(networking("EnvoyFilter", "envoyfilters", ["v1alpha3"]), readEnvoyFilter),
  istioReader(networking("ProxyConfig", "proxyconfigs", ["v1beta1"]), readProxyConfig),
  istioReader(networking("WorkloadEntry", "workloadentries", ["v1", "v1beta1", "v1alpha3"]), readWorkloadEntry),
  istioReader(networking("WorkloadGroup", "workloadgroups", ["v1", "v1beta1", "v1alpha3"]), readWorkloadGroup),
  istioReader(
    { group: "extensions.istio.io", kind: "WasmPlugin", plural: "wasmplugins", versions: ["v1alpha1"] },
    readWasmPlugin,
  ),
];

function networking(kind: string, plural: string, versions: readonly string[]): IstioKind {
  return { group: "networking.istio.io", kind, plural, versions };
}

/** Whether a patch takes the filters of authorization away, or goes before them, can't be told from the patch alone. */
function readEnvoyFilter(object: IstioObject): undefined {
  const { spec, isRoot } = object;
  spec.checkKeys(FILTER_KEYS, "drops");
  for (const patch of spec.objects("configPatches", "none")) {
    patch.checkKeys(PATCH_KEYS, "drops");
    const part = patch.text("applyTo");
    const operation = patch.object("patch")?.text("operation") ?? "INVALID";
    const where = `${quote(operation)} of ${quote(part ?? "")}`;
    if (part !== SERVER_SIDE) {
      object.note("envoy-filter", patch.pointer, `${where} can remove or pass by what enforces the mesh's policies`);
    } else if (isRoot) {
      object.note("envoy-filter", patch.pointer, `${where} changes every proxy of the mesh`);
    } else {
      object.note("proxy-changed", patch.pointer, `${where} changes how proxies reach a server, mutual TLS included`);
    }
  }
}

function readProxyConfig(object: IstioObject): undefined {
  const { spec } = object;
  spec.checkKeys(CONFIG_KEYS, "drops");
  const variables = Object.keys(spec.textMap("environmentVariables"));
  if (variables.length === 0) return;
  const words = `sets variables of the proxy (${variables.slice(0, 3).map(quote).join(", ")}), which change what it enforces`;
  object.note("proxy-changed", spec.at("environmentVariables"), words);
}

function readWasmPlugin(object: IstioObject): undefined {
  const words = "runs a program in the proxy, which may answer before authorization is asked";
  object.note("proxy-changed", object.spec.pointer, words);
}

function readWorkloadEntry(object: IstioObject): undefined {
  noteIdentity(object, object.spec);
}

function readWorkloadGroup(object: IstioObject): undefined {
  const template: ObjectNode | undefined = object.spec.object("template");
  if (template !== undefined) noteIdentity(object, template);
}
