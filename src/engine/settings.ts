/**
 * @module The organisation's settings: policies/guardrails.yaml, checked against the bundle's schema, defaults filled in.
 */
import { readFile } from "node:fs/promises";
import { type OutputUnit, Validator } from "@cfworker/json-schema";
import type { Document } from "../intake/document.ts";
import { IntakeError } from "../intake/document.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { readYaml } from "../intake/strict-yaml.ts";
import { quote } from "../model/quote.ts";
import type { BundleManifest, Mode } from "./bundle-manifest.ts";
import { DOMAIN_FLOW, unreadableCidrs } from "./domain-settings.ts";
import { printable } from "./verdict.ts";
import { completeExceptions, type ExceptionSettings } from "./exception-settings.ts";
import {
  completeDefaultDeny,
  completeMutate,
  type DefaultDenySettings,
  type MutateSettings,
} from "./default-deny-settings.ts";
import { preparedSettings } from "./prepared-settings.ts";
import { defaultParameters, settingsSchema } from "./settings-schema.ts";

export interface Exempt {
  readonly namespaces?: readonly string[];
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface GuardrailSettings {
  readonly mode: Mode;
  readonly parameters: JsonObject;
  readonly exempt: Exempt;
}

/** Complete settings: every guardrail of the bundle has an entry. `data.ringfence.settings` in Rego. */
export interface Settings {
  readonly name: string;
  /** The last line of every denial; null: how to ask for an exception. */
  readonly help: string | null;
  readonly exempt: Exempt;
  readonly tolerateUnchanged: boolean;
  readonly exceptions: ExceptionSettings;
  readonly defaultDeny: DefaultDenySettings;
  readonly mutate: MutateSettings;
  readonly guardrails: Readonly<Record<string, GuardrailSettings>>;
}

/** Settings that can't be used. Every problem has its file and line. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/**
 * Reads settings from a file.
 * @throws SettingsError where the file can't be read, isn't one strict YAML document, or breaks the schema
 */
export async function readSettings(file: string, manifest: BundleManifest): Promise<Settings> {
  let text: Uint8Array;
  try {
    text = await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SettingsError([`${file}: the settings can't be read (${code})`]);
  }
  return preparedSettings(text, manifest) ?? parseSettings(text, file, manifest);
}

/** As {@link readSettings}, from bytes; `source` names them in messages. */
export function parseSettings(bytes: Uint8Array, source: string, manifest: BundleManifest): Settings {
  const { documents, errors } = readYaml(bytes, source);
  if (errors.length > 0) throw new SettingsError(errors.map(intakeProblem));
  const [document] = documents;
  if (document === undefined || documents.length > 1)
    throw new SettingsError([`${source}: one Guardrails document is expected, not ${documents.length}`]);
  const { valid, errors: violations } = new Validator(settingsSchema(manifest), "2020-12", false).validate(
    document.value,
  );
  if (!valid) throw new SettingsError(problems(document, violations));
  const more: string[] = [];
  const settings = complete(document.value, manifest, source, (pointer, text) => {
    const { line, column } = document.locate(pointer);
    more.push(`${source}:${line}:${column}: ${pointer}: ${text}`);
  });
  if (more.length > 0) throw new SettingsError(more);
  return settings;
}

/** What a bundle does without any settings: every guardrail in its own mode with its own parameters, nobody exempt. */
export function defaultSettings(manifest: BundleManifest): Settings {
  return complete({ metadata: { name: "default" } }, manifest, "", () => undefined);
}

function intakeProblem(error: IntakeError): string {
  const place = error.position === undefined ? "" : `:${error.position.line}:${error.position.column}`;
  return `${error.source}${place}: ${error.message}`;
}

/** The validator reports each violation at every level above it too; only the innermost say something. */
function problems(document: Document, violations: readonly OutputUnit[]): string[] {
  const WRAPPERS = new Set(["properties", "items", "additionalItems", "$ref", "allOf"]);
  const lines = new Set<string>();
  for (const { keyword, instanceLocation, error } of violations) {
    if (WRAPPERS.has(keyword) || keyword === "false") continue;
    const pointer = instanceLocation.slice(1);
    const unknown =
      keyword === "additionalProperties" ? /^Property "(.*)" does not match/s.exec(error)?.[1] : undefined;
    const at = unknown === undefined ? pointer : `${pointer}/${unknown.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const { line, column } = document.locate(at);
    const text =
      unknown === undefined
        ? `${at === "" ? "the document" : at}: ${error}`
        : `unknown key ${quote(unknown)} in ${pointer === "" ? "the document" : pointer}`;
    lines.add(`${document.source}:${line}:${column}: ${text}`);
  }
  return [...lines];
}

/** A prefix that can't be read would silently be in no domain. */
function checkDomainCidrs(given: JsonObject | undefined, problem: (pointer: string, text: string) => void): void {
  for (const { pointer, text } of unreadableCidrs(given ?? {})) {
    const at = `/guardrails/${DOMAIN_FLOW}/parameters${pointer}`;
    problem(at, `${quote(text)} is no CIDR such as 10.9.8.0/24 or 2001:db8::/64`);
  }
}

function complete(
  value: JsonObject,
  manifest: BundleManifest,
  source: string,
  problem: (pointer: string, text: string) => void,
): Settings {
  const given = (value["guardrails"] ?? {}) as Record<string, Partial<GuardrailSettings>>;
  if (Object.hasOwn(given, DOMAIN_FLOW)) checkDomainCidrs(given[DOMAIN_FLOW]?.parameters, problem);
  const guardrails: Record<string, GuardrailSettings> = {};
  for (const { slug, mode, parameters } of manifest.guardrails) {
    const own = Object.hasOwn(given, slug) ? given[slug] : undefined;
    guardrails[slug] = {
      mode: own?.mode ?? mode,
      parameters: { ...defaultParameters(parameters), ...own?.parameters },
      exempt: own?.exempt ?? {},
    };
  }
  return {
    name: (value["metadata"] as { name: string }).name,
    help: value["help"] === undefined ? null : printable(value["help"] as string),
    exempt: (value["exempt"] ?? {}) as Exempt,
    tolerateUnchanged: (value["tolerateUnchanged"] ?? true) as boolean,
    exceptions: completeExceptions(
      value["exceptions"],
      manifest.guardrails.map(({ slug }) => slug),
      source,
      problem,
    ),
    defaultDeny: completeDefaultDeny(value["defaultDeny"] as JsonObject | undefined),
    mutate: completeMutate(value["mutate"] as JsonObject | undefined),
    guardrails,
  };
}
