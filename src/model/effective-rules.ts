/**
 * @module Effective rules: what each rule of a policy still decides after the rules that the API evaluates before it.
 *
 * Only what is certainly decided by another rule is taken away, so the result is never narrower than the truth.
 */
import { isNobody, subtractPeers } from "./peer-set.ts";
import type { PortSet } from "./port-set.ts";
import type { Evaluation, PeerSet, TrafficRule } from "./traffic.ts";

/** Peers on ports: every one of the peers on every one of the ports. */
export interface Flow {
  readonly peers: PeerSet;
  readonly ports: PortSet;
}

export interface EffectiveRule {
  readonly rule: TrafficRule;
  /** What the rule lets through (or denies) after the denials and passes that come first. */
  readonly flows: readonly Flow[];
  /** Other rules decide all of the rule's traffic: it does nothing. */
  readonly shadowed: boolean;
}

// Work is bounded because admission must answer in time: rules behind the bound are taken as they are written.
const MOST_FLOWS_PER_RULE = 64;
const MOST_STEPS = 10_000;

/**
 * Applies the API's evaluation order to the rules of one direction.
 * @param rules in the order of the policy
 */
export function effectiveRules(rules: readonly TrafficRule[], evaluation: Evaluation): readonly EffectiveRule[] {
  if (evaluation === "first-match") return afterEarlierRules(rules);
  const denials = rules.filter((rule) => decides(rule) && rule.action === "deny");
  const budget = { steps: MOST_STEPS };
  return rules.map((rule) => {
    const denied = rule.action === "allow" && !rule.staged ? denials : [];
    const flows = without([flowOf(rule)], denied, budget);
    return { rule, flows, shadowed: flows.length === 0 };
  });
}

function afterEarlierRules(rules: readonly TrafficRule[]): readonly EffectiveRule[] {
  const budget = { steps: MOST_STEPS };
  const takers: TrafficRule[] = [];
  const allows: TrafficRule[] = [];
  return rules.map((rule) => {
    if (rule.staged || rule.action === "log") return { rule, flows: [flowOf(rule)], shadowed: false };
    const flows = without([flowOf(rule)], takers, budget);
    const shadowed = without(flows, allows, budget).length === 0;
    if (decides(rule)) (rule.action === "allow" ? allows : takers).push(rule);
    // A denial keeps its written width: it is no risk, and half of it may matter to the reader.
    return { rule, flows: rule.action === "allow" ? flows : [flowOf(rule)], shadowed };
  });
}

/** Whether traffic that matches the rule goes no further. A layer 7 rule may let it go on. */
function decides({ staged, action, operations }: TrafficRule): boolean {
  return !staged && action !== "log" && operations === "all";
}

function flowOf({ peers, ports }: TrafficRule): Flow {
  return { peers, ports };
}

function without(flows: readonly Flow[], takers: readonly TrafficRule[], budget: { steps: number }): readonly Flow[] {
  let left = flows;
  for (const taker of takers) {
    budget.steps -= left.length;
    if (budget.steps < 0 || left.length > MOST_FLOWS_PER_RULE) return left;
    left = left.flatMap((flow) => subtractFlow(flow, taker));
  }
  return left;
}

function subtractFlow(flow: Flow, taken: Flow): readonly Flow[] {
  const shared = flow.ports.intersect(taken.ports);
  if (shared.isEmpty()) return [flow];
  const peers = subtractPeers(flow.peers, taken.peers);
  if (peers === flow.peers) return [flow];
  const onShared = { peers, ports: shared };
  const onOthers = { peers: flow.peers, ports: flow.ports.subtract(taken.ports) };
  return [onShared, onOthers].filter(({ peers: some, ports }) => !isNobody(some) && !ports.isEmpty());
}
