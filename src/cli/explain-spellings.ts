/**
 * @module `ringfence explain SLUG --api API`: the spellings of one API that a guardrail finds.
 */
import { readSpellings, type Spelling } from "../engine/spellings.ts";
import { quote } from "../model/quote.ts";
import { CallError } from "./command.ts";

/**
 * All spellings of an API, or of several whose names contain the text, that meet a guardrail.
 * @param slug of the guardrail
 * @param api part of a table's name or of a kind: `cilium`, `NetworkPolicy`
 * @throws CallError where no API is called like this
 */
export function explainSpellings(slug: string, api: string): string {
  const wanted = api.toLowerCase();
  const all = readSpellings();
  const chosen = all.filter(
    ({ api: name, kinds }) => name.includes(wanted) || kinds.some((kind) => kind.toLowerCase().includes(wanted)),
  );
  if (chosen.length === 0) {
    const names = all.map(({ api: name }) => name).join(", ");
    throw new CallError(`no API is called ${quote(api)}; these have spellings: ${names}`, "explain");
  }
  return chosen.map(({ kinds, spellings }) => section(slug, kinds, spellings)).join("\n");
}

function section(slug: string, kinds: readonly string[], spellings: readonly Spelling[]): string {
  const found = spellings.filter(({ deny, warn }) => deny.includes(slug) || warn.includes(slug));
  const lines = [
    `${kinds.join(", ")}: ${found.length} of ${spellings.length} spellings meet ${slug}`,
    ...found.flatMap(({ title, yaml, deny, why }) => [
      "",
      `  ${deny.includes(slug) ? "deny" : "warn"}  ${title}`,
      ...yaml.split("\n").map((line) => `    ${line}`),
      `    why: ${why}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
