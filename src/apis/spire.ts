/**
 * @module The kinds of spire.spiffe.io: which workloads get which SPIFFE identity. Sources:
 * spiffe/spire-controller-manager api/v1alpha1, docs and pkg/spireentry.
 */
import { admitsStranger, everyLabel, type LabelFormula } from "../model/label-formula.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { MeshSetting, MeshSettingName } from "./mesh-setting.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";
import { readTemplate } from "./spire-template.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const ID_KEYS: ReadonlySet<string> = new Set([
  "spiffeIDTemplate",
  "podSelector",
  "namespaceSelector",
  "ttl",
  "jwtTtl",
  "dnsNameTemplates",
  "workloadSelectorTemplates",
  "federatesWith",
  "admin",
  "downstream",
  "autoPopulateDNSNames",
  "className",
  "fallback",
  "hint",
]);
/** Selectors of the process that is root on a node, or of an image: too little to tell a workload. */
const PROCESS_PREFIXES: readonly string[] = [
  "unix:uid:0",
  "unix:user:root",
  "unix:gid:0",
  "unix:group:root",
  "docker:image_id:",
];

type Note = (setting: MeshSettingName, pointer: string, words: string) => void;

/** Readers of the three kinds. */
export const spireReaders: readonly ApiReader[] = [
  readerOf("ClusterSPIFFEID", "clusterspiffeids", readSpiffeId),
  readerOf("ClusterStaticEntry", "clusterstaticentries", readStaticEntry),
  readerOf("ClusterFederatedTrustDomain", "clusterfederatedtrustdomains", readTrustDomain),
];

function readerOf(kind: string, plural: string, readSpec: (spec: ObjectNode, note: Note) => void): ApiReader {
  const read = (object: JsonObject): ObjectReading => {
    const defects: Defect[] = [];
    const mesh: MeshSetting[] = [];
    const root = new ObjectNode(object, "", defects);
    root.checkKeys(ROOT_KEYS, "drops");
    const labels = root.objectOrEmpty("metadata").textMap("labels");
    const spec = root.requiredObject("spec");
    if (spec !== undefined) readSpec(spec, (setting, pointer, words) => mesh.push({ setting, pointer, words }));
    return { family: "network", labels, ...(mesh.length === 0 ? {} : { mesh }), defects };
  };
  const resources = [{ kind, plural, versions: ["v1alpha1"], scope: "Cluster", subresources: [] } as const];
  return { group: "spire.spiffe.io", kinds: [kind], resources, read };
}

function readSpiffeId(spec: ObjectNode, note: Note): void {
  spec.checkKeys(ID_KEYS, "widens");
  const pods = readSelector(spec, "podSelector");
  const namespaces = readSelector(spec, "namespaceSelector");
  const isAnywhere = admitsStranger(namespaces, DEFAULT_WIDTH_CONTEXT.alwaysPresentNamespaceKeys);
  const template = spec.requiredText("spiffeIDTemplate");
  if (template !== undefined) noteTemplate(spec.at("spiffeIDTemplate"), template, isAnywhere, note);
  if (spec.flag("fallback") && isAnywhere && admitsStranger(pods, [])) {
    note("identity-fallback", spec.at("fallback"), "every Pod without another identity gets this one");
  }
  noteNames(spec, note);
  noteRights(spec, note);
}

/** What a missing selector chooses: everything. */
function readSelector(spec: ObjectNode, key: string): LabelFormula {
  const selector = spec.object(key);
  return selector === undefined ? everyLabel : readLabelSelector(selector);
}

function noteTemplate(pointer: string, template: string, isAnywhere: boolean, note: Note): void {
  const { namespace, serviceAccount, uid, chosen } = readTemplate(template);
  if (chosen !== undefined) {
    const words = `${quote(chosen)} is what the author of a Pod writes: the identity is whoever's the author likes`;
    note("identity-forgeable", pointer, words);
  } else if (!namespace && serviceAccount) {
    const words = "service accounts of the same name in two namespaces share the identity; add .PodMeta.Namespace";
    note("identity-without-namespace", pointer, words);
  } else if (!namespace && !uid && isAnywhere) {
    note("identity-shared", pointer, "one identity for Pods of any namespace that carry the right labels, or none");
  } else if (!namespace && !uid) {
    note("identity-constant", pointer, "all Pods of the selection share one identity");
  }
}

function noteNames(spec: ObjectNode, note: Note): void {
  for (const { value, pointer } of spec.texts("dnsNameTemplates")) {
    if (readTemplate(value).chosen === undefined) continue;
    note("names-from-pods", pointer, "the author of a Pod chooses a DNS name of its certificate");
  }
  if (spec.flag("autoPopulateDNSNames")) {
    const words = "whoever selects a Pod with a Service gives its certificate the Service's name";
    note("names-from-pods", spec.at("autoPopulateDNSNames"), words);
  }
}

/** What both kinds of entries may carry. */
function noteRights(spec: ObjectNode, note: Note): void {
  if (spec.flag("admin")) note("identity-privileged", spec.at("admin"), "may administer the SPIRE server");
  if (spec.flag("downstream")) {
    note("identity-privileged", spec.at("downstream"), "may sign identities as a SPIRE server of its own");
  }
  if (spec.count("federatesWith") === 0) return;
  note("federation", spec.at("federatesWith"), "workloads of other trust domains are accepted");
}

function readStaticEntry(spec: ObjectNode, note: Note): void {
  spec.requiredText("spiffeID");
  spec.requiredText("parentID");
  noteRights(spec, note);
  const selectors = spec.texts("selectors").map(({ value }) => value);
  const pointer = spec.at("selectors");
  if (selectors.length === 0) {
    note(
      "selectors-broad",
      spec.has("selectors") ? pointer : spec.pointer,
      "no selectors: nothing tells which workload is meant",
    );
    return;
  }
  const isEach = (prefixes: readonly string[]) =>
    selectors.every((selector) => prefixes.some((prefix) => selector.startsWith(prefix)));
  if (isEach(PROCESS_PREFIXES)) {
    note("selectors-broad", pointer, "any such process on the node gets the identity");
  } else if (isEach(["k8s:sa:"])) {
    note("selectors-broad", pointer, "service accounts of this name in every namespace get the identity; add k8s:ns:");
  } else if (isEach(["k8s:ns:"])) {
    note("selectors-of-a-namespace", pointer, "every Pod of the namespace gets the identity");
  }
}

function readTrustDomain(spec: ObjectNode, note: Note): void {
  const name = spec.requiredText("trustDomain");
  note("federation", spec.pointer, `trusts whatever ${quote(name ?? "")} signs`);
}
