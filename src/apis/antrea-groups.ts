/**
 * @module Antrea's Group and ClusterGroup: Pods and addresses behind a name, which rules and subjects of policies refer to;
 * and Tier, the order of policies (antrea-io/antrea, type GroupSpec, and networkpolicy/validate.go).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { AddressSet } from "../model/address-set.ts";
import { everyLabel } from "../model/label-formula.ts";
import { peersOf, unionOfPeers } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import type { Defect, PeerSet, PolicyReading } from "../model/traffic.ts";
import { readBlock } from "./antrea-peers.ts";
import { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import type { ObjectReading } from "./reading.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SELECTOR_KEYS = ["podSelector", "namespaceSelector", "externalEntitySelector"];
const GROUP_KEYS: ReadonlySet<string> = new Set([...SELECTOR_KEYS, "ipBlocks", "serviceReference", "childGroups"]);
const SERVICE_KEYS: ReadonlySet<string> = new Set(["name", "namespace"]);
const TIER_KEYS: ReadonlySet<string> = new Set(["priority", "description"]);
const HIGHEST_TIER_PRIORITY = 255;
/** Priorities of tiers that Antrea makes itself, which its webhook refuses for others. */
const RESERVED_PRIORITIES: ReadonlySet<number> = new Set([251, 252, 254, 255]);
const OWN_TIERS: readonly string[] = ["baseline", "application", "platform", "networkops", "securityops", "emergency"];

/** Reads a group on its own, because it can change without the policies that name it. */
export function readGroup(object: JsonObject, scope: "namespace" | "cluster"): ObjectReading {
  const defects: Defect[] = [];
  const labels = new ObjectNode(object, "", defects).objectOrEmpty("metadata").textMap("labels");
  return { family: "network", labels, policy: readMembers(object, scope), defects };
}

/**
 * The policies that name the group decide direction and ports. Every address is read as open as each of them can make
 * it; every Pod is not, because groups are also what policies apply to.
 */
function readMembers(object: JsonObject, scope: "namespace" | "cluster"): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(GROUP_KEYS, "drops");
  const mark = defects.length;
  const addresses = readBlocks(spec);
  const members = unionOfPeers([peersOf({ addresses }), readSelected(spec, scope), readReferences(spec, scope)]);
  checkCombination(spec);
  const isRefused = spec.rejectedSince(mark);
  const isEverything = addresses.coversPublic(4) || addresses.coversPublic(6);
  return {
    scope,
    subject: { reach: "nobody", pointer: spec.pointer },
    isolates: { ingress: false, egress: false },
    evaluation: "first-match",
    rules: isRefused
      ? []
      : [
          {
            pointer: spec.pointer,
            direction: "ingress",
            action: "allow",
            peers: members,
            peersPointer: spec.pointer,
            ports: PortSet.everything,
            portsPointer: spec.pointer,
            operations: isEverything ? "all" : "some",
            staged: false,
          },
        ],
    defects,
  };
}

function readBlocks(spec: ObjectNode): AddressSet {
  return AddressSet.unionOf(spec.objects("ipBlocks", "none").flatMap((block) => readBlock(block)?.addresses ?? []));
}

/** Pods by labels. A group without any selector has no members; a Group's own namespace is not every one. */
function readSelected(spec: ObjectNode, scope: "namespace" | "cluster"): PeerSet {
  const [pods, namespaces, entities] = SELECTOR_KEYS.map((key) => {
    const selector = spec.object(key);
    return selector && readLabelSelector(selector);
  });
  if (entities !== undefined) return peersOf({ unresolved: ["ExternalEntities by label"] });
  if (pods === undefined && namespaces === undefined) return peersOf({});
  const elsewhere = namespaces ?? (scope === "namespace" ? "own" : everyLabel);
  return peersOf({ pods: [{ namespaces: elsewhere, pods: pods ?? everyLabel }] });
}

/** Members that are written elsewhere. */
function readReferences(spec: ObjectNode, scope: "namespace" | "cluster"): PeerSet {
  const kind = scope === "namespace" ? "Group" : "ClusterGroup";
  const groups = spec.texts("childGroups").map(({ value }) => `${kind} ${value}`);
  const service = spec.object("serviceReference");
  service?.checkKeys(SERVICE_KEYS, "none");
  const place = `${service?.text("namespace") || "(own namespace)"}/${service?.text("name") ?? ""}`;
  return peersOf({ unresolved: [...groups, ...(service === undefined ? [] : [`Service ${place}`])] });
}

function checkCombination(spec: ObjectNode): void {
  const written = [...GROUP_KEYS].filter((key) => spec.has(key) && !isEmptyList(spec, key));
  const isPair = written.length === 2 && written.includes("namespaceSelector");
  const withSelector = written.includes("podSelector") || written.includes("externalEntitySelector");
  if (written.length <= 1 || (isPair && withSelector)) return;
  const detail = `${written.join(" and ")} exclude each other; make it several groups, and one with "childGroups"`;
  spec.report("conflicting-fields", spec.pointer, detail);
}

function isEmptyList(spec: ObjectNode, key: string): boolean {
  return Array.isArray(spec.value[key]) && spec.count(key) === 0;
}

/** Reads a Tier. It allows nothing itself. */
export function readTier(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const metadata = root.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const spec = root.requiredObject("spec");
  spec?.checkKeys(TIER_KEYS, "drops");
  spec?.text("description");
  if (spec !== undefined) checkTierPriority(spec, metadata.text("name") ?? "");
  return { family: "network", labels, defects };
}

function checkTierPriority(spec: ObjectNode, name: string): void {
  const pointer = spec.at("priority");
  if (!spec.has("priority")) spec.report("missing-field", pointer, '"priority" is missing; the API requires it');
  const priority = spec.integer("priority");
  if (priority === undefined) return;
  if (priority < 0 || priority > HIGHEST_TIER_PRIORITY) {
    const detail = `a priority is a number from 0 to ${HIGHEST_TIER_PRIORITY}, not ${priority}`;
    spec.report("invalid-value", pointer, detail);
  } else if (RESERVED_PRIORITIES.has(priority) && !OWN_TIERS.includes(name)) {
    spec.report("invalid-value", pointer, `the priority ${priority} is reserved for a tier of Antrea; take another`);
  }
}
