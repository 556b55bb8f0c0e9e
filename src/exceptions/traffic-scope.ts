/**
 * @module The traffic that an approval excuses, as JSON inside of the signed text: `excuses.traffic`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { type AddressFamily, AddressSet } from "../model/address-set.ts";
import { readAddress, writeAddress } from "../model/address-text.ts";
import type { LabelFormula, Requirement } from "../model/label-formula.ts";
import { PortSet, TRANSPORTS } from "../model/port-set.ts";
import type { Direction, PodTerm, PolicyReading } from "../model/traffic.ts";
import { type FormulaScope, podTermScope, podTermText, type PodTermScope } from "./canonical-text.ts";
import {
  type ApprovableFlow,
  policyTraffic,
  type PolicyTraffic,
  REACHES,
  type SubjectReach,
} from "./policy-traffic.ts";

/** Characters of a scope as JSON: an approval is 8 kB in all, base64 included. */
export const LARGEST_SCOPE = 4096;

/** Type aliases, not interfaces: they are JSON objects to the compiler. */
export type TrafficScope = {
  readonly version: 1;
  readonly frame: string;
  readonly reach: SubjectReach | null;
  readonly flows: readonly FlowScope[];
};

export type FlowScope = {
  readonly direction: Direction;
  readonly selection: string;
  readonly operations: string;
  /** `everyone`, or what the members below say. */
  readonly everyone: boolean;
  /** `10.0.0.0-10.255.255.255`: both ends included. */
  readonly addresses: readonly string[];
  readonly addressesReachPods: boolean;
  readonly pods: readonly PodTermScope[];
  readonly named: readonly string[];
  readonly ports: "all" | readonly PortScope[];
};

/**
 * `["TCP",80,90]`, `["TCP","http"]` (a port by name), `["+","ICMP"]` (a protocol without ports), and
 * `["-","ICMP",...]`: all protocols without ports but these.
 */
export type PortScope = readonly [string, ...(string | number)[]];

/**
 * The traffic of some rules, to be approved.
 * @param policy the reading of the object
 * @param object the same object as JSON
 * @param pointers the `rules` of the findings that are to be excused
 * @returns undefined where the scope is larger than LARGEST_SCOPE: such rules can't be approved
 */
export function trafficScopeOf(
  policy: PolicyReading,
  object: JsonObject,
  pointers: Iterable<string>,
): TrafficScope | undefined {
  const wanted = new Set(pointers);
  const { frame, reach, flows } = policyTraffic(policy, object);
  const scopes = flows.filter(({ pointer }) => wanted.has(pointer)).map(flowScope);
  const distinct = new Map(scopes.map((scope) => [JSON.stringify(scope), scope]));
  const sorted = [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, scope]) => scope);
  const scope: TrafficScope = { version: 1, frame, reach, flows: sorted };
  return JSON.stringify(scope).length > LARGEST_SCOPE ? undefined : scope;
}

function flowScope(flow: ApprovableFlow): FlowScope {
  const { direction, selection, operations, everyone, addresses, addressesReachPods, pods, named, ports } = flow;
  return {
    direction,
    selection,
    operations,
    everyone,
    addresses: addresses
      .ranges()
      .map(({ family, first, last }) => `${writeAddress(family, first)}-${writeAddress(family, last)}`),
    addressesReachPods,
    pods: [...pods].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, term]) => podTermScope(term)),
    named: [...named].toSorted(),
    ports: portScope(ports),
  };
}

function portScope(ports: PortSet): FlowScope["ports"] {
  if (ports.equals(PortSet.everything)) return "all";
  const parts: PortScope[] = [];
  for (const transport of TRANSPORTS) {
    const numbers = ports.numbersOf(transport);
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      parts.push([transport, numbers[index] ?? 0, (numbers[index + 1] ?? 0) - 1]);
    }
    for (const name of [...ports.namesOf(transport)].toSorted()) parts.push([transport, name]);
  }
  const { except, names } = ports.others;
  const others = [...names].toSorted();
  if (except) parts.push(["-", ...others]);
  else for (const name of others) parts.push(["+", name]);
  return parts;
}

/**
 * Reads a scope out of an approval.
 * @returns undefined for what {@link trafficScopeOf} doesn't write: such a scope covers nothing
 */
export function readTrafficScope(value: JsonValue | null): PolicyTraffic | undefined {
  if (!isJsonObject(value ?? undefined)) return undefined;
  const { version, frame, reach, flows } = value as Partial<TrafficScope>;
  if (version !== 1 || typeof frame !== "string" || !Array.isArray(flows)) return undefined;
  if (reach !== null && !REACHES.some((known) => known === reach)) return undefined;
  try {
    return { frame, reach: reach ?? null, flows: flows.map(readFlow) };
  } catch (cause) {
    if (cause instanceof TypeError) return undefined;
    throw cause;
  }
}

function readFlow(flow: FlowScope): ApprovableFlow {
  const { direction, selection, operations, everyone, addresses, addressesReachPods, pods, named, ports } = flow;
  const texts: readonly unknown[] = [selection, operations, ...addresses, ...named];
  const isGood =
    (direction === "ingress" || direction === "egress") &&
    typeof everyone === "boolean" &&
    typeof addressesReachPods === "boolean" &&
    texts.every((text) => typeof text === "string");
  if (!isGood) throw new TypeError("no flow");
  const terms = pods.map(readPodTerm);
  return {
    pointer: "",
    direction,
    selection,
    operations,
    everyone,
    addresses: AddressSet.unionOf(addresses.map(readRange)),
    addressesReachPods,
    pods: new Map(terms.map((term) => [podTermText(term), term])),
    named: new Set(named),
    ports: ports === "all" ? PortSet.everything : PortSet.unionOf(ports.map(readPorts)),
  };
}

function readRange(text: string): AddressSet {
  const [first, last, more] = text.split("-").map(readAddress);
  if (first === undefined || last === undefined || more !== undefined) throw new TypeError("no range");
  if (first.family !== last.family || first.value > last.value) throw new TypeError("no range");
  return AddressSet.block(first.family satisfies AddressFamily, first.value, last.value - first.value + 1n);
}

function readPorts(part: PortScope): PortSet {
  const [kind, first, last] = part;
  if (kind === "-") return PortSet.everything.subtract(everyTransport).subtract(protocols(part.slice(1)));
  if (kind === "+") return protocols(part.slice(1));
  if (!TRANSPORTS.includes(kind)) throw new TypeError("no transport");
  if (typeof first === "string") return PortSet.named(kind, first);
  if (typeof first !== "number" || typeof last !== "number") throw new TypeError("no ports");
  return PortSet.range(kind, first, last);
}

const everyTransport = PortSet.unionOf(TRANSPORTS.map((transport) => PortSet.protocol(transport)));

function protocols(names: readonly unknown[]): PortSet {
  return PortSet.unionOf(names.map((name) => PortSet.protocol(String(name))));
}

function readPodTerm([namespaces, pods]: PodTermScope): PodTerm {
  return { namespaces: namespaces === "own" ? "own" : readFormula(namespaces), pods: readFormula(pods) };
}

const OPERATORS: ReadonlySet<string> = new Set<Requirement["operator"]>([
  "In",
  "NotIn",
  "Exists",
  "DoesNotExist",
  "Contains",
  "StartsWith",
  "EndsWith",
]);

function readFormula(scope: FormulaScope | string): LabelFormula {
  if (typeof scope === "string" || !Array.isArray(scope)) throw new TypeError("no formula");
  const [operator, ...parts] = scope;
  if (typeof operator !== "string") throw new TypeError("no operator");
  if (operator === "all") return { all: parts.map(readFormula) };
  if (operator === "any") return { any: parts.map(readFormula) };
  if (operator === "not" && parts.length === 1) return { not: readFormula(parts[0] ?? "") };
  const [key, ...values] = parts;
  if (!OPERATORS.has(operator) || typeof key !== "string" || values.some((one) => typeof one !== "string")) {
    throw new TypeError("no requirement");
  }
  return { key, operator: operator as Requirement["operator"], values: values as readonly string[] };
}
