/**
 * @module What a policy lets through, as sets that can be compared: whether all of it was approved, or was there before.
 *
 * Only traffic counts, so rules may be reordered, split, merged or narrowed. What isn't certainly contained is not
 * contained: work is bounded, and whatever exceeds the bound counts as new.
 */
import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { AddressSet } from "../model/address-set.ts";
import { effectiveRules } from "../model/effective-rules.ts";
import { coversTerm } from "../model/peer-set.ts";
import type { PortSet } from "../model/port-set.ts";
import type { Direction, PeerSet, PodTerm, PolicyReading, TrafficRule } from "../model/traffic.ts";
import { canonicalText, identityText, podTermText } from "./canonical-text.ts";

/** Whom a policy applies to, narrowest first. */
export const REACHES = ["nobody", "selected", "namespace", "cluster"] as const;
export type SubjectReach = (typeof REACHES)[number];

/** Some peers on some ports, for some Pods. */
export interface ApprovableFlow {
  /** JSON Pointer of the rule; empty for traffic out of an approval, whose rule may have moved. */
  readonly pointer: string;
  readonly direction: Direction;
  /** Digest of what selects the Pods that the rule is for. */
  readonly selection: string;
  /** `all`, or a digest of the rule where methods, paths or hosts narrow it: the model doesn't know how. */
  readonly operations: string;
  readonly everyone: boolean;
  readonly addresses: AddressSet;
  readonly addressesReachPods: boolean;
  /** By canonical text, so that two spellings of the same choice are one. */
  readonly pods: ReadonlyMap<string, PodTerm>;
  /** Entities, identities, names and unresolved references as canonical texts. */
  readonly named: ReadonlySet<string>;
  readonly ports: PortSet;
}

export interface PolicyTraffic {
  /** Digest of what decides about a policy as a whole: its scope, its precedence, the hooks it runs in. */
  readonly frame: string;
  /** Null where parts of the object have subjects of their own (Cilium's `specs`, Antrea's rules): no order is known. */
  readonly reach: SubjectReach | null;
  readonly flows: readonly ApprovableFlow[];
}

/**
 * Fields of a spec that are rules, or that say how the policy is evaluated. Every other one may choose whom the policy is
 * for, and is compared: what a new API calls its selectors need not be known here.
 */
const NO_SELECTORS: ReadonlySet<string> = new Set([
  "description",
  "egress",
  "egressDeny",
  "ingress",
  "ingressDeny",
  "order",
  "performanceHints",
  "policyTypes",
  "priority",
  "rules",
  "tier",
  "types",
]);
/** Calico: where in the host's packet path the policy is evaluated. */
const FRAME_KEYS = ["applyOnForward", "doNotTrack", "preDNAT"];
/** MultiNetworkPolicy: the networks that a policy is for. */
const NETWORKS_KEY = "k8s.v1.cni.cncf.io/policy-for";

/**
 * The traffic that the allow rules of a policy let through, after what its other rules take away.
 * @param object the policy itself: what selects its Pods is compared as it is written
 */
export function policyTraffic(policy: PolicyReading, object: JsonObject): PolicyTraffic {
  const hasParts = valueAt(object, "/specs") !== undefined || policy.rules.some((rule) => ownSubject(rule, object));
  const flows: ApprovableFlow[] = [];
  for (const direction of ["ingress", "egress"] as const) {
    const rules = policy.rules.filter((rule) => rule.direction === direction);
    for (const { rule, flows: parts } of effectiveRules(rules, policy.evaluation)) {
      if (rule.action !== "allow" || rule.staged) continue;
      const selection = selectionOf(rule, object);
      const operations = rule.operations === "all" ? "all" : digest(canonicalText(valueAt(object, rule.pointer)));
      for (const { peers, ports } of parts) flows.push(flowOf(rule, { selection, operations, peers, ports }));
    }
  }
  return { frame: frameOf(policy, object), reach: hasParts ? null : policy.subject.reach, flows };
}

type FlowParts = Pick<ApprovableFlow, "selection" | "operations" | "ports"> & { readonly peers: PeerSet };

function flowOf({ pointer, direction }: TrafficRule, { peers, ...rest }: FlowParts): ApprovableFlow {
  const named = new Set<string>();
  for (const entity of peers.entities) if (entity !== "everyone") named.add(`entity ${entity}`);
  for (const identity of peers.identities) named.add(`identity ${identityText(identity)}`);
  for (const name of peers.names) named.add(`name ${name}`);
  for (const reference of peers.unresolved) named.add(`unresolved ${reference}`);
  return {
    pointer,
    direction,
    ...rest,
    everyone: peers.everyone || peers.entities.includes("everyone"),
    addresses: peers.addresses,
    addressesReachPods: peers.addressesReachPods && !peers.addresses.isEmpty(),
    pods: new Map(peers.pods.map((term) => [podTermText(term), term])),
    named,
  };
}

/** The part of the object that the rule stands in decides whom the rule is for. */
function selectionOf(rule: TrafficRule, object: JsonObject): string {
  const [, place = "/spec", ruleKey = ""] = /^(\/specs\/[0-9]+|\/spec)\/([^/]*)/.exec(rule.pointer) ?? [];
  const holder = valueAt(object, place);
  // An absent podSelector is an empty one to the API server, which writes it.
  const selection = new Map<string, JsonValue>([["podSelector", {}]]);
  for (const [key, value] of Object.entries(isJsonObject(holder) ? holder : {})) {
    if (!NO_SELECTORS.has(key) && !FRAME_KEYS.includes(key) && key !== ruleKey) selection.set(key, value ?? null);
  }
  const pairs = [...selection].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
  return digest(canonicalText([pairs, ownSubject(rule, object) ?? null]));
}

/** Antrea: a rule may say itself whom it is for. */
function ownSubject({ pointer }: TrafficRule, object: JsonObject): JsonValue | undefined {
  return field(valueAt(object, pointer), "appliedTo");
}

function frameOf({ scope, rank }: PolicyReading, object: JsonObject): string {
  const spec = valueAt(object, "/spec");
  const flags = FRAME_KEYS.map((key) => field(spec, key) === true);
  const networks = field(field(field(object, "metadata"), "annotations"), NETWORKS_KEY) ?? null;
  return digest(JSON.stringify([scope, rank?.tier ?? "", rank?.order ?? 0, ...flags, networks]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function field(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function valueAt(object: JsonObject, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const part of pointer.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(key)];
    else value = field(value, key);
  }
  return value;
}

// Some tens of milliseconds at the very most; what an approval can describe needs a hundredth.
const MOST_STEPS = 20_000;
/** Of the expensive question whether one selector implies another. */
const MOST_IMPLICATIONS = 64;
const MOST_RECTANGLES = 256;

interface Budget {
  steps: number;
  implications: number;
}

/**
 * The rules of a policy whose whole traffic lies in some other traffic.
 * @param current of the policy as it is
 * @param allowed out of an approval, or of the stored object
 * @returns JSON Pointers of rules
 */
export function coveredRules(current: PolicyTraffic, allowed: PolicyTraffic): ReadonlySet<string> {
  if (current.frame !== allowed.frame || !isSubjectWithin(current.reach, allowed.reach)) return new Set();
  const isNarrower = current.reach !== allowed.reach;
  const budget = { steps: MOST_STEPS, implications: MOST_IMPLICATIONS };
  const covered = new Set<string>();
  const open = new Set<string>();
  for (const flow of current.flows) {
    if (open.has(flow.pointer)) continue;
    const candidates = allowed.flows.filter(
      (other) =>
        other.direction === flow.direction &&
        (other.selection === flow.selection || isNarrower) &&
        (other.operations === "all" || other.operations === flow.operations),
    );
    budget.steps -= allowed.flows.length;
    if (isCovered(flow, candidates, budget)) covered.add(flow.pointer);
    else open.add(flow.pointer);
  }
  return new Set([...covered].filter((pointer) => !open.has(pointer)));
}

/** A reach that is narrower is for certain for fewer; where it is the same, only equal selections compare. */
function isSubjectWithin(current: SubjectReach | null, allowed: SubjectReach | null): boolean {
  if (current === null || allowed === null) return current === allowed;
  return REACHES.indexOf(current) <= REACHES.indexOf(allowed);
}

function isCovered(flow: ApprovableFlow, allowed: readonly ApprovableFlow[], budget: Budget): boolean {
  const toEveryone = allowed.filter(({ everyone }) => everyone);
  const ports = without(flow.ports, toEveryone, budget);
  if (ports === undefined) return false;
  if (ports.isEmpty()) return true;
  if (flow.everyone) return false;
  return (
    areAddressesCovered({ ...flow, ports }, allowed, budget) &&
    [...flow.named].every((name) => areCovered(ports, allowed, ({ named }) => named.has(name), budget)) &&
    [...flow.pods].every(([text, term]) =>
      areCovered(ports, allowed, ({ pods }) => pods.has(text) || isImplied(term, pods, budget), budget),
    )
  );
}

function areCovered(
  ports: PortSet,
  allowed: readonly ApprovableFlow[],
  holds: (flow: ApprovableFlow) => boolean,
  budget: Budget,
): boolean {
  return without(ports, allowed.filter(holds), budget)?.isEmpty() ?? false;
}

function isImplied(term: PodTerm, pods: ReadonlyMap<string, PodTerm>, budget: Budget): boolean {
  for (const wide of pods.values()) {
    budget.implications -= 1;
    if (budget.implications < 0) return false;
    if (coversTerm(wide, term)) return true;
  }
  return false;
}

/** The ports that none of the flows has; undefined where that would take too long to say. */
function without(ports: PortSet, flows: readonly ApprovableFlow[], budget: Budget): PortSet | undefined {
  budget.steps -= flows.length + 1;
  if (budget.steps < 0) return undefined;
  return flows.reduce((left, flow) => left.subtract(flow.ports), ports);
}

interface Rectangle {
  readonly addresses: AddressSet;
  readonly ports: PortSet;
}

/** Cuts from addresses times ports what is allowed, one flow after the other; nothing may be left. */
function areAddressesCovered(flow: ApprovableFlow, allowed: readonly ApprovableFlow[], budget: Budget): boolean {
  if (flow.addresses.isEmpty()) return true;
  let left: readonly Rectangle[] = [flow];
  for (const taken of allowed) {
    if (taken.addresses.isEmpty() || (flow.addressesReachPods && !taken.addressesReachPods)) continue;
    budget.steps -= left.length;
    if (budget.steps < 0 || left.length > MOST_RECTANGLES) return false;
    left = left.flatMap((rectangle) => cut(rectangle, taken));
  }
  return left.length === 0;
}

function cut(rectangle: Rectangle, taken: Rectangle): readonly Rectangle[] {
  const shared = rectangle.ports.intersect(taken.ports);
  if (shared.isEmpty()) return [rectangle];
  return [
    { addresses: rectangle.addresses.subtract(taken.addresses), ports: shared },
    { addresses: rectangle.addresses, ports: rectangle.ports.subtract(taken.ports) },
  ].filter(({ addresses, ports }) => !addresses.isEmpty() && !ports.isEmpty());
}
