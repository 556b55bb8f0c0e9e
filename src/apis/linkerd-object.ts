/**
 * @module What Linkerd's policy objects have in common: a namespace, a spec that the API requires, authorizations that
 * only ever add to each other (linkerd2, policy-controller and charts/linkerd-crds).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { PortSet } from "../model/port-set.ts";
import type { Defect, PeerSet, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import type { ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);

export const LINKERD_GROUP = "policy.linkerd.io";

/** Where an object stands. */
export interface LinkerdPlace {
  /** The object's namespace as far as it is written. */
  readonly namespace: string | undefined;
  /** The version of the API, `v1beta3`. */
  readonly version: string;
}

/** What the kinds differ in. */
export type SpecReading = Pick<PolicyReading, "subject" | "rules"> & Partial<Pick<PolicyReading, "scope" | "isolates">>;

/** Reads a whole object; one without a spec has no rules. */
export function readLinkerdObject(
  object: JsonObject,
  readSpec: (spec: ObjectNode, place: LinkerdPlace) => SpecReading,
): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const apiVersion = object["apiVersion"];
  const version = typeof apiVersion === "string" ? (apiVersion.split("/")[1] ?? "") : "";
  const place = { namespace: metadata.text("namespace"), version };
  return { family: "network", labels, policy: readPolicy(object, (spec) => readSpec(spec, place)), defects };
}

function readPolicy(object: JsonObject, readSpec: (spec: ObjectNode) => SpecReading): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  const common = {
    scope: "namespace",
    isolates: { ingress: false, egress: false },
    evaluation: "deny-overrides",
    defects,
  } as const;
  if (spec === undefined) return { ...common, subject: { reach: "nobody", pointer: "/spec" }, rules: [] };
  return { ...common, ...readSpec(spec) };
}

/** A rule that lets clients in. Linkerd's proxies are about TCP alone: other protocols pass by them. */
export function ingressRule(
  pointer: string,
  peers: PeerSet,
  more: Partial<Pick<TrafficRule, "peersPointer" | "ports" | "portsPointer" | "operations">>,
): TrafficRule {
  return {
    pointer,
    direction: "ingress",
    action: "allow",
    peers,
    peersPointer: pointer,
    ports: PortSet.protocol("TCP"),
    portsPointer: pointer,
    operations: "all",
    staged: false,
    ...more,
  };
}
