/**
 * @module The summary of a policy: how wide each rule is, and how wide the rules of a direction are together.
 */
import type { EffectiveRule, Flow } from "./effective-rules.ts";
import { effectiveRules } from "./effective-rules.ts";
import type { FrontierPoint } from "./frontier.ts";
import { flowsOfPoint, frontierOf, isAsWide, isWide, overlay, together, widthOfPoint } from "./frontier.ts";
import type { WidthContext } from "./peer-set.ts";
import type { FlowFacts } from "./flow-facts.ts";
import { nobody, peerWidth } from "./peer-set.ts";
import type { PortSet } from "./port-set.ts";
import type { Direction, PolicyReading, TrafficRule } from "./traffic.ts";
import type { PortsFact, RuleFact, UnionFact } from "./width.ts";

export interface Summary {
  /** One per rule of the reading, in its order. */
  readonly rules: readonly RuleFact[];
  readonly unions: readonly UnionFact[];
  /** Pointers of rules that never decide anything, because other rules take all of their traffic. */
  readonly shadowed: readonly string[];
}

// Some ten milliseconds. A policy that needs more is judged as if all its peers reached all its ports: never narrower
// than the truth.
const MOST_OVERLAY_MEMBERS = 20_000;

/**
 * Computes every width that the guardrails judge.
 * @param reading a policy in the terms of the model
 * @param context what every object of the organisation carries
 * @param flowFacts tells the domains of peers, where the organisation has written a matrix of them
 */
export function summariseRules(reading: PolicyReading, context: WidthContext, flowFacts?: FlowFacts): Summary {
  const facts = new Map<TrafficRule, RuleFact>();
  const unions: UnionFact[] = [];
  const shadowed: string[] = [];
  for (const direction of ["ingress", "egress"] as const) {
    const rules = reading.rules.filter((rule) => rule.direction === direction);
    const effective = effectiveRules(rules, reading.evaluation);
    for (const each of effective) {
      facts.set(each.rule, ruleFact(each, context, flowFacts));
      if (each.shadowed) shadowed.push(each.rule.pointer);
    }
    unions.push(...unionFacts(direction, effective, facts, context));
  }
  return { rules: reading.rules.flatMap((rule) => facts.get(rule) ?? []), unions, shadowed };
}

function ruleFact({ rule, flows }: EffectiveRule, context: WidthContext, flowFacts?: FlowFacts): RuleFact {
  const { peers, ports } = widthOfFlows(flows, rule, context);
  return {
    pointer: rule.pointer,
    direction: rule.direction,
    action: rule.action,
    peers: { ...peers, pointer: rule.peersPointer },
    ports: portsFact(ports, rule.portsPointer),
    operations: rule.operations,
    staged: rule.staged,
    ...(rule.passes === undefined ? {} : { passes: rule.passes }),
    ...(flowFacts === undefined || rule.action !== "allow" ? {} : { flows: flowFacts.ofRule(flows) }),
  };
}

/**
 * The one width that stands for a rule: the widest peers that reach most ports, looking at wide peers first. What a
 * rule is besides (anyone on one port, some peers on all) is a union of its own.
 */
function widthOfFlows(flows: readonly Flow[], rule: TrafficRule, context: WidthContext) {
  const [only] = flows;
  if (only === undefined) return { peers: peerWidth(nobody, context), ports: rule.ports };
  if (flows.length === 1) return { peers: peerWidth(only.peers, context), ports: only.ports };
  const points = frontierOf(
    flows.map((flow) => ({ ports: flow.ports, members: [flow] })),
    context,
  );
  const telling = points.findLast(isWide) ?? points.at(-1);
  if (telling === undefined) return { peers: peerWidth(nobody, context), ports: rule.ports };
  return { peers: widthOfPoint(telling), ports: telling.ports };
}

interface RuleFlow extends Flow {
  readonly rule: TrafficRule;
}

/** What allow rules give together and no rule gives alone, first without layer 7 rules, then with them. */
function unionFacts(
  direction: Direction,
  effective: readonly EffectiveRule[],
  facts: ReadonlyMap<TrafficRule, RuleFact>,
  context: WidthContext,
): UnionFact[] {
  const allows = effective.filter(({ rule }) => rule.action === "allow" && !rule.staged);
  const known: (RuleFact | UnionFact)[] = allows.flatMap(({ rule }) => facts.get(rule) ?? []);
  const unions: UnionFact[] = [];
  for (const operations of ["all", "some"] as const) {
    const rules = allows.filter(({ rule }) => operations === "some" || rule.operations === "all");
    const flows = rules.flatMap(({ rule, flows: parts }) => parts.map((part) => ({ ...part, rule })));
    const isKnown = (point: FrontierPoint<RuleFlow>) =>
      known.some((fact) => isAsWide(fact, point) && (fact.operations === "all" || operations === "some"));
    for (const point of pointsBeyond(flows, isKnown, context)) {
      const fact = unionFact(direction, point, operations, rules);
      known.push(fact);
      unions.push(fact);
    }
  }
  return unions;
}

function pointsBeyond(
  flows: readonly RuleFlow[],
  isKnown: (point: FrontierPoint<RuleFlow>) => boolean,
  context: WidthContext,
): FrontierPoint<RuleFlow>[] {
  if (flows.length < 2) return [];
  // Most policies end here: even all peers on all ports are no wider than one of the rules.
  const upperBound = frontierOf([together(flows)], context);
  if (upperBound.every(isKnown)) return [];
  const cells = overlay(flows, MOST_OVERLAY_MEMBERS);
  const points = cells === undefined ? upperBound : frontierOf(cells, context);
  return points.filter((point) => !isKnown(point));
}

function unionFact(
  direction: Direction,
  point: FrontierPoint<RuleFlow>,
  operations: "some" | "all",
  effective: readonly EffectiveRule[],
): UnionFact {
  const contributing = new Set(flowsOfPoint(point).map(({ rule }) => rule));
  const rules = effective.flatMap(({ rule }) => (contributing.has(rule) ? rule : []));
  return {
    direction,
    peers: { ...widthOfPoint(point), pointer: commonPointer(rules.map((rule) => rule.peersPointer)) },
    ports: portsFact(point.ports, commonPointer(rules.map((rule) => rule.portsPointer))),
    operations,
    pointers: rules.map((rule) => rule.pointer),
  };
}

function portsFact(ports: PortSet, pointer: string): PortsFact {
  return { reach: ports.reach(), share: ports.share(), pointer, words: ports.words() };
}

/** The deepest place that holds all the given ones. */
function commonPointer(pointers: readonly string[]): string {
  return pointers.reduce((common, pointer) => {
    const segments = pointer.split("/");
    const length = common.split("/").findIndex((segment, index) => segment !== segments[index]);
    return length === -1 ? common : segments.slice(0, length).join("/");
  });
}
