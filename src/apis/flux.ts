/**
 * @module Kustomization and HelmRelease of Flux: as whom they deploy, and whose sources
 * (fluxcd/kustomize-controller 1.9 api/v1, fluxcd/helm-controller 1.6 api/v2).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import type { AllowanceReading, ApiReader, ObjectReading } from "./reading.ts";

/** Reader of Kustomizations. */
export const kustomizationReader: ApiReader = {
  group: "kustomize.toolkit.fluxcd.io",
  kinds: ["Kustomization"],
  resources: [
    {
      kind: "Kustomization",
      plural: "kustomizations",
      versions: ["v1", "v1beta2", "v1beta1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) => read(object, (spec) => [spec.object("sourceRef")]),
};

/** Reader of HelmReleases. */
export const helmReleaseReader: ApiReader = {
  group: "helm.toolkit.fluxcd.io",
  kinds: ["HelmRelease"],
  resources: [
    {
      kind: "HelmRelease",
      plural: "helmreleases",
      versions: ["v2", "v2beta2", "v2beta1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) =>
    read(object, (spec) => [spec.object("chartRef"), spec.object("chart")?.object("spec")?.object("sourceRef")]),
};

function read(object: JsonObject, sources: (spec: ObjectNode) => readonly (ObjectNode | undefined)[]): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const spec = root.objectOrEmpty("spec");
  const own = metadata.text("namespace") ?? "";
  const references = sources(spec).flatMap((source) => (source === undefined ? [] : readReference(source, own)));
  const allowances = [...readIdentity(spec), ...references];
  return { family: "delivery", labels: metadata.textMap("labels"), allowances, defects };
}

/** Without a service account the controller deploys with its own rights, which are those of a cluster administrator. */
function readIdentity(spec: ObjectNode): readonly AllowanceReading[] {
  if (spec.has("kubeConfig")) return [];
  const account = spec.text("serviceAccountName") ?? "";
  const common = { aspect: "identity", adviceOnly: false } as const;
  return account === ""
    ? [{ ...common, pointer: spec.pointer, reach: "any", words: "everything that Flux's controller may do" }]
    : [{ ...common, pointer: spec.at("serviceAccountName"), reach: "some", words: `what ${quote(account)} may do` }];
}

function readReference(source: ObjectNode, own: string): readonly AllowanceReading[] {
  const namespace = source.text("namespace") ?? "";
  if (namespace === "" || namespace === own) return [];
  const words = `a source of the namespace ${quote(namespace)}, whose owners decide what is deployed here`;
  return [{ aspect: "reference", pointer: source.pointer, reach: "any", words, adviceOnly: false }];
}
