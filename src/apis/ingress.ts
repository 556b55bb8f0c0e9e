/**
 * @module Ingress of networking.k8s.io: what it publishes (Kubernetes 1.36, pkg/apis/networking). Its backends are always
 * in its own namespace; controllers' annotations are not read.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readHost } from "./gateway-hosts.ts";
import type { ApiReader, ObjectReading, OpeningReading } from "./reading.ts";

/** Reader of Ingresses. */
export const ingressReader: ApiReader = {
  group: "networking.k8s.io",
  kinds: ["Ingress"],
  resources: [{ kind: "Ingress", plural: "ingresses", versions: ["v1"], scope: "Namespaced", subresources: [] }],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const spec = root.objectOrEmpty("spec");
  const openings: OpeningReading[] = [];
  if (spec.has("defaultBackend")) openings.push({ pointer: spec.at("defaultBackend"), hosts: "all" });
  for (const rule of spec.objects("rules", "none")) {
    const host = rule.text("host") ?? "";
    const hosts = host === "" ? "all" : (readHost(rule, rule.at("host"), host) ?? "some");
    openings.push({ pointer: rule.pointer, hosts });
  }
  return { family: "service", labels: root.objectOrEmpty("metadata").textMap("labels"), openings, defects };
}
