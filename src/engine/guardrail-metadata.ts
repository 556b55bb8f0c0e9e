/**
 * @module METADATA of a guardrail's package, checked: what `opa inspect` reads of it becomes what the bundle says of it.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { BundleBuildError } from "./bundle-build-error.ts";
import { FAMILIES, type GuardrailMetadata, MODES, NEEDS, OPERATIONS } from "./bundle-manifest.ts";

const SLUG = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** An annotation as `opa inspect --annotations --format json` gives it. */
export interface Annotation {
  readonly location?: { readonly file: string };
  readonly path?: readonly { readonly value: string }[];
  readonly annotations: {
    readonly scope?: string;
    readonly title?: string;
    readonly description?: string;
    readonly related_resources?: readonly { readonly ref: string; readonly description?: string }[];
    readonly custom?: JsonObject;
  };
}

/** METADATA of a package with `custom.slug`, checked; undefined for all other annotations. */
export function toMetadata(annotation: Annotation, file: string, own: boolean): GuardrailMetadata | undefined {
  const { custom, title, description, related_resources: resources } = annotation.annotations;
  if (annotation.annotations.scope !== "package" || typeof custom?.["slug"] !== "string") return undefined;
  const slug = custom["slug"];
  const wrong = (problem: string): never => {
    throw new BundleBuildError(`${file}: METADATA of ${slug}: ${problem}`);
  };
  const families = strings(custom["families"]);
  const needs = strings(custom["needs"] ?? []);
  const operations = strings(custom["operations"] ?? ["CREATE", "UPDATE"]);
  const mode = custom["mode"];
  const severity = custom["severity"];
  const fix = custom["fix"];
  if (!SLUG.test(slug)) wrong("slug must be lower-case words joined by hyphens");
  if (!title) wrong("title is missing");
  if (!description) wrong("description is missing");
  if (
    families === undefined ||
    families.length === 0 ||
    families.some((family) => !FAMILIES.some((known) => known === family))
  ) {
    wrong(`families must list some of ${FAMILIES.join(", ")}`);
  }
  if (!MODES.some((known) => known === mode)) wrong(`mode must be one of ${MODES.join(", ")}`);
  if (!["low", "medium", "high", "critical"].some((known) => known === severity))
    wrong("severity must be low, medium, high or critical");
  if (typeof fix !== "string" || fix === "") wrong("fix is missing: one sentence that says what to change");
  if (needs === undefined || needs.some((need) => !NEEDS.some((known) => known === need))) {
    wrong(`needs may list ${NEEDS.join(", ")}`);
  }
  const excusable = custom["excusable"] ?? true;
  if (typeof excusable !== "boolean") wrong("excusable must be true or false");
  if (
    operations === undefined ||
    operations.length === 0 ||
    operations.some((operation) => !OPERATIONS.some((known) => known === operation))
  ) {
    wrong(`operations must list some of ${OPERATIONS.join(", ")}`);
  }
  if (operations?.includes("CREATE") !== operations?.includes("UPDATE")) {
    wrong("operations must list CREATE and UPDATE together: what may not be created may not be made of something else");
  }
  return {
    slug,
    title: title ?? "",
    description: (description ?? "").trim(),
    families: families as GuardrailMetadata["families"],
    mode: mode as GuardrailMetadata["mode"],
    severity: severity as GuardrailMetadata["severity"],
    fix: fix as string,
    compliance: strings(custom["compliance"] ?? []) ?? wrong("compliance must be a list of texts"),
    needs: needs as GuardrailMetadata["needs"],
    excusable: excusable as boolean,
    operations: operations as GuardrailMetadata["operations"],
    parameters: (custom["parameters"] as JsonObject | undefined) ?? {
      type: "object",
      additionalProperties: false,
      properties: {},
    },
    references: (resources ?? []).map(({ ref, description: text }) => ({ ref, description: text ?? "" })),
    own,
  };
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}
