/**
 * @module `ringfence guardrails`: all guardrails of the bundle, as a table, as JSON, or as the pages of the reference.
 */
import type { GuardrailMetadata } from "../engine/bundle-manifest.ts";
import type { Settings } from "../engine/settings.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS, loadBundle, loadSettings } from "./engine-options.ts";
import { parameterRows } from "./parameter-rows.ts";

type Print = (guardrails: readonly GuardrailMetadata[], settings: Settings) => string;

const FORMATS: ReadonlyMap<string, Print> = new Map([
  ["text", asText],
  ["json", asJson],
  ["markdown", asMarkdown],
]);

/** Lists the guardrails; the Markdown form is what docs/ publishes. */
export const guardrailsCommand: Command = {
  name: "guardrails",
  summary: "List all guardrails with their modes.",
  usage: "[OPTIONS]",
  options: {
    ...ENGINE_OPTIONS,
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      description: "How to print them.",
      choices: [...FORMATS.keys()],
      default: "text",
      environment: "RINGFENCE_GUARDRAILS_OUTPUT",
    },
  },
  async run(args, io) {
    if (args.positionals.length > 0)
      throw new CallError("guardrails takes no arguments; explain SLUG shows one", "guardrails");
    const bundle = loadBundle(args);
    const settings = await loadSettings(args, bundle);
    const print = FORMATS.get(args.textOr("output", "text")) ?? asText;
    io.stdout.write(print(bundle.manifest.guardrails, settings));
    return EXIT_OK;
  },
};

function asText(guardrails: readonly GuardrailMetadata[], settings: Settings): string {
  const rows = guardrails.map(({ slug, severity, families, title, mode }) => [
    slug,
    settings.guardrails[slug]?.mode ?? mode,
    severity,
    families.join(","),
    title,
  ]);
  const table = [["GUARDRAIL", "MODE", "SEVERITY", "JUDGES", "TITLE"], ...rows];
  const widths = table.reduce<number[]>(
    (found, row) => row.map((cell, column) => Math.max(found[column] ?? 0, cell.length)),
    [],
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${table.map(line).join("\n")}\n`;
}

function asJson(guardrails: readonly GuardrailMetadata[], settings: Settings): string {
  const list = guardrails.map((metadata) => {
    const { slug, mode } = metadata;
    return { ...metadata, defaultMode: mode, ...settings.guardrails[slug] };
  });
  return `${JSON.stringify({ apiVersion: "ringfence.dev/v1alpha1", kind: "GuardrailList", items: list }, null, 2)}\n`;
}

function asMarkdown(guardrails: readonly GuardrailMetadata[]): string {
  const rows = guardrails.map(
    ({ slug, mode, severity, title }) => `| [\`${slug}\`](#${slug}) | ${mode} | ${severity} | ${title} |`,
  );
  return `# Guardrails

Written by \`ringfence guardrails --output markdown\` from the METADATA of the Rego sources; change those instead.

| guardrail | default mode | severity | in short |
|---|---|---|---|
${rows.join("\n")}

${guardrails.map(page).join("\n")}`;
}

function page(guardrail: GuardrailMetadata): string {
  const { slug, title, description, mode, severity, families, fix, compliance, references } = guardrail;
  const parameters = parameterRows(guardrail).map(
    ({ name, description: text, default: fallback }) =>
      `| \`${name}\` | ${text} | ${fallback === undefined ? "" : `\`${fallback}\``} |`,
  );
  const parts = [
    `## ${slug}`,
    `**${title}.** Default mode \`${mode}\`, severity ${severity}; judges ${families.join(", ")}.`,
    description,
    `Fix: ${fix}.`,
    `Compliance: ${compliance.join(", ")}.`,
  ];
  if (parameters.length > 0)
    parts.push(["| parameter | meaning | default |", "|---|---|---|", ...parameters].join("\n"));
  if (references.length > 0) {
    parts.push(references.map(({ ref, description: text }) => `- [${text === "" ? ref : text}](${ref})`).join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}
