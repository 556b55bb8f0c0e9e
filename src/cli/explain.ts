/**
 * @module `ringfence explain SLUG`: all that is known about one guardrail.
 */
import type { GuardrailMetadata } from "../engine/bundle-manifest.ts";
import type { GuardrailSettings } from "../engine/settings.ts";
import { type Command, CallError, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS, loadBundle, loadSettings } from "./engine-options.ts";
import { explainSpellings } from "./explain-spellings.ts";
import { findGuardrail } from "./find-guardrail.ts";
import { parameterRows } from "./parameter-rows.ts";

/** Prints what a guardrail judges, how it is set, how to satisfy it and whom it serves. */
export const explainCommand: Command = {
  name: "explain",
  summary: "Say what one guardrail judges, how it is set, and how to satisfy it.",
  usage: "[OPTIONS] SLUG",
  options: {
    ...ENGINE_OPTIONS,
    api: {
      type: "string",
      value: "API",
      description: "Show the spellings of an API that the guardrail finds: cilium, istio, AdminNetworkPolicy.",
    },
  },
  async run(args, io) {
    const [slug] = args.positionals;
    if (slug === undefined || args.positionals.length > 1) {
      throw new CallError("explain needs the slug of one guardrail: ringfence explain any-any", "explain");
    }
    const bundle = loadBundle(args);
    const guardrail = findGuardrail(bundle.manifest, slug);
    const api = args.text("api");
    if (api !== undefined) {
      io.stdout.write(explainSpellings(slug, api));
      return EXIT_OK;
    }
    const settings = await loadSettings(args, bundle);
    io.stdout.write(explanation(guardrail, settings.guardrails[slug]));
    return EXIT_OK;
  },
};

function explanation(guardrail: GuardrailMetadata, settings: GuardrailSettings | undefined): string {
  const { slug, title, description, mode, severity, families, fix, compliance, references } = guardrail;
  const lines = [
    `${slug}: ${title}`,
    "",
    ...indented(description),
    "",
    `mode        ${settings?.mode ?? mode}${settings?.mode === mode ? "" : ` (default ${mode})`}`,
    `severity    ${severity}`,
    `judges      ${families.join(", ")}`,
    `fix         ${fix}`,
    `compliance  ${compliance.join(", ")}`,
  ];
  for (const { name, description: text, default: fallback } of parameterRows(guardrail)) {
    const value = JSON.stringify(settings?.parameters[name]);
    lines.push("", `parameter ${name}: ${text}`, `  value    ${value ?? "not set"}`);
    if (fallback !== undefined && fallback !== value) lines.push(`  default  ${fallback}`);
  }
  if (Object.keys(settings?.exempt ?? {}).length > 0) lines.push("", `exempt      ${JSON.stringify(settings?.exempt)}`);
  for (const { ref, description: text } of references) lines.push("", `see ${text === "" ? "" : `${text}: `}${ref}`);
  return `${lines.join("\n")}\n`;
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`.trimEnd());
}
