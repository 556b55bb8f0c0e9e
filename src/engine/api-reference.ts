/**
 * @module The reference of the policy APIs (docs/apis/): Markdown from the verdict tables. A test keeps the committed
 * pages and this in step; `UPDATE_DOCS=1` writes them.
 */
import type { ApiSpellings, Spelling } from "./spellings.ts";

const GENERATED = "<!-- Generated from test/tables/verdicts: change the rows there. -->";

/**
 * All files of docs/apis.
 * @returns their texts by file name
 */
export function apiReference(apis: readonly ApiSpellings[]): ReadonlyMap<string, string> {
  return new Map([["README.md", coverage(apis)], ...apis.map((api): [string, string] => [`${api.api}.md`, page(api)])]);
}

/** One row for each API, one column for each guardrail: how many spellings meet it. */
function coverage(apis: readonly ApiSpellings[]): string {
  const slugs = [
    ...new Set(apis.flatMap(({ spellings }) => spellings.flatMap(({ deny, warn }) => [...deny, ...warn]))),
  ].toSorted();
  const rows = apis.map(({ api, kinds, spellings }) => {
    const counts = slugs.map(
      (slug) => spellings.filter(({ deny, warn }) => deny.includes(slug) || warn.includes(slug)).length,
    );
    const fine = spellings.filter(({ deny, warn }) => deny.length + warn.length === 0).length;
    return `| [${api}](${api}.md) | ${kinds.map((kind) => `\`${kind}\``).join("<br>")} | ${spellings.length} | ${fine} | ${counts.map((count) => (count === 0 ? "" : String(count))).join(" | ")} |`;
  });
  return [
    GENERATED,
    "",
    "# The policy APIs",
    "",
    "What Ringfence reads, and how many spellings of each API are tested against each guardrail through the shipped bundle.",
    "`fine` are spellings that no guardrail finds. The verdicts are those of the default settings; the pages list every",
    "spelling, and `ringfence explain any-any --api cilium` shows those of one guardrail.",
    "",
    `| API | kinds | spellings | fine | ${slugs.map((slug) => `[${slug}](../guardrails/${slug}.md)`).join(" | ")} |`,
    `|---|---|---|---|${slugs.map(() => "---|").join("")}`,
    ...rows,
    "",
  ].join("\n");
}

function page({ api, kinds, spellings }: ApiSpellings): string {
  return [
    GENERATED,
    "",
    `# ${api}`,
    "",
    ...(kinds.length === 0
      ? []
      : [`Kinds: ${kinds.map((kind) => `\`${kind}\``).join(", ")}. ${spellings.length} spellings.`, ""]),
    "| verdict | what is written | why | source |",
    "|---|---|---|---|",
    ...spellings.map(row),
    "",
  ].join("\n");
}

function row({ title, yaml, deny, warn, why, source }: Spelling): string {
  const verdict = [...deny.map((slug) => `**${slug}**`), ...warn].join("<br>");
  return `| ${verdict === "" ? "fine" : verdict} | ${cell(title)}<br>${code(yaml)} | ${cell(why)} | ${cell(source)} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ").replaceAll("<", "&lt;");
}

const LONGEST_CODE = 600;

/** HTML, because backticks, bars and line ends can't stand in the code of a Markdown table. */
function code(text: string): string {
  const shown = text.length > LONGEST_CODE ? `${text.slice(0, LONGEST_CODE)} ...` : text;
  const escaped = shown
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("|", "&#124;")
    .replaceAll("*", "&#42;")
    .replaceAll("_", "&#95;")
    .replaceAll("`", "&#96;")
    .replace(/[^\x20-\x7e\n]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return `<code>${escaped.replaceAll("\n", "<br>")}</code>`;
}
