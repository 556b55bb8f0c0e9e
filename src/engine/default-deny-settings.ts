/**
 * @module Settings of the managed default deny and of the mutating webhook: types, schema and defaults of two blocks of
 * policies/guardrails.yaml.
 */
import type { Schema } from "@cfworker/json-schema";
import type { JsonObject } from "../intake/json-value.ts";

/** `observe` creates nothing and reports; `new-namespaces` leaves those alone that exist already. */
export type DefaultDenyMode = "observe" | "new-namespaces" | "all-namespaces";

/** A file of policies/default-deny/, or `auto`: the first of them that the cluster serves. */
export type TemplateChoice = "auto" | "kubernetes" | "cilium" | "calico" | "antrea" | "cluster-network-policy";

export interface DefaultDenySettings {
  readonly mode: DefaultDenyMode;
  /** For `new-namespaces`: those that were created at this moment or later. RFC 3339, UTC. */
  readonly since?: string;
  readonly template: TemplateChoice;
  /** An organisation's own template; takes the place of `template`. */
  readonly templateFile?: string;
  /** Users that may write managed objects: the controller. */
  readonly managers: readonly string[];
}

export interface MutateSettings {
  /** Whether every NetworkPolicy selects both directions; see src/admission/mutations.ts for what is left alone. */
  readonly policyTypes: boolean;
  /** Labels that objects without them take over from their namespace. */
  readonly labelsFromNamespace: readonly string[];
}

const DEFAULT_DENY: DefaultDenySettings = {
  mode: "observe",
  template: "auto",
  managers: ["system:serviceaccount:ringfence:ringfence-controller"],
};
const MUTATE: MutateSettings = { policyTypes: false, labelsFromNamespace: [] };

export const DEFAULT_DENY_SCHEMA: Schema = {
  type: "object",
  additionalProperties: false,
  description: "The default deny that Ringfence creates in every namespace, and keeps there.",
  if: { required: ["mode"], properties: { mode: { const: "new-namespaces" } } },
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
  then: { required: ["since"] },
  properties: {
    mode: {
      enum: ["observe", "new-namespaces", "all-namespaces"],
      description: "observe creates nothing and reports what it would create.",
    },
    since: {
      type: "string",
      pattern: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
      description: "For new-namespaces: the moment from which on namespaces are new, such as 2026-11-30T12:00:00Z.",
    },
    template: {
      enum: ["auto", "kubernetes", "cilium", "calico", "antrea", "cluster-network-policy"],
      description: "A file of policies/default-deny; auto takes the first that the cluster serves.",
    },
    templateFile: {
      type: "string",
      minLength: 1,
      maxLength: 1000,
      description: "A template of your own instead; checked before it is used.",
    },
    managers: {
      type: "array",
      minItems: 1,
      maxItems: 20,
      items: { type: "string", minLength: 1, maxLength: 317 },
      description: "Users that may write managed objects, by their exact names: the controller.",
    },
  },
};

// The label key of Kubernetes: an optional DNS prefix, then at most 63 characters.
const LABEL_KEY = "^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

export const MUTATE_SCHEMA: Schema = {
  type: "object",
  additionalProperties: false,
  description: "What the mutating webhook completes. `webhook-config --mutating` registers it.",
  properties: {
    policyTypes: {
      type: "boolean",
      description: "A NetworkPolicy that leaves out a direction, and has no rules for it, gets it.",
    },
    labelsFromNamespace: {
      type: "array",
      maxItems: 50,
      items: { type: "string", pattern: LABEL_KEY },
      description: "Keys of labels that objects without them take over from their namespace.",
    },
  },
};

/** The block `defaultDeny` with its defaults; the schema has accepted it. */
export function completeDefaultDeny(given: JsonObject | undefined): DefaultDenySettings {
  return { ...DEFAULT_DENY, ...given };
}

/** The block `mutate` with its defaults; the schema has accepted it. */
export function completeMutate(given: JsonObject | undefined): MutateSettings {
  return { ...MUTATE, ...given };
}
