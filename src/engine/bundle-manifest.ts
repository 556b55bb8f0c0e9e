/**
 * @module What a bundle says about itself: its guardrails with their METADATA, and the digest that every decision
 * carries. Written by bundle-build.ts, read by bundle.ts.
 */
import type { Family } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";

export const FAMILIES: readonly Family[] = ["network", "workload", "service", "namespace", "delivery", "definition"];

export type Mode = "enforce" | "warn" | "audit" | "off";
export const MODES: readonly Mode[] = ["enforce", "warn", "audit", "off"];

/** What a guardrail may ask for beyond the ordinary facts. */
export type Need = "namespaceLabels" | "object";

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
