/**
 * @module The summary of a policy: how wide each rule is, and how wide the rules of a direction are together.
 */
import type { WidthContext } from "./peer-set.ts";
import type { PolicyReading } from "./traffic.ts";
import type { RuleFact, UnionFact } from "./width.ts";

export interface Summary {
  readonly rules: readonly RuleFact[];
  readonly unions: readonly UnionFact[];
  /** Pointers of rules that never match anything, because rules before them (or denies) take all of it. */
  readonly shadowed: readonly string[];
}

export function summariseRules(_reading: PolicyReading, _context: WidthContext): Summary {
  throw new Error("being written");
}
