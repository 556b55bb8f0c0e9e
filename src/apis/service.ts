/**
 * @module Services: the fields by which traffic gets around network policy, and who may connect to a load balancer
 * (Kubernetes 1.36; k8s.io/cloud-provider service/helpers for source ranges; Cilium 1.19 pkg/annotation).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { AddressSet, parseCidr } from "../model/address-set.ts";
import { everyone, peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { Defect, PeerSet } from "../model/traffic.ts";
import { ObjectNode, pointerInto, type TextElement } from "./fields.ts";
import { addMeshKeys, SERVICE_ANNOTATIONS, SERVICE_LABELS } from "./mesh-keys.ts";
import type { ApiReader, ObjectReading, ServiceReading } from "./reading.ts";

const RANGES_FIELD = "loadBalancerSourceRanges";
const RANGES_ANNOTATION = "service.beta.kubernetes.io/load-balancer-source-ranges";
/** Turns the ranges into those that may not connect. */
const INVERTING_ANNOTATION = "service.cilium.io/src-ranges-policy";
/** Annotations that ask a load balancer's controller for particular addresses. */
const ADDRESS_ANNOTATIONS: readonly string[] = [
  "lbipam.cilium.io/ips",
  "io.cilium/lb-ipam-ips",
  "metallb.io/loadBalancerIPs",
  "metallb.universe.tf/loadBalancerIPs",
  "kube-vip.io/loadbalancerIPs",
];
/** Annotations that say what kind of load balancer it is are short; last-applied configurations are not. */
const LONGEST_ANNOTATION = 63;

/** Reader of core Services. */
export const serviceReader: ApiReader = {
  group: "",
  kinds: ["Service"],
  // Whoever writes addresses into the status takes over their traffic (CVE-2020-8554).
  resources: [{ kind: "Service", plural: "services", versions: ["v1"], scope: "Namespaced", subresources: ["status"] }],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const annotations = metadata.textMap("annotations");
  const spec = root.objectOrEmpty("spec");
  // The API server's default; a headless Service is a ClusterIP one too.
  const type = spec.text("type") ?? "ClusterIP";
  const service: ServiceReading = {
    type,
    externalIPs: spec.texts("externalIPs").map(({ value }) => value),
    statusAddresses: readStatusAddresses(root),
    claims: readClaims(spec, type, annotations, metadata.at("annotations")),
    ...(type === "LoadBalancer" ? { clients: readClients(spec, annotations, metadata.at("annotations")) } : {}),
  };
  const labels = metadata.textMap("labels");
  const labelled = addMeshKeys(undefined, labels, SERVICE_LABELS, metadata.at("labels"));
  const mesh = addMeshKeys(labelled, annotations, SERVICE_ANNOTATIONS, metadata.at("annotations"));
  return { family: "service", labels, service, ...(mesh === undefined ? {} : { mesh }), defects };
}

function readStatusAddresses(root: ObjectNode): ServiceReading["statusAddresses"] {
  const loadBalancer = root.objectOrEmpty("status").objectOrEmpty("loadBalancer");
  return loadBalancer.objects("ingress", "none").flatMap((ingress) => {
    const address = ingress.text("ip") ?? "";
    return address === "" ? [] : [{ pointer: ingress.at("ip"), address }];
  });
}

function readClaims(
  spec: ObjectNode,
  type: string,
  annotations: Readonly<Record<string, string>>,
  annotationsPointer: string,
): ServiceReading["claims"] {
  const claims: { pointer: string; words: string }[] = [];
  const name = spec.text("externalName") ?? "";
  if (type === "ExternalName" && name !== "") {
    claims.push({ pointer: spec.at("externalName"), words: `stands for the name ${quote(name)}, wherever that is` });
  }
  if (type !== "LoadBalancer") return claims;
  const address = spec.text("loadBalancerIP") ?? "";
  if (address !== "")
    claims.push({ pointer: spec.at("loadBalancerIP"), words: `asks for the address ${quote(address)}` });
  for (const key of ADDRESS_ANNOTATIONS) {
    const value = valueOf(annotations, key);
    if (value === "") continue;
    claims.push({ pointer: pointerInto(annotationsPointer, key), words: `asks for the address ${quote(value)}` });
  }
  return claims;
}

/** A load balancer is for everyone unless ranges say otherwise; the annotation counts only where the field is empty. */
function readClients(
  spec: ObjectNode,
  annotations: Readonly<Record<string, string>>,
  annotationsPointer: string,
): NonNullable<ServiceReading["clients"]> {
  const written = spec.texts(RANGES_FIELD);
  const annotation = valueOf(annotations, RANGES_ANNOTATION);
  const annotationPointer = pointerInto(annotationsPointer, RANGES_ANNOTATION);
  const ranges = written.length > 0 ? written : splitRanges(annotation, annotationPointer);
  const pointer = written.length === 0 && annotation !== "" ? annotationPointer : spec.at(RANGES_FIELD);
  const inverted = valueOf(annotations, INVERTING_ANNOTATION).toLowerCase() === "deny";
  return {
    pointer: inverted ? pointerInto(annotationsPointer, INVERTING_ANNOTATION) : pointer,
    peers: ranges.length === 0 || inverted ? everyone : readRanges(spec, ranges),
    annotations: shortOnes(annotations),
  };
}

function splitRanges(text: string, pointer: string): readonly TextElement[] {
  return text === "" ? [] : text.split(",").map((value) => ({ value, pointer }));
}

function readRanges(spec: ObjectNode, ranges: readonly TextElement[]): PeerSet {
  const sets: AddressSet[] = [];
  for (const { value, pointer } of ranges) {
    const cidr = parseCidr(value.trim());
    if (cidr !== undefined) sets.push(cidr.set);
    else spec.report("invalid-value", pointer, `${quote(value)} is no CIDR such as 198.51.100.0/24`);
  }
  return peersOf({ addresses: AddressSet.unionOf(sets) });
}

function shortOnes(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([, value]) => value.length <= LONGEST_ANNOTATION));
}

function valueOf(annotations: Readonly<Record<string, string>>, key: string): string {
  return (Object.hasOwn(annotations, key) ? (annotations[key] ?? "") : "").trim();
}
