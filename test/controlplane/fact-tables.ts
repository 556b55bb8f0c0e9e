/**
 * @module Tables of what a real API server does: one row is one request and its result.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { ApiAnswer } from "./api-request.ts";
import type { ControlPlane } from "./control-plane.ts";

/** A spec that is posted, and what is stored (tables/network-policy.yaml says what the columns mean). */
export interface SpecRow {
  readonly case: string;
  readonly spec: string;
  readonly fieldValidation?: string;
  readonly status: number;
  readonly refused?: string;
  readonly warning?: string;
  readonly stored?: Readonly<Record<string, unknown>>;
}

/** A way around rules for the main resource (tables/side-doors.yaml). */
export interface SideDoorRow {
  readonly case: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly reads: string;
  readonly door: string | null;
  readonly also?: { readonly pointer: string; readonly value: unknown };
  readonly seen: string;
}

/** An answer of a webhook, and what the client sees (tables/webhook-answers.yaml). */
export interface WebhookAnswerRow {
  readonly case: string;
  readonly http?: number;
  readonly answer: object;
  readonly status: number;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

/** Reads a table of this folder by its name. */
export function readTable<Row>(name: string): Row[] {
  return parse(readFileSync(join(import.meta.dirname, "tables", `${name}.yaml`), "utf8"));
}

/**
 * Posts an object with the spec of a row, byte for byte.
 * @param collection path that it is posted to
 * @param type JSON text of its apiVersion and kind, without the braces
 */
export async function postSpec(
  controlPlane: ControlPlane,
  collection: string,
  type: string,
  row: SpecRow,
): Promise<{ answer: ApiAnswer; stored: (field: string) => unknown }> {
  const query = row.fieldValidation === undefined ? "" : `?fieldValidation=${row.fieldValidation}`;
  const body = `{${type},"metadata":{"generateName":"row-"},"spec":${row.spec}}`;
  const answer = await controlPlane.request("POST", collection + query, body);
  if (answer.status !== 201) return { answer, stored: () => undefined };
  // Read again: the answer to the POST could differ from what was written.
  const object = await controlPlane.request("GET", `${collection}/${String(answer.at("/metadata/name"))}`);
  return { answer, stored: (field) => object.at(`/spec/${field}`) ?? null };
}

/** Fills placeholders such as {namespace} in the texts of a row. */
export function fillIn<Row>(row: Row, values: Readonly<Record<string, string>>): Row {
  return JSON.parse(
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), JSON.stringify(row)),
  ) as Row;
}
