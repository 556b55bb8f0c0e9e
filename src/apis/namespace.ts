/**
 * @module Namespaces: their labels are what policies and guardrails select on.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { addMeshKeys, NAMESPACE_ANNOTATIONS, NAMESPACE_LABELS } from "./mesh-keys.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** Reader of Namespaces. */
export const namespaceReader: ApiReader = {
  group: "",
  kinds: ["Namespace"],
  resources: [
    {
      kind: "Namespace",
      plural: "namespaces",
      versions: ["v1"],
      scope: "Cluster",
      // Both take labels along with what they are for (seen on an API server 1.36): a side door for labels.
      subresources: ["status", "finalize"],
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const labelled = addMeshKeys(undefined, labels, NAMESPACE_LABELS, metadata.at("labels"));
  const annotations = metadata.textMap("annotations");
  const mesh = addMeshKeys(labelled, annotations, NAMESPACE_ANNOTATIONS, metadata.at("annotations"));
  return { family: "namespace", labels, ...(mesh === undefined ? {} : { mesh }), defects };
}
