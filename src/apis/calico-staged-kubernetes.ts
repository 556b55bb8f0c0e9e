/**
 * @module StagedKubernetesNetworkPolicy of Calico: a NetworkPolicy of Kubernetes that is not enforced yet.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { noteStaged } from "./calico-policy.ts";
import { ObjectNode } from "./fields.ts";
import { readNetworkPolicy } from "./kubernetes-network-policy.ts";
import type { ObjectReading } from "./reading.ts";

/** Reads such a policy as Kubernetes' own, without effect. */
export function readStagedKubernetesPolicy(object: JsonObject): ObjectReading {
  const reading = readNetworkPolicy({ ...object, ...withoutStagedAction(object["spec"]) });
  if (reading.policy === undefined) return reading;
  const defects = [...reading.policy.defects];
  const spec = object["spec"];
  // What is no object is noted by the reading already.
  if (isJsonObject(spec)) noteStaged(new ObjectNode(spec, "/spec", defects));
  const rules = reading.policy.rules.map((rule) => ({ ...rule, staged: true }));
  return { ...reading, policy: { ...reading.policy, isolates: { ingress: false, egress: false }, rules, defects } };
}

/** The spec without the one field that NetworkPolicy doesn't have. */
function withoutStagedAction(spec: JsonValue | undefined): JsonObject {
  if (!isJsonObject(spec)) return {};
  const { stagedAction: _, ...rest } = spec;
  return { spec: rest };
}
