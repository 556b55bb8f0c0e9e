/**
 * @module The rows of test/tables/verdicts: spellings of each policy API and the guardrails that they must meet.
 *
 * A file is a list of rows, or `{defaults, rows}` where `defaults` is the object that every row's `spec` or `object` is
 * laid over. Rows with `text` are whole documents as somebody would write them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import type { JsonObject } from "../../src/intake/json-value.ts";

export interface VerdictRow {
  readonly id: string;
  readonly section: string;
  readonly title: string;
  readonly spec?: JsonObject;
  readonly object?: JsonObject;
  readonly text?: string;
  /** Other objects of the same input that the object refers to. */
  readonly beside?: readonly JsonObject[];
  readonly expect: { readonly deny: readonly string[]; readonly warn: readonly string[] };
  readonly why: string;
  readonly source: string;
}

export interface VerdictTable {
  /** File name without its ending. */
  readonly name: string;
  readonly rows: readonly { readonly row: VerdictRow; readonly object: JsonObject | undefined }[];
}

const FOLDER = join(import.meta.dirname, "verdicts");

const NETWORK_POLICY: JsonObject = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "web", namespace: "shop" },
};

/** Every table; a row's object is undefined where the row is a text. */
export function verdictTables(): VerdictTable[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .toSorted()
    .map((file) => {
      const content = load(readFileSync(join(FOLDER, file), "utf8")) as VerdictRow[] | { defaults: JsonObject; rows: VerdictRow[] };
      const [defaults, rows] = Array.isArray(content) ? [NETWORK_POLICY, content] : [content.defaults, content.rows];
      return { name: file.replace(/\.yaml$/, ""), rows: rows.map((row) => ({ row, object: objectOf(row, defaults) })) };
    });
}

function objectOf(row: VerdictRow, defaults: JsonObject): JsonObject | undefined {
  if (row.text !== undefined) return undefined;
  if (row.spec !== undefined) return { ...defaults, spec: row.spec };
  return { ...defaults, ...row.object };
}
