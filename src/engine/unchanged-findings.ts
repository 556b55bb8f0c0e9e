/**
 * @module What an update leaves as it is, or narrows: nobody is locked out of scaling, fixing or removing a finalizer by
 * what the stored object has already.
 */
import { coveredRules, policyTraffic } from "../exceptions/policy-traffic.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { PolicyReading } from "../model/traffic.ts";
import type { RawFinding } from "./facts.ts";
import type { Finding } from "./verdict.ts";

/** One of the two objects of an update. */
export interface UpdateSide {
  readonly object: JsonObject;
  readonly policy: PolicyReading | undefined;
}

/**
 * Turns denials into warnings where the stored object has the same finding, or a rule that lets more through. Each
 * finding of the stored object tolerates one; what an exception excuses there tolerates none: it goes where the exception
 * goes. Who may not write an object may not change what it says, whoever wrote it before.
 * @param findings of the object as it would be
 * @param stored findings of the object as it is
 */
export function tolerateUnchanged(
  findings: readonly Finding[],
  stored: readonly RawFinding[],
  before: UpdateSide,
  after: UpdateSide,
): readonly Finding[] {
  const open = stored.filter(({ excused }) => excused === undefined);
  if (open.length === 0) return findings;
  const counts = new Map<string, number>();
  for (const { guardrail, message } of open) {
    const key = keyOf(guardrail, message);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const isWithin = trafficComparison(open, before, after);
  return findings.map((finding) => {
    if (finding.level !== "deny" || (finding.aboutWriter === true && !isSameSpec(before, after))) return finding;
    const within = isWithin(finding);
    if (within === false) return finding;
    const key = keyOf(finding.guardrail, finding.rawMessage);
    const left = counts.get(key) ?? 0;
    if (within === undefined && left <= 0) return finding;
    counts.set(key, left - 1);
    return { ...finding, level: "warn", unchanged: true };
  });
}

function keyOf(guardrail: string, message: string): string {
  return `${guardrail}\0${message}`;
}

/**
 * For findings on the width of rules the words are too coarse: another rule for other Pods may read the same.
 * @returns tells whether a finding's rules let nothing new through; undefined where the words must do
 */
function trafficComparison(
  stored: readonly RawFinding[],
  before: UpdateSide,
  after: UpdateSide,
): (finding: Finding) => boolean | undefined {
  const { policy: oldPolicy } = before;
  const { policy: newPolicy } = after;
  // Most updates leave the rules alone, and comparing traffic has its bounds.
  if (oldPolicy === undefined || newPolicy === undefined || isSameSpec(before, after)) return () => undefined;
  const byGuardrail = new Map<string, ReadonlySet<string>>();
  const coveredFor = (guardrail: string): ReadonlySet<string> => {
    const pointers = new Set(stored.flatMap((one) => (one.guardrail === guardrail ? (one.rules ?? []) : [])));
    const traffic = policyTraffic(oldPolicy, before.object);
    const flows = traffic.flows.filter(({ pointer }) => pointers.has(pointer));
    return coveredRules(policyTraffic(newPolicy, after.object), { ...traffic, flows });
  };
  return ({ guardrail, rules }) => {
    if (rules === undefined) return undefined;
    const covered = byGuardrail.get(guardrail) ?? coveredFor(guardrail);
    byGuardrail.set(guardrail, covered);
    return rules.length > 0 && rules.every((pointer) => covered.has(pointer));
  };
}

function isSameSpec(before: UpdateSide, after: UpdateSide): boolean {
  return JSON.stringify(specsOf(before.object)) === JSON.stringify(specsOf(after.object));
}

function specsOf({ spec, specs }: JsonObject) {
  return [spec ?? null, specs ?? null];
}
