/**
 * @module MultiNetworkPolicy (k8s.cni.cncf.io): a NetworkPolicy for Pods' further networks, which an annotation names
 * (k8snetworkplumbingwg/multi-networkpolicy). NetworkAttachmentDefinition, in the same group, allows nothing.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readNetworkPolicy } from "./kubernetes-network-policy.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** The networks that a policy is for: names of NetworkAttachmentDefinitions, separated by commas. */
const POLICY_FOR = "k8s.v1.cni.cncf.io/policy-for";

/** Reader of k8s.cni.cncf.io MultiNetworkPolicy. */
export const multiNetworkPolicyReader: ApiReader = {
  group: "k8s.cni.cncf.io",
  kinds: ["MultiNetworkPolicy"],
  resources: [
    {
      kind: "MultiNetworkPolicy",
      plural: "multi-networkpolicies",
      versions: ["v1beta2", "v1beta1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: readMultiNetworkPolicy,
};

function readMultiNetworkPolicy(object: JsonObject): ObjectReading {
  const reading = readNetworkPolicy(object);
  const defects: Defect[] = [...reading.defects];
  const metadata = new ObjectNode(object, "", []).object("metadata");
  const annotations = metadata && new ObjectNode(metadata.value, metadata.pointer, defects).textMap("annotations");
  const networks = annotations && Object.hasOwn(annotations, POLICY_FOR) ? (annotations[POLICY_FOR] ?? "") : "";
  if (networks.trim() === "") {
    const detail = `names no network: without the annotation ${POLICY_FOR} the policy applies to none`;
    const pointer = metadata === undefined ? "/metadata" : metadata.at("annotations");
    defects.push({ kind: "matches-nothing", pointer, detail, effect: "none" });
  }
  return { ...reading, defects };
}
