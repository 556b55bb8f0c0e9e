/**
 * @module The reference of the guardrails (docs/guardrails/): Markdown from the METADATA of the Rego and the samples
 * beside it. A test keeps the committed pages and this in step; `UPDATE_DOCS=1` writes them.
 */
import type { Family } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { GuardrailMetadata, Mode, Need } from "./bundle-manifest.ts";
import type { Sample } from "./guardrail-samples.ts";

const GENERATED = "<!-- Generated from rego/guardrails: change METADATA and samples there. -->";

const FAMILY_WORDS: Readonly<Record<Family, string>> = {
  network: "network policies",
  workload: "Pods and whatever makes Pods",
  service: "Services, their endpoints, Gateways, routes and Ingresses",
  namespace: "Namespaces",
  delivery: "what Argo CD and Flux may deploy",
  definition: "CustomResourceDefinitions of policy APIs",
};

const MODE_WORDS: Readonly<Record<Mode, string>> = {
  enforce: "a finding denies",
  warn: "a finding warns",
  audit: "a finding is only reported",
  off: "not evaluated",
};

const NEED_WORDS: Readonly<Record<Need, string>> = {
  namespaceLabels: "the labels of the object's namespace; where they can't be had, what depends on them is not judged",
  object: "the object itself",
  findings: "the findings of the other guardrails",
};

/** How the ids of METADATA begin, and what they are ids of. */
const FRAMEWORKS: readonly (readonly [prefix: string, name: string])[] = [
  ["NIST-800-53-", "NIST SP 800-53 Rev. 5"],
  ["NIST-800-207", "NIST SP 800-207"],
  ["PCI-DSS-", "PCI DSS 4.0"],
  ["SOC2-", "SOC 2"],
  ["ISO-27001-", "ISO/IEC 27001:2022"],
  ["CIS-Kubernetes-", "CIS Kubernetes Benchmark"],
  ["GDPR-", "GDPR, Article"],
];

/**
 * All files of docs/guardrails.
 * @returns their texts by file name
 */
export function guardrailReference(
  guardrails: readonly GuardrailMetadata[],
  samples: readonly Sample[],
): ReadonlyMap<string, string> {
  const pages = guardrails.map((guardrail): [string, string] => [
    `${guardrail.slug}.md`,
    page(
      guardrail,
      samples.filter((sample) => sample.guardrail === guardrail.slug),
    ),
  ]);
  return new Map([["README.md", index(guardrails)], ...pages]);
}

function index(guardrails: readonly GuardrailMetadata[]): string {
  const rows = guardrails.map(({ slug, title, families, mode, severity }) => [
    `[${slug}](${slug}.md)`,
    title,
    families.map((family) => FAMILY_WORDS[family]).join(", "),
    `\`${mode}\``,
    severity,
  ]);
  return join([
    GENERATED,
    "# Guardrails",
    "What Ringfence judges. The default mode is what holds where [guardrails.yaml](../../policies/guardrails.yaml) says nothing: " +
      `${modes()}.`,
    table(["guardrail", "in short", "judges", "default mode", "severity"], rows),
    "`ringfence explain SLUG` prints a page's content with the organisation's own settings. " +
      "Guardrails of your own: [own-guardrail.md](../own-guardrail.md). What guardrails see: [facts.md](../facts.md).",
  ]);
}

function modes(): string {
  return Object.entries(MODE_WORDS)
    .map(([mode, words]) => `\`${mode}\`: ${words}`)
    .join("; ");
}

function page(guardrail: GuardrailMetadata, samples: readonly Sample[]): string {
  const { slug, title, description, fix, references } = guardrail;
  return join([
    GENERATED,
    `# ${slug}: ${title}`,
    description,
    table(["", ""], facts(guardrail)),
    "## How to fix it",
    `${sentenceCase(fix)}.`,
    ...parameterSection(guardrail),
    "## Examples",
    ...exampleSettings(samples),
    ...samples.flatMap(example),
    "## Compliance",
    "Controls that the guardrail supports; it satisfies none of them alone.",
    complianceList(guardrail.compliance),
    ...(references.length === 0
      ? []
      : [
          "## See also",
          references.map(({ ref, description: text }) => `- [${text === "" ? ref : text}](${ref})`).join("\n"),
        ]),
  ]);
}

function facts({ families, mode, severity, needs, excusable }: GuardrailMetadata): readonly (readonly string[])[] {
  return [
    ["judges", families.map((family) => FAMILY_WORDS[family]).join(", ")],
    ["default mode", `\`${mode}\`: ${MODE_WORDS[mode]}`],
    ["severity", severity],
    ...(excusable ? [] : [["exceptions", "none: no exception excuses its findings"]]),
    ...(needs.length === 0 ? [] : [["needs", needs.map((need) => NEED_WORDS[need]).join("; ")]]),
  ];
}

function parameterSection({ slug, parameters }: GuardrailMetadata): readonly string[] {
  const rows = Object.entries((parameters["properties"] ?? {}) as Readonly<Record<string, JsonObject>>).flatMap(
    ([name, schema]) => parameterRows(name, schema),
  );
  if (rows.length === 0) return [];
  const place = `Set in guardrails.yaml under \`guardrails.${slug}.parameters\`.`;
  return ["## Parameters", place, table(["parameter", "meaning", "values", "default"], rows)];
}

/** A parameter, and the parts of it that have a meaning of their own. */
function parameterRows(name: string, schema: JsonObject): readonly (readonly string[])[] {
  const { description, default: fallback } = schema;
  const row = [
    `\`${name}\``,
    typeof description === "string" ? description : "",
    valuesInWords(schema),
    fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``,
  ];
  const items = schema["items"] as JsonObject | undefined;
  const parts = (items?.["properties"] ?? schema["properties"] ?? {}) as Readonly<Record<string, JsonObject>>;
  const prefix = items === undefined ? name : `${name}[]`;
  return [
    row,
    ...Object.entries(parts).flatMap(([part, partSchema]) => parameterRows(`${prefix}.${part}`, partSchema)),
  ];
}

function valuesInWords(schema: JsonObject): string {
  const { type, enum: choices, minimum, maximum, items, pattern } = schema;
  if (Array.isArray(choices)) return choices.map((choice) => `\`${String(choice)}\``).join(", ");
  if (items !== undefined) return `list of ${valuesInWords(items as JsonObject)}`;
  if (typeof minimum === "number" && typeof maximum === "number") return `${minimum} to ${maximum}`;
  if (typeof pattern === "string") return `text like \`${pattern}\``;
  return type === "string" ? "text" : JSON.stringify(type).replaceAll('"', "");
}

function exampleSettings(samples: readonly Sample[]): readonly string[] {
  const settings = samples.find((sample) => sample.settings !== undefined)?.settings;
  return settings === undefined
    ? []
    : ["The examples are judged with these settings:", `\`\`\`yaml\n${settings}\`\`\``];
}

function example({ verdict, title, about, finds, also, signed, now, yaml }: Sample): readonly string[] {
  const notes = finds.map((finding) => `- ${code(finding)}`);
  if (signed !== undefined) notes.push(`- \`SIGNED\` stands for an approval from ${signed[0]} to ${signed[1]}`);
  if (now !== undefined) notes.push(`- judged at ${now}`);
  if (also.length > 0)
    notes.push(`- findings of other guardrails: ${also.map((slug) => `[${slug}](${slug}.md)`).join(", ")}`);
  const heading = `### ${sentenceCase(verdict)}: ${title}`;
  return [heading, about, ...(notes.length === 0 ? [] : [notes.join("\n")]), `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``];
}

/** Ids by framework, frameworks in a fixed order; ids of no known framework as they are. */
function complianceList(ids: readonly string[]): string {
  const known = FRAMEWORKS.flatMap(([prefix, name]) => {
    const numbers = ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
    if (numbers.length === 0) return [];
    const list = numbers.filter((number) => number !== "").join(", ");
    return [`- ${name}${list === "" ? "" : `: ${list}`}`];
  });
  const others = ids.filter((id) => !FRAMEWORKS.some(([prefix]) => id.startsWith(prefix))).map((id) => `- ${id}`);
  return [...known, ...others].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableLine(head), `|${head.map(() => "---|").join("")}`, ...rows.map(tableLine)].join("\n");
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** A code span; findings may hold backquotes. */
function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function sentenceCase(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function join(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}
