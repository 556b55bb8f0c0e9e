/**
 * @module Bindings: how a scheduler places a Pod on a node, and a side door, because the API server copies their labels
 * and annotations to the Pod (seen on 1.36; k8s.io/kubernetes pkg/registry/core/pod/storage).
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { podMeshSettings } from "./pod-mesh.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** Reader of core Bindings, which arrive as pods/binding and as the older bindings. */
export const bindingReader: ApiReader = {
  group: "",
  kinds: ["Binding"],
  resources: [
    {
      kind: "Binding",
      plural: "bindings",
      versions: ["v1"],
      scope: "Namespaced",
      subresources: [],
      parent: "pods/binding",
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  // No injector writes to a Binding, so it is read like a template.
  const mesh = podMeshSettings(metadata, labels, metadata.textMap("annotations"), [], true);
  return {
    family: "workload",
    labels,
    labelsRole: "bound-pod",
    ...(mesh.length === 0 ? {} : { mesh }),
    defects,
  };
}
