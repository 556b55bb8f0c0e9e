/**
 * @module The annotations of exceptions: test/tables/exceptions/annotations.yaml, through the readers of real objects.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { readerFor } from "../../../src/apis/registry.ts";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import {
  type ExceptionAnnotations,
  metadataPointers,
  PREFIX,
  readException,
} from "../../../src/exceptions/annotations.ts";
import type { JsonObject, JsonValue } from "../../../src/intake/json-value.ts";

type Values = Readonly<Record<string, JsonValue>>;

interface Row {
  readonly name: string;
  readonly why: string;
  readonly kind?: "CronJob";
  readonly own?: Values;
  readonly template?: Values;
  readonly job?: Values;
  readonly read: Partial<ExceptionAnnotations> | null;
  readonly defects?: readonly string[];
}

const ROWS = load(readFileSync(join(ROOT, "test/tables/exceptions/annotations.yaml"), "utf8")) as readonly Row[];

function metadata(values: Values | undefined): JsonObject {
  if (values === undefined) return {};
  const entries = Object.entries(values).map(([key, value]) => [
    key.startsWith("/") ? key.slice(1) : PREFIX + key,
    value,
  ]);
  return { annotations: Object.fromEntries(entries) as JsonObject };
}

function objectOf({ kind, own, template, job }: Row): { group: string; object: JsonObject } {
  const pod = { metadata: metadata(template), spec: { containers: [] } };
  const named = { name: "web", ...metadata(own) };
  if (kind === "CronJob") {
    const spec = { jobTemplate: { metadata: metadata(job), spec: { template: pod } } };
    return { group: "batch", object: { apiVersion: "batch/v1", kind, metadata: named, spec } };
  }
  return {
    group: "apps",
    object: { apiVersion: "apps/v1", kind: "Deployment", metadata: named, spec: { template: pod } },
  };
}

test.each(ROWS)("$name: $why", (row) => {
  const { group, object } = objectOf(row);
  const reading = readerFor(group, row.kind ?? "Deployment")?.read(object);
  if (reading === undefined) throw new Error("there is no reader");
  const exception = readException(object, metadataPointers(reading));
  if (row.read === null) {
    expect(exception).toBeNull();
    return;
  }
  expect(exception?.annotations).toMatchObject(row.read);
  const details = exception?.defects.map(({ detail }) => detail) ?? [];
  expect(details).toEqual((row.defects ?? []).map((part) => expect.stringContaining(part)));
  for (const { pointer, detail } of exception?.defects ?? []) {
    expect(pointer).toMatch(/^\/(?:metadata|spec)\/.*annotations\/ringfence\.dev~1exception/);
    expect(detail).toMatch(/^[\x20-\x7e]*$/);
  }
});
