/**
 * @module Services: the fields by which traffic gets around network policy.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { addMeshKeys, SERVICE_ANNOTATIONS, SERVICE_LABELS } from "./mesh-keys.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** Reader of core Services. */
export const serviceReader: ApiReader = {
  group: "",
  kinds: ["Service"],
  resources: [{ kind: "Service", plural: "services", versions: ["v1"], scope: "Namespaced", subresources: [] }],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const spec = root.objectOrEmpty("spec");
  // The API server's default; a headless Service is a ClusterIP one too.
  const type = spec.text("type") ?? "ClusterIP";
  const externalIPs = spec.texts("externalIPs").map(({ value }) => value);
  const labels = metadata.textMap("labels");
  const labelled = addMeshKeys(undefined, labels, SERVICE_LABELS, metadata.at("labels"));
  const annotations = metadata.textMap("annotations");
  const mesh = addMeshKeys(labelled, annotations, SERVICE_ANNOTATIONS, metadata.at("annotations"));
  return {
    family: "service",
    labels,
    service: { type, externalIPs },
    ...(mesh === undefined ? {} : { mesh }),
    defects,
  };
}
