/**
 * @module One side of a Calico rule (`source`, `destination`): selectors, service accounts, networks and Services, all
 * of which must match (projectcalico/calico, type EntityRule, and its conversion in syncersv1/updateprocessors/rules.go).
 */
import { AddressSet } from "../model/address-set.ts";
import { everyLabel, implies, type LabelFormula } from "../model/label-formula.ts";
import { everyone, nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { compareReach, DEFAULT_WIDTH_CONTEXT, measurePeers } from "../model/peer-width.ts";
import type { PeerSet } from "../model/traffic.ts";
import { readNetworks, WHOLE_FAMILY } from "./calico-addresses.ts";
import {
  ANY_NAMESPACE,
  type Bound,
  type LabelChoice,
  peersByLabels,
  readSelector,
  SERVICE_ACCOUNT_LABEL,
  SERVICE_ACCOUNT_PREFIX,
  withPrefix,
} from "./calico-labels.ts";
import type { ObjectNode } from "./fields.ts";

const ENTITY_KEYS: ReadonlySet<string> = new Set([
  "nets",
  "notNets",
  "selector",
  "notSelector",
  "namespaceSelector",
  "serviceAccounts",
  "services",
  "ports",
  "notPorts",
]);
const SERVICE_ACCOUNTS_KEYS: ReadonlySet<string> = new Set(["names", "selector"]);
const SERVICES_KEYS: ReadonlySet<string> = new Set(["name", "namespace"]);

/** What the reading of an entity depends on. */
export interface EntityContext {
  /** Whether the policy has a Namespace, to which its selectors are then limited. */
  readonly namespaced: boolean;
  readonly bound: Bound;
}

/**
 * The peers of one side of a rule, ports aside. The model has no intersection of labels and addresses: as the most that
 * it can mean such a peer is the narrowest of its parts, as the least it is nobody.
 */
export function readEntity(entity: ObjectNode, context: EntityContext): PeerSet {
  const mark = entity.defects.length;
  const most = context.bound === "most";
  entity.checkKeys(ENTITY_KEYS, most ? "widens" : "none");
  const parts = [readLabels(entity, context), readAddresses(entity), readService(entity)];
  if (!most && entity.rejectedSince(mark)) return nobody;
  const restrictions = parts.filter((part) => !part.everyone);
  const [only] = restrictions;
  if (only === undefined) return everyone;
  if (restrictions.length === 1) return only;
  return most ? narrowest(restrictions) : nobody;
}

/** The set that reaches least; where several do, their union, so that each of them is judged. */
function narrowest(sets: readonly PeerSet[]): PeerSet {
  const measured = sets.map((peers) => ({ peers, reach: measurePeers(peers, DEFAULT_WIDTH_CONTEXT).reach }));
  const least = measured.map(({ reach }) => reach).reduce((a, b) => (compareReach(a, b) <= 0 ? a : b));
  return unionOfPeers(measured.filter(({ reach }) => reach === least).map(({ peers }) => peers));
}

function readLabels(entity: ObjectNode, { namespaced, bound }: EntityContext): PeerSet {
  const effect = bound === "most" ? "widens" : "none";
  const mark = entity.defects.length;
  const namespaces = readSelector(entity, "namespaceSelector", effect, ANY_NAMESPACE);
  const selector = readSelector(entity, "selector", effect);
  const notSelector = readSelector(entity, "notSelector", effect);
  const accounts = readServiceAccounts(entity, effect);
  // The agent reads Namespaces that it can't parse as no restriction; for the other selectors that is the most.
  if (entity.rejectedSince(mark)) return everyone;
  const chosen = [...accounts, ...(selector === undefined ? [] : [selector])];
  const isLimited = namespaces !== undefined || chosen.length > 0 || (namespaced && notSelector !== undefined);
  if (!isLimited) return withoutSome(notSelector, bound);
  const refused: readonly LabelFormula[] = notSelector === undefined ? [] : [{ not: notSelector }];
  const [first, ...others] = [...chosen, ...refused];
  const endpoints = first === undefined ? everyLabel : others.length === 0 ? first : { all: [first, ...others] };
  const choice: LabelChoice = { namespaces: namespaces ?? (namespaced ? "own" : undefined), endpoints };
  return peersByLabels(choice, bound);
}

/** `notSelector` alone leaves everyone else, inside and outside. */
function withoutSome(notSelector: LabelFormula | undefined, bound: Bound): PeerSet {
  if (notSelector === undefined) return everyone;
  if (implies(everyLabel, notSelector)) return nobody;
  return bound === "most" ? everyone : nobody;
}

/** Formulas over the labels that Calico derives from a Pod's service account. */
function readServiceAccounts(entity: ObjectNode, effect: "widens" | "none"): readonly LabelFormula[] {
  const accounts = entity.object("serviceAccounts");
  if (accounts === undefined) return [];
  const mark = accounts.defects.length;
  accounts.checkKeys(SERVICE_ACCOUNTS_KEYS, effect);
  const selector = readSelector(accounts, "selector", effect);
  const names = accounts.texts("names").map(({ value }) => value);
  if (selector === undefined && names.length === 0 && !accounts.rejectedSince(mark)) {
    const detail = '"serviceAccounts" without names and selector restricts nothing; name the accounts or remove it';
    accounts.report("inert-section", accounts.pointer, detail);
  }
  const bySelector = selector === undefined ? [] : [withPrefix(selector, SERVICE_ACCOUNT_PREFIX)];
  if (names.length === 0) return bySelector;
  return [...bySelector, { key: SERVICE_ACCOUNT_LABEL, operator: "In", values: names }];
}

/**
 * `nets` without `notNets`; `notNets` alone is everything else of its own families, because the agent leaves a rule out
 * of the family in which a list of it has no network. A list of nothing but unreadable networks restricts nothing.
 */
function readAddresses(entity: ObjectNode): PeerSet {
  const nets = readNetworks(entity, "nets", "refused");
  const notNets = readNetworks(entity, "notNets", "refused");
  if (nets.families.length > 1) {
    const detail = "networks of IPv4 and IPv6 in one list are refused; make it two rules";
    entity.report("conflicting-fields", entity.at("nets"), detail);
  }
  checkNothingLeft(entity);
  if (nets.count === 0 && notNets.count === 0) return everyone;
  const set = nets.count > 0 ? nets.set : AddressSet.unionOf(notNets.families.map((family) => WHOLE_FAMILY[family]));
  return peersOf({ addresses: set.subtract(notNets.set) });
}

/** Calico's validation refuses these two spellings, and no other that leaves no address. */
function checkNothingLeft(entity: ObjectNode): void {
  const written = entity.value["notNets"];
  if (!Array.isArray(written)) return;
  for (const [index, value] of written.entries()) {
    if (value !== "0.0.0.0/0" && value !== "::/0") continue;
    const detail = "everything but every address is no address; remove the rule";
    entity.report("invalid-value", `${entity.at("notNets")}/${index}`, detail);
  }
}

/** Whatever addresses the EndpointSlices of a Service hold. */
function readService(entity: ObjectNode): PeerSet {
  const services = entity.object("services");
  if (services === undefined) return everyone;
  services.checkKeys(SERVICES_KEYS, "none");
  const name = services.requiredText("name");
  if (name === undefined) return everyone;
  const namespace = services.text("namespace") || "(own namespace)";
  return peersOf({ unresolved: [`Service ${namespace}/${name}`] });
}
