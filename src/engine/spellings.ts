/**
 * @module Spellings: every way to write something in a policy API that has a row in test/tables/verdicts, with its
 * verdict. The tables are tests; `docs/apis` and `ringfence explain SLUG --api API` show the same rows.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import type { JsonObject } from "../intake/json-value.ts";
import { ROOT } from "./shipped-files.ts";

export interface Spelling {
  readonly title: string;
  /** The object's spec, or what else of it matters, as YAML on one line. */
  readonly yaml: string;
  /** Slugs of the guardrails that deny, and of those that warn, by default. */
  readonly deny: readonly string[];
  readonly warn: readonly string[];
  readonly why: string;
  readonly source: string;
}

export interface ApiSpellings {
  /** File name of the table without its ending: `cilium-network-policy`. */
  readonly api: string;
  /** `cilium.io/v2 CiliumNetworkPolicy`, one for each kind of the table. */
  readonly kinds: readonly string[];
  readonly spellings: readonly Spelling[];
}

/** Where the tables are in a checkout, and what `npm run build` makes of them. */
export const SPELLING_TABLES = join(ROOT, "test", "tables", "verdicts");
const BUILT = join(ROOT, "dist", "spellings.json");

const NETWORK_POLICY = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" };

interface Row {
  readonly title: string;
  readonly spec?: JsonObject;
  readonly object?: JsonObject;
  readonly text?: string;
  readonly expect: { readonly deny: readonly string[]; readonly warn: readonly string[] };
  readonly why: string;
  readonly source: string;
}

/** All spellings, as they were built; from the tables where nothing was built. Empty where there is neither. */
export function readSpellings(): readonly ApiSpellings[] {
  if (existsSync(BUILT)) return JSON.parse(readFileSync(BUILT, "utf8")) as ApiSpellings[];
  return existsSync(SPELLING_TABLES) ? readSpellingTables(SPELLING_TABLES) : [];
}

/** Reads the tables of a folder; test/tables/verdict-rows.ts describes their form. */
export function readSpellingTables(folder: string): ApiSpellings[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .toSorted()
    .map((file) => {
      const content = load(readFileSync(join(folder, file), "utf8")) as Row[] | { defaults: JsonObject; rows: Row[] };
      const [defaults, rows] = Array.isArray(content) ? [NETWORK_POLICY, content] : [content.defaults, content.rows];
      return {
        api: file.replace(/\.yaml$/, ""),
        kinds: [...new Set(rows.flatMap((row) => kindOf(row, defaults)))],
        spellings: rows.map((row) => spellingOf(row, defaults)),
      };
    });
}

function spellingOf(row: Row, defaults: JsonObject): Spelling {
  const { title, expect, why, source } = row;
  return { title, yaml: yamlOf(row, defaults), deny: expect.deny, warn: expect.warn, why, source };
}

function kindOf({ text, object }: Row, defaults: JsonObject): string[] {
  if (text !== undefined) return [];
  const { apiVersion, kind } = { ...defaults, ...object } as { apiVersion?: unknown; kind?: unknown };
  return typeof apiVersion === "string" && typeof kind === "string" ? [`${apiVersion} ${kind}`] : [];
}

/** What a row says beyond the defaults of its table, on one line. */
function yamlOf({ spec, object, text }: Row, defaults: JsonObject): string {
  if (text !== undefined) return text.trim();
  const shown =
    spec === undefined
      ? Object.fromEntries(
          Object.entries(object ?? {}).filter(
            ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
          ),
        )
      : { spec };
  return dump(shown, { flowLevel: 1, lineWidth: -1 }).trim();
}
