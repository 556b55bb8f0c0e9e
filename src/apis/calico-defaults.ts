/**
 * @module Kinds of Calico that say what happens to traffic on which no policy decides: Tier, HostEndpoint and Profile
 * (projectcalico/calico, API v3).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import { readOrder } from "./calico-policy.ts";
import { readRules } from "./calico-rules.ts";
import { ObjectNode } from "./fields.ts";
import type { ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const TIER_KEYS: ReadonlySet<string> = new Set(["order", "defaultAction"]);
const HOST_KEYS: ReadonlySet<string> = new Set(["node", "interfaceName", "expectedIPs", "profiles", "ports"]);
const PROFILE_KEYS: ReadonlySet<string> = new Set(["ingress", "egress", "labelsToApply"]);
const DEFAULT_ACTIONS: readonly string[] = ["Deny", "Pass"];
/** Tiers for Kubernetes' ClusterNetworkPolicies, for which the CRD demands Pass. */
const PASSING_TIERS: readonly string[] = ["kube-admin", "kube-baseline"];
const ALLOWING_PROFILE = "projectcalico-default-allow";
/** A profile decides after every policy, and nothing comes behind it. */
const PROFILE_RULES = { namespaced: false, lastTier: true, staged: false } as const;

/** Reads a Tier: what its policies don't match, it denies or passes to the next one. */
export function readTier(object: JsonObject): ObjectReading {
  return readDefaults(object, TIER_KEYS, (spec, name) => {
    readOrder(spec);
    const action = spec.text("defaultAction");
    const pointer = spec.at("defaultAction");
    if (action !== undefined && !DEFAULT_ACTIONS.includes(action)) {
      spec.report("invalid-value", pointer, `unknown action ${quote(action)}; known are ${DEFAULT_ACTIONS.join(", ")}`);
    }
    if (action !== "Pass" || PASSING_TIERS.includes(name)) return;
    const detail = "policies of this tier isolate nothing: what they don't match is passed on; write Deny";
    spec.report("no-isolation", pointer, detail);
  });
}

/** Reads a HostEndpoint: an interface of a node, closed unless a policy or a profile opens it. */
export function readHostEndpoint(object: JsonObject): ObjectReading {
  return readDefaults(object, HOST_KEYS, (spec) => {
    for (const { value, pointer } of spec.texts("profiles")) {
      if (value !== ALLOWING_PROFILE) continue;
      const detail = "by this profile the node is open to everything on which no policy decides; remove it";
      spec.report("no-isolation", pointer, detail);
    }
  });
}

function readDefaults(
  object: JsonObject,
  specKeys: ReadonlySet<string>,
  readSpec: (spec: ObjectNode, name: string) => void,
): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const metadata = root.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(specKeys, "drops");
  readSpec(spec, metadata.text("name") ?? "");
  return { family: "network", labels, defects };
}

/** Reads a Profile: rules for endpoints to which no policy applies. */
export function readProfile(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readProfilePolicy(object), defects };
}

function readProfilePolicy(object: JsonObject): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(PROFILE_KEYS, "drops");
  spec.textMap("labelsToApply");
  return {
    scope: "cluster",
    subject: { reach: "selected", pointer: spec.pointer },
    isolates: { ingress: false, egress: false },
    evaluation: "first-match",
    rules: [...readRules(spec, "ingress", PROFILE_RULES), ...readRules(spec, "egress", PROFILE_RULES)],
    defects,
  };
}
