/**
 * @module What an approval excuses of the findings that an object has: traffic where a finding says which rules it is
 * about, so that narrower rules stay excused; the very finding where it doesn't.
 */
import type { ObjectReading } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { ApprovalClaims } from "./approval-claims.ts";
import { LARGEST_SCOPE, type TrafficScope, trafficScopeOf } from "./traffic-scope.ts";

export interface ExcusableFinding {
  readonly guardrail: string;
  /** As the guardrail gave it. */
  readonly rawMessage: string;
  /** Pointers of the rules that are too wide, for guardrails about width. */
  readonly rules?: readonly string[];
}

/** Nothing can be signed that says what is to be excused. */
export class ExcusesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ExcusesError";
  }
}

/**
 * Describes what is to be excused.
 * @param findings those that are to be excused, and no others
 * @throws ExcusesError where the traffic is too much to be written down
 */
export function excusesOf(
  findings: readonly ExcusableFinding[],
  reading: ObjectReading,
  object: JsonObject,
): ApprovalClaims["excuses"] {
  const rules = findings.flatMap((finding) => finding.rules ?? []);
  const others = findings.filter((finding) => (finding.rules ?? []).length === 0);
  return {
    traffic: rules.length === 0 ? null : scopeOf(rules, reading, object),
    // As often as they are there: one more of the same has not been approved.
    findings: others.map(({ guardrail, rawMessage }) => ({ guardrail, message: rawMessage })),
  };
}

function scopeOf(rules: readonly string[], { policy }: ObjectReading, object: JsonObject): TrafficScope {
  if (policy === undefined) throw new ExcusesError("the finding is about rules, and the object has none");
  const scope = trafficScopeOf(policy, object, rules);
  if (scope !== undefined) return scope;
  throw new ExcusesError(
    `the rules name too much to be approved at once (more than ${LARGEST_SCOPE} characters): split the policy`,
  );
}
