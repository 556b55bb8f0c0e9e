/**
 * @module CiliumCIDRGroup of cilium.io: addresses that policies refer to by name or label.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import { readCidrs } from "./cilium-addresses.ts";
import { ObjectNode } from "./fields.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["externalCIDRs"]);

/** Reader of CIDR groups. A group is judged on its own, because it can change without the policies that name it. */
export const ciliumCidrGroupReader: ApiReader = {
  group: "cilium.io",
  kinds: ["CiliumCIDRGroup"],
  resources: [
    {
      kind: "CiliumCIDRGroup",
      plural: "ciliumcidrgroups",
      versions: ["v2", "v2alpha1"],
      scope: "Cluster",
      subresources: [],
    },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readGroup(object), defects };
}

/**
 * The policies that refer to the group decide direction and ports. A group of everything outside is read as open as
 * each of them can make it; a smaller one must not be blamed for ports that it doesn't name.
 */
function readGroup(object: JsonObject): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.requiredObject("spec");
  spec?.checkKeys(SPEC_KEYS, "drops");
  const pointer = "/spec/externalCIDRs";
  if (spec !== undefined && !spec.has("externalCIDRs")) {
    spec.report("missing-field", pointer, '"externalCIDRs" is missing; the API requires it');
  }
  const addresses = spec === undefined ? undefined : readCidrs(spec, "externalCIDRs", "most");
  const peers = peersOf({ ...(addresses === undefined ? {} : { addresses }), addressesReachPods: false });
  const isEverything = peers.addresses.coversPublic(4) || peers.addresses.coversPublic(6);
  return {
    scope: "cluster",
    subject: { reach: "nobody", pointer },
    isolates: { ingress: false, egress: false },
    evaluation: "deny-overrides",
    rules: [
      {
        pointer,
        direction: "ingress",
        action: "allow",
        peers,
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
