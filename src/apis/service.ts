/**
 * @module Services: the fields by which traffic gets around network policy.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
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
  return { family: "service", labels: metadata.textMap("labels"), service: { type, externalIPs }, defects };
}
