/**
 * @module The parameters of a guardrail as rows of text, read from the JSON Schema in its METADATA.
 */
import type { GuardrailMetadata } from "../engine/bundle-manifest.ts";
import type { JsonObject } from "../intake/json-value.ts";

export interface ParameterRow {
  readonly name: string;
  readonly description: string;
  /** JSON; undefined where the schema has none. */
  readonly default: string | undefined;
}

/** One row per parameter, in the order of the schema. */
export function parameterRows({ parameters }: GuardrailMetadata): readonly ParameterRow[] {
  const properties = (parameters["properties"] ?? {}) as Readonly<Record<string, JsonObject>>;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    description: typeof schema["description"] === "string" ? schema["description"] : "",
    default: schema["default"] === undefined ? undefined : JSON.stringify(schema["default"]),
  }));
}
