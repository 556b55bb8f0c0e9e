/**
 * @module Pods, and the Pod inside every built-in workload kind.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { type ProxyContainer, podMeshSettings, proxyContainer } from "./pod-mesh.ts";
import type { ApiReader, JobTemplateReading, ObjectReading, PodReading, ServedResource } from "./reading.ts";

/** One kind that carries a Pod, and the fields that lead from the object to it. */
interface PodCarrier extends ServedResource {
  readonly group: string;
  readonly path: readonly string[];
}

const TEMPLATE = ["spec", "template"];

// Each of them sends the whole Pod, and a webhook that names `pods` alone never sees it. `status` matters because labels
// can be changed through it (seen on an API server 1.36). `*/scale` sends a Scale and `pods/binding` a Binding: neither
// has a PodSpec.
const POD_SUBRESOURCES = ["ephemeralcontainers", "resize", "status"];

const CARRIERS: readonly PodCarrier[] = [
  carrier("", "Pod", "pods", [], POD_SUBRESOURCES),
  carrier("", "PodTemplate", "podtemplates", ["template"]),
  carrier("", "ReplicationController", "replicationcontrollers", TEMPLATE),
  carrier("apps", "Deployment", "deployments", TEMPLATE),
  carrier("apps", "ReplicaSet", "replicasets", TEMPLATE),
  carrier("apps", "StatefulSet", "statefulsets", TEMPLATE),
  carrier("apps", "DaemonSet", "daemonsets", TEMPLATE),
  carrier("batch", "Job", "jobs", TEMPLATE),
  carrier("batch", "CronJob", "cronjobs", ["spec", "jobTemplate", ...TEMPLATE]),
];

/** Readers of the core, apps and batch groups. */
export const podReaders: readonly ApiReader[] = ["", "apps", "batch"].map(podReader);

function carrier(
  group: string,
  kind: string,
  plural: string,
  path: readonly string[],
  subresources: readonly string[] = [],
): PodCarrier {
  return { group, kind, plural, path, subresources, versions: ["v1"], scope: "Namespaced" };
}

function podReader(group: string): ApiReader {
  const carriers = CARRIERS.filter((candidate) => candidate.group === group);
  const paths = new Map(carriers.map(({ kind, path }) => [kind, path]));
  return {
    group,
    kinds: carriers.map(({ kind }) => kind),
    resources: carriers.map(({ kind, plural, versions, scope, subresources }) => ({
      kind,
      plural,
      versions,
      scope,
      subresources,
    })),
    read: (object) => readCarrier(object, paths),
  };
}

function readCarrier(object: JsonObject, paths: ReadonlyMap<string, readonly string[]>): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const path = paths.get(root.text("kind") ?? "") ?? [];
  // A Pod's metadata is the object's own: it is read once, so that a defect in it is noted once.
  if (path.length === 0) {
    const pod = readPod(root, false);
    return { family: "workload", labels: pod.labels, pods: [pod], defects };
  }
  const metadata = root.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  metadata.textMap("annotations");
  const template = descend(root, path);
  const pods = template === undefined ? [] : [readPod(template, true)];
  return path.includes("jobTemplate")
    ? { family: "workload", labels, pods, jobTemplate: readJobTemplate(root), defects }
    : { family: "workload", labels, pods, defects };
}

/** The node that holds the Pod's metadata and spec; a missing step is a defect, and there is no Pod to read. */
function descend(root: ObjectNode, path: readonly string[]): ObjectNode | undefined {
  let node: ObjectNode | undefined = root;
  for (const key of path) node = node?.requiredObject(key);
  return node;
}

function readJobTemplate(root: ObjectNode): JobTemplateReading {
  // The way there has been checked by descend(): a second look must not repeat its defects.
  const unheard = new ObjectNode(root.value, "", []);
  const template = unheard.objectOrEmpty("spec").objectOrEmpty("jobTemplate");
  const metadata = new ObjectNode(template.value, template.pointer, root.defects).objectOrEmpty("metadata");
  return { pointer: metadata.pointer, labels: metadata.textMap("labels") };
}

function readPod(holder: ObjectNode, isTemplate: boolean): PodReading {
  const metadata = holder.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const annotations = metadata.textMap("annotations");
  const spec = holder.requiredObject("spec");
  const hostPorts: PodReading["hostPorts"][number][] = [];
  const capabilities: PodReading["capabilities"][number][] = [];
  const proxies: ProxyContainer[] = [];
  if (spec !== undefined) readContainers(spec, hostPorts, capabilities, proxies);
  return {
    pointer: holder.at("spec"),
    metadataPointer: metadata.pointer,
    labels,
    annotations,
    hostNetwork: spec?.flag("hostNetwork") ?? false,
    hostPorts,
    capabilities,
    mesh: podMeshSettings(metadata, labels, annotations, proxies, isTemplate),
  };
}

/**
 * Reads every list whose name ends like `containers`, so that a list which Kubernetes adds tomorrow is read too.
 */
function readContainers(
  spec: ObjectNode,
  hostPorts: PodReading["hostPorts"][number][],
  capabilities: PodReading["capabilities"][number][],
  proxies: ProxyContainer[],
): void {
  for (const key of Object.keys(spec.value)) {
    if (!key.endsWith("ontainers")) continue;
    for (const container of spec.objects(key, "none")) {
      readHostPorts(container, hostPorts);
      readCapabilities(container, capabilities);
      const proxy = proxyContainer(container, nameOf(container));
      if (proxy !== undefined) proxies.push(proxy);
    }
  }
  const containers = spec.value["containers"];
  const missing =
    containers === undefined || containers === null || (Array.isArray(containers) && containers.length === 0);
  if (missing)
    spec.report("missing-field", spec.at("containers"), '"containers" is missing or empty; the API requires one');
}

function readHostPorts(container: ObjectNode, hostPorts: PodReading["hostPorts"][number][]): void {
  for (const entry of container.objects("ports", "none")) {
    const port = entry.integer("hostPort");
    if (port === undefined || port === 0) continue;
    if (port < 0 || port > 65_535) {
      entry.report("invalid-value", entry.at("hostPort"), `a host port must be between 1 and 65535, not ${port}`);
      continue;
    }
    const protocol = entry.text("protocol") ?? "TCP";
    hostPorts.push({ pointer: entry.at("hostPort"), container: nameOf(container), port, protocol });
  }
}

function readCapabilities(container: ObjectNode, capabilities: PodReading["capabilities"][number][]): void {
  const context = container.object("securityContext");
  if (context === undefined) return;
  const privileged = context.flag("privileged");
  const added: string[] = [];
  for (const { value } of context.object("capabilities")?.texts("add") ?? []) added.push(capabilityName(value));
  if (privileged || added.length > 0) {
    capabilities.push({ pointer: context.pointer, container: nameOf(container), added, privileged });
  }
}

/** Runtimes take `net_admin`, `CAP_NET_ADMIN` and `NET_ADMIN` for the same capability. */
function capabilityName(written: string): string {
  const upper = written.trim().toUpperCase();
  return upper.startsWith("CAP_") ? upper.slice("CAP_".length) : upper;
}

/** A container's name for messages; the API refuses a container without one, so "" is never stored. */
function nameOf(container: ObjectNode): string {
  const name = container.value["name"];
  return typeof name === "string" ? name : "";
}
