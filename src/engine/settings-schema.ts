/**
 * @module The JSON Schema of policies/guardrails.yaml, put together from the guardrails of a bundle: what a guardrail
 * accepts is said once, in its METADATA.
 */
import type { Schema } from "@cfworker/json-schema";
import type { JsonObject } from "../intake/json-value.ts";
import { type BundleManifest, MODES } from "./bundle-manifest.ts";
import { exceptionSchema } from "./exception-settings.ts";
import { DEFAULT_DENY_SCHEMA, MUTATE_SCHEMA } from "./default-deny-settings.ts";

const names = (description: string): Schema => ({
  type: "array",
  maxItems: 1000,
  items: { type: "string", minLength: 1, maxLength: 317 },
  description,
});

const labels = (description: string): Schema => ({
  type: "object",
  maxProperties: 100,
  additionalProperties: { type: "string", maxLength: 63 },
  description,
});

const EXEMPT: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    namespaces: names("Names of namespaces; a trailing * matches a prefix."),
    users: names("User names as the API server knows them; a trailing * matches a prefix."),
    groups: names("Groups of the user."),
    namespaceLabels: labels("Labels of the namespace: one of them with this value is enough."),
    labels: labels("Labels of the object itself. Who writes the object chooses them: lock them with label-lock."),
  },
};

/** By reference, because the validator walks the whole schema once, and the gate waits for it. */
const EXEMPT_REFERENCE: Schema = { $ref: "#/$defs/exempt" };

/**
 * The schema for a bundle's settings.
 * @param manifest names the guardrails and their parameters
 */
export function settingsSchema(manifest: BundleManifest): Schema {
  const guardrails: Record<string, Schema> = {};
  for (const { slug, title, parameters } of manifest.guardrails) {
    guardrails[slug] = {
      type: "object",
      description: title,
      additionalProperties: false,
      properties: {
        mode: {
          enum: [...MODES],
          description: "enforce denies, warn warns, audit only reports, off doesn't evaluate.",
        },
        parameters,
        exempt: EXEMPT_REFERENCE,
      },
    };
  }
  const exceptions = exceptionSchema(manifest.guardrails.map(({ slug }) => slug));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Ringfence guardrails",
    type: "object",
    additionalProperties: false,
    required: ["apiVersion", "kind", "metadata"],
    $defs: { exempt: EXEMPT, ...exceptions.definitions },
    properties: {
      apiVersion: { const: "ringfence.dev/v1alpha1" },
      kind: { const: "Guardrails" },
      metadata: {
        type: "object",
        additionalProperties: false,
        required: ["name"],
        properties: { name: { type: "string", minLength: 1, maxLength: 253 } },
      },
      help: {
        type: "string",
        minLength: 1,
        maxLength: 300,
        description: "The last line of every denial, instead of how to ask for an exception.",
      },
      exempt: EXEMPT_REFERENCE,
      tolerateUnchanged: {
        type: "boolean",
        description: "An update is not denied for a finding that the stored object already has; it is a warning then.",
      },
      exceptions: exceptions.schema,
      defaultDeny: DEFAULT_DENY_SCHEMA,
      mutate: MUTATE_SCHEMA,
      guardrails: { type: "object", additionalProperties: false, properties: guardrails },
    },
  };
}

/** The value of a schema's `default`s, one level of properties deep, as METADATA writes them. */
export function defaultParameters(schema: JsonObject): JsonObject {
  const values: Record<string, unknown> = {};
  for (const [name, property] of Object.entries((schema["properties"] ?? {}) as Record<string, JsonObject>)) {
    if (property["default"] !== undefined) values[name] = property["default"];
  }
  return values as JsonObject;
}
