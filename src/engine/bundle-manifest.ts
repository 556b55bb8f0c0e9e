/**
 * @module What a bundle says about itself: its guardrails with their METADATA, and the digest that every decision
 * carries. Written by bundle-build.ts, read by bundle.ts.
 */
import type { Family } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";

export const FAMILIES: readonly Family[] = ["network", "workload", "service", "namespace", "delivery", "definition"];

/** The entrypoint of a family for new and changed objects has the family's name; all deletions have this one. */
export const DELETION = "deletion";

export type Mode = "enforce" | "warn" | "audit" | "off";
export const MODES: readonly Mode[] = ["enforce", "warn", "audit", "off"];

/** What a guardrail judges. A deletion is judged by the object that is to go. */
export type JudgedOperation = "CREATE" | "UPDATE" | "DELETE";
export const OPERATIONS: readonly JudgedOperation[] = ["CREATE", "UPDATE", "DELETE"];

/** What a guardrail may ask for beyond the ordinary facts. */
export type Need = "namespaceLabels" | "object" | "findings";
export const NEEDS: readonly Need[] = ["namespaceLabels", "object", "findings"];

export interface GuardrailMetadata {
  /** The public name: `any-any`. */
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly families: readonly Family[];
  /** The mode where the settings name none. */
  readonly mode: Mode;
  readonly severity: "low" | "medium" | "high" | "critical";
  /** One sentence: what to change. */
  readonly fix: string;
  readonly compliance: readonly string[];
  readonly needs: readonly Need[];
  /** Whether an exception can excuse its findings. */
  readonly excusable: boolean;
  readonly operations: readonly JudgedOperation[];
  /** JSON Schema of the guardrail's parameters, defaults included. */
  readonly parameters: JsonObject;
  readonly references: readonly { readonly ref: string; readonly description: string }[];
  /** Shipped with Ringfence, or an organisation's own. Own ones are evaluated where they can be stopped. */
  readonly own: boolean;
}

export interface BundleManifest {
  readonly apiVersion: "ringfence.dev/v1alpha1";
  readonly kind: "Bundle";
  /** SHA-256 over the sources: the same sources give the same revision. */
  readonly revision: string;
  readonly opa: string;
  /** SHA-256 of policy.wasm. */
  readonly wasm: string;
  readonly guardrails: readonly GuardrailMetadata[];
}
