/**
 * @module CiliumNodeConfig of cilium.io: settings of the agents on some nodes. Two of them switch all policy off there.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["defaults", "nodeSelector"]);

/** Settings of the agent (Cilium 1.19, pkg/option) with the values by which policy is not enforced, and why. */
const POLICY_OFF: readonly { readonly key: string; readonly values: readonly string[]; readonly detail: string }[] = [
  { key: "enable-policy", values: ["never"], detail: "no policy is enforced on these nodes" },
  {
    key: "policy-audit-mode",
    values: ["true", "1"],
    detail: "on these nodes traffic that policy denies is logged and let through",
  },
];

/** Reader of node configurations. */
export const ciliumNodeConfigReader: ApiReader = {
  group: "cilium.io",
  kinds: ["CiliumNodeConfig"],
  resources: [
    {
      kind: "CiliumNodeConfig",
      plural: "ciliumnodeconfigs",
      versions: ["v2", "v2alpha1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const labels = root.objectOrEmpty("metadata").textMap("labels");
  const spec = root.requiredObject("spec");
  if (spec !== undefined) readSpec(spec);
  return { family: "network", labels, defects };
}

function readSpec(spec: ObjectNode): void {
  spec.checkKeys(SPEC_KEYS, "drops");
  const selector = spec.requiredObject("nodeSelector");
  if (selector !== undefined) readLabelSelector(selector);
  const settings = spec.textMap("defaults");
  for (const { key, values, detail } of POLICY_OFF) {
    const value = Object.hasOwn(settings, key) ? settings[key] : undefined;
    if (value !== undefined && values.includes(value)) {
      spec.report("no-isolation", `${spec.at("defaults")}/${key}`, `${detail}; remove the setting`);
    }
  }
}
