/**
 * @module Conditions of Istio's rules (`when[]`): attributes that must all have one of their values (Istio 1.31,
 * pkg/config/security/security.go lists the keys).
 */
import { nobody } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import {
  type PolicyPlace,
  readNamespaces,
  readPrincipals,
  readServiceAccounts,
  readTrustDomains,
  readValues,
} from "./istio-identities.ts";
import { readPorts } from "./istio-operations.ts";
import { both, type Restriction, unrestricted } from "./istio-restriction.ts";
import { readAddresses, readTokens, withAddresses } from "./istio-sources.ts";
import { nearest } from "./suggest.ts";

/** Admission must answer in time: conditions behind so many are checked and don't narrow. */
const MOST_NARROWING = 100;

type ConditionReader = (condition: ObjectNode, place: PolicyPlace) => Restriction;

const CONDITION_KEYS: ReadonlySet<string> = new Set(["key", "values", "notValues"]);
const ATTRIBUTES: ReadonlyMap<string, ConditionReader> = new Map<string, ConditionReader>([
  ["source.ip", (condition) => withAddresses(condition, "values", "notValues", false)],
  ["remote.ip", (condition) => withAddresses(condition, "values", "notValues", true)],
  ["source.namespace", ofIdentities(readNamespaces)],
  ["source.principal", ofIdentities(readPrincipals)],
  ["source.serviceAccount", ofIdentities(readServiceAccounts)],
  ["source.trustDomain", ofIdentities(readTrustDomains)],
  ["request.auth.principal", (condition) => readTokens(condition, "values")],
  ["request.auth.audiences", ofToken],
  ["request.auth.presenter", ofToken],
  ["destination.ip", ofDestination],
  ["destination.port", (condition) => ({ ...unrestricted, ports: readPorts(condition, "values", "notValues") })],
  ["connection.sni", ofRequest],
]);
/** Attributes with a name in brackets. */
const NAMED_ATTRIBUTES: ReadonlyMap<string, ConditionReader> = new Map<string, ConditionReader>([
  ["request.headers", ofRequest],
  ["request.experimental.inline.headers", ofRequest],
  ["request.auth.claims", ofToken],
  // What a filter of Envoy puts there can't be told.
  ["experimental.envoy.filters.", () => unrestricted],
]);

/** What the conditions of a rule let through together. */
export function readConditions(rule: ObjectNode, place: PolicyPlace, allows: boolean): Restriction {
  const conditions = rule.objects("when", allows ? "widens" : "none");
  const read = conditions.map((condition) => readCondition(condition, place, allows));
  return read.slice(0, MOST_NARROWING).reduce(both, unrestricted);
}

function readCondition(condition: ObjectNode, place: PolicyPlace, allows: boolean): Restriction {
  condition.checkKeys(CONDITION_KEYS, allows ? "widens" : "none");
  const key = condition.requiredText("key");
  if (condition.count("values") === 0 && condition.count("notValues") === 0) {
    const detail = "a condition needs values or notValues; Istio refuses one without";
    condition.report("missing-field", condition.pointer, detail);
  }
  if (key === undefined) return unrestricted;
  const read = readerOf(key);
  if (read !== undefined) return read(condition, place);
  const meant = nearest(key, [...ATTRIBUTES.keys()]);
  const advice = meant === undefined ? ":" : `, did you mean ${quote(meant)}?`;
  const detail = `unknown condition ${quote(key)}${advice} Istio leaves out the whole rule`;
  condition.report("invalid-value", condition.at("key"), detail);
  return { ...unrestricted, peers: nobody };
}

function readerOf(key: string): ConditionReader | undefined {
  const known = ATTRIBUTES.get(key);
  if (known !== undefined) return known;
  const open = key.indexOf("[");
  // A name of at least one character between brackets, as Istio's validation wants it.
  if (open <= 0 || !key.endsWith("]") || open >= key.length - 2) return undefined;
  for (const [prefix, read] of NAMED_ATTRIBUTES) if (key.startsWith(prefix)) return read;
  return undefined;
}

/** Values that are excluded leave nearly everybody. */
function ofIdentities(
  read: (condition: ObjectNode, key: string, place: PolicyPlace) => Restriction["peers"],
): ConditionReader {
  return (condition, place) => {
    read(condition, "notValues", place);
    const peers = read(condition, "values", place);
    return condition.count("values") === 0 ? unrestricted : { ...unrestricted, peers };
  };
}

/** Whatever is asked of a token: there must be one. */
function ofToken(condition: ObjectNode): Restriction {
  const values = readValues(condition, "values");
  return values.length === 0 ? unrestricted : { ...unrestricted, operations: "some" };
}

/** What a client writes itself restricts what it asks for, and not who it is. */
function ofRequest(condition: ObjectNode): Restriction {
  const values = readValues(condition, "values");
  const narrows = values.length > 0 && !values.some(({ value }) => value === "*");
  return narrows ? { ...unrestricted, operations: "some" } : unrestricted;
}

/** The side that the policy protects. */
function ofDestination(condition: ObjectNode): Restriction {
  readAddresses(condition, "values");
  readAddresses(condition, "notValues");
  return unrestricted;
}
