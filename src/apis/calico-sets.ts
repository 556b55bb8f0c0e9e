/**
 * @module GlobalNetworkSet and NetworkSet of Calico: addresses behind labels, which the selectors of policies choose.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import { readNetworks } from "./calico-addresses.ts";
import { ObjectNode } from "./fields.ts";
import type { ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["nets"]);

/** Reads a set on its own, because it can change without the policies whose selectors choose it. */
export function readNetworkSet(object: JsonObject, scope: "namespace" | "cluster"): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readSet(object, scope), defects };
}

/**
 * The policies that choose the set decide direction and ports. A set of everything is read as open as each of them can
 * make it; a smaller one must not be blamed for ports that it doesn't name.
 */
function readSet(object: JsonObject, scope: "namespace" | "cluster"): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(SPEC_KEYS, "drops");
  const pointer = "/spec/nets";
  const { set: addresses } = readNetworks(spec, "nets", "accepted");
  const isEverything = addresses.coversPublic(4) || addresses.coversPublic(6);
  return {
    scope,
    subject: { reach: "nobody", pointer },
    isolates: { ingress: false, egress: false },
    evaluation: "first-match",
    rules: [
      {
        pointer,
        direction: "ingress",
        action: "allow",
        peers: peersOf({ addresses }),
        peersPointer: pointer,
        ports: PortSet.everything,
        portsPointer: pointer,
        operations: isEverything ? "all" : "some",
        staged: false,
      },
    ],
    defects,
  };
}
