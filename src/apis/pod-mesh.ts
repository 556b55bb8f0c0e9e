/**
 * @module What takes a Pod out of a mesh: its labels, its annotations, and containers that look like the mesh's proxy.
 *
 * An injector writes such containers too, after which admission sees the Pod. It leaves an annotation that says so, and
 * it only ever writes to Pods: in a template the containers are the user's.
 */
import { addMeshKeys, POD_ANNOTATIONS, POD_LABELS } from "./mesh-keys.ts";
import type { MeshSetting } from "./mesh-setting.ts";
import { type ObjectNode, pointerInto } from "./fields.ts";

type Texts = Readonly<Record<string, string>>;

/** A container by whose name or image an injector concludes that there is a proxy already. */
export interface ProxyContainer {
  readonly mesh: "istio" | "linkerd";
  readonly node: ObjectNode;
  /** The name or the image by which it was recognised. */
  readonly by: "name" | "image";
}

const PROXY_NAMES: ReadonlyMap<string, ProxyContainer["mesh"]> = new Map([
  ["istio-proxy", "istio"],
  ["istio-init", "istio"],
  ["istio-validation", "istio"],
  ["linkerd-proxy", "linkerd"],
  ["linkerd-init", "linkerd"],
  ["linkerd-network-validator", "linkerd"],
]);
/** The images' names behind any registry (Linkerd, pkg/healthcheck/sidecar.go). */
const PROXY_IMAGES: readonly (readonly [string, ProxyContainer["mesh"]])[] = [
  ["/linkerd/proxy:", "linkerd"],
  ["/istio/proxyv2:", "istio"],
];
/** What the injectors write on a Pod when they are done with it. */
const INJECTED: Readonly<Record<ProxyContainer["mesh"], string>> = {
  istio: "sidecar.istio.io/status",
  linkerd: "linkerd.io/proxy-version",
};
const INJECT = "sidecar.istio.io/inject";
const NO_SETTINGS: readonly MeshSetting[] = Object.freeze([]);

/** The container as a proxy of a mesh; undefined for every ordinary one. */
export function proxyContainer(container: ObjectNode, name: string): ProxyContainer | undefined {
  const mesh = PROXY_NAMES.get(name);
  if (mesh !== undefined) return { mesh, node: container, by: "name" };
  const image = container.value["image"];
  if (typeof image !== "string") return undefined;
  for (const [part, owner] of PROXY_IMAGES) {
    if (image.includes(part)) return { mesh: owner, node: container, by: "image" };
  }
  return undefined;
}

/**
 * Every setting by which a Pod leaves a mesh or the policies of its CNI.
 * @param metadata the Pod's, or the template's
 * @param proxies the containers that look like a mesh's proxy
 * @param isTemplate whether it is a template, to which no injector writes
 */
export function podMeshSettings(
  metadata: ObjectNode,
  labels: Texts,
  annotations: Texts,
  proxies: readonly ProxyContainer[],
  isTemplate: boolean,
): readonly MeshSetting[] {
  const labelled = addMeshKeys(undefined, labels, POD_LABELS, metadata.at("labels"));
  const settings = addMeshKeys(labelled, annotations, POD_ANNOTATIONS, metadata.at("annotations"));
  const isInjected = (mesh: ProxyContainer["mesh"]) => !isTemplate && Object.hasOwn(annotations, INJECTED[mesh]);
  const forged = forgedStatus(metadata, annotations, proxies, isTemplate);
  if (settings === undefined && proxies.length === 0 && forged === undefined) return NO_SETTINGS;
  const found = Object.hasOwn(labels, INJECT) ? withoutAnnotation(settings ?? [], metadata) : (settings ?? []);
  for (const proxy of proxies) {
    if (proxy.by === "image" || !isInjected(proxy.mesh)) found.push(ownProxy(proxy));
    if (proxy.mesh === "istio") addDisabledEnvoy(proxy.node, found);
  }
  if (forged !== undefined) found.push(forged);
  return found;
}

/** Istio reads the annotation only where the label is absent. */
function withoutAnnotation(settings: readonly MeshSetting[], metadata: ObjectNode): MeshSetting[] {
  const pointer = pointerInto(metadata.at("annotations"), INJECT);
  return settings.filter((setting) => setting.pointer !== pointer);
}

/** Where the injector's annotation stands without its container, ambient mode takes the Pod for one with a sidecar. */
function forgedStatus(
  metadata: ObjectNode,
  annotations: Texts,
  proxies: readonly ProxyContainer[],
  isTemplate: boolean,
): MeshSetting | undefined {
  if (!Object.hasOwn(annotations, INJECTED.istio)) return undefined;
  const hasProxy = proxies.some(({ node }) => node.value["name"] === "istio-proxy");
  if (hasProxy && !isTemplate) return undefined;
  return {
    setting: "status-forged",
    pointer: pointerInto(metadata.at("annotations"), INJECTED.istio),
    words: "is for Istio's injector alone to write; by hand it keeps the Pod out of the mesh",
  };
}

function ownProxy({ node, by }: ProxyContainer): MeshSetting {
  const words =
    by === "name"
      ? "a container with the name of the mesh's own takes its place: no proxy is injected, or not the mesh's"
      : "a container with the image of the mesh's proxy takes its place: no proxy is injected";
  return { setting: "proxy-replaced", pointer: node.at(by), words };
}

/** With this variable Istio's CNI leaves the Pod's traffic alone. */
function addDisabledEnvoy(container: ObjectNode, found: MeshSetting[]): void {
  const variables = container.value["env"];
  if (!Array.isArray(variables)) return;
  for (const [index, variable] of variables.entries()) {
    if (variable?.["name"] !== "DISABLE_ENVOY" || variable["value"] === "false") continue;
    const pointer = `${container.at("env")}/${index}`;
    found.push({ setting: "traffic-excluded", pointer, words: "DISABLE_ENVOY leads all traffic around the sidecar" });
  }
}
