/**
 * @module Endpoints and EndpointSlices: the addresses behind a Service. Controllers write them; by hand they send traffic
 * for the Service anywhere, past network policy and source ranges (CVE-2021-25740, kubernetes/kubernetes 103675).
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** The label by which kube-proxy and Gateways find the slices of a Service. */
const SERVICE_LABEL = "kubernetes.io/service-name";
const MANAGED_BY_LABELS: readonly string[] = [
  "endpointslice.kubernetes.io/managed-by",
  "endpoints.kubernetes.io/managed-by",
];
/** Enough to judge and to print; an object may hold a thousand. */
const MOST_ADDRESSES = 20;

/** Reader of core Endpoints, whose name is the Service's. */
export const endpointsReader: ApiReader = {
  group: "",
  kinds: ["Endpoints"],
  resources: [{ kind: "Endpoints", plural: "endpoints", versions: ["v1"], scope: "Namespaced", subresources: [] }],
  read: readEndpoints,
};

/** Reader of EndpointSlices, which name their Service in a label. */
export const endpointSliceReader: ApiReader = {
  group: "discovery.k8s.io",
  kinds: ["EndpointSlice"],
  resources: [
    { kind: "EndpointSlice", plural: "endpointslices", versions: ["v1"], scope: "Namespaced", subresources: [] },
  ],
  read: readEndpointSlice,
};

function readEndpoints(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const subsets = root.objects("subsets", "none");
  const addresses = subsets
    .flatMap((subset) => [...subset.objects("addresses", "none"), ...subset.objects("notReadyAddresses", "none")])
    .flatMap((address) => {
      const ip = address.text("ip");
      return ip === undefined ? [] : [ip];
    });
  const name = metadata.text("name") ?? "";
  return reading(metadata.textMap("labels"), name, root.at("subsets"), addresses, defects);
}

function readEndpointSlice(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const service = Object.hasOwn(labels, SERVICE_LABEL) ? (labels[SERVICE_LABEL] ?? "") : "";
  const addresses = root
    .objects("endpoints", "none")
    .flatMap((endpoint) => endpoint.texts("addresses").map(({ value }) => value));
  return reading(labels, service, root.at("endpoints"), addresses, defects);
}

function reading(
  labels: ObjectReading["labels"],
  service: string,
  pointer: string,
  addresses: readonly string[],
  defects: readonly Defect[],
): ObjectReading {
  const key = MANAGED_BY_LABELS.find((label) => Object.hasOwn(labels, label));
  const managedBy = key === undefined ? "" : (labels[key] ?? "");
  const endpoints = { service, pointer, addresses: addresses.slice(0, MOST_ADDRESSES), managedBy };
  return { family: "service", labels, endpoints, defects };
}
