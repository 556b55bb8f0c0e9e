/**
 * @module The result of a check: what `--output json` prints, field by field. Fields may be added, never removed or
 * changed, within `ringfence.dev/v1alpha1`.
 */
import type { Level } from "../engine/verdict.ts";

interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** The namespace that the object was judged in; empty for cluster-scoped objects. */
  readonly namespace: string;
  /** `metadata.name`, or `generateName` followed by `*`. */
  readonly name: string;
}

/** What excuses a finding. */
interface CheckExcuse {
  /** Ids of the approvals, joined by commas; `unsigned` where settings allow exceptions without one. */
  readonly id: string;
  /** Who approved it. */
  readonly approver: string;
  /** RFC 3339, UTC, whole seconds: at this moment the finding denies again. */
  readonly expires: string;
}

export interface CheckFinding {
  readonly guardrail: string;
  readonly level: Level;
  /** The exception that excuses the finding, or null. Where there is one, the level is `excused`. */
  readonly excused: CheckExcuse | null;
  readonly message: string;
  readonly fix: string;
  readonly object: ObjectReference;
  /** JSON Pointer into the object. */
  readonly pointer: string;
  /** As the user named it; `-` is standard input. */
  readonly file: string;
  /** Both from 1; the column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly compliance: readonly string[];
}

/** An input that could not be judged. Whoever has one of them has no verdict. */
export interface CheckError {
  readonly file: string;
  /** Null where the whole input is meant. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** A guardrail that could not look at some objects, and is silent about them. */
export interface InactiveGuardrail {
  readonly guardrail: string;
  readonly reason: string;
  /** The namespaces whose objects it did not judge. */
  readonly namespaces: readonly string[];
}

/** Counts of objects, not of findings: an object counts once, by the worst that was found. */
interface CheckSummary {
  /** Objects that were read. */
  readonly documents: number;
  /** Those that a guardrail looked at; other kinds are none of ours. */
  readonly judged: number;
  readonly denied: number;
  /** Not denied, but with a warning. */
  readonly warned: number;
  /** Neither, but with a finding that an exception excuses. */
  readonly excused: number;
  readonly errors: number;
}

export interface CheckResult {
  readonly apiVersion: "ringfence.dev/v1alpha1";
  readonly kind: "CheckResult";
  readonly bundle: { readonly digest: string; readonly revision: string };
  readonly summary: CheckSummary;
  readonly findings: readonly CheckFinding[];
  readonly errors: readonly CheckError[];
  readonly inactive: readonly InactiveGuardrail[];
}
