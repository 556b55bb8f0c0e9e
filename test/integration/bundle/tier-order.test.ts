/**
 * @module The rows of test/tables/guardrails/tier-order.yaml: who writes what, through the shipped bundle.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { Engine } from "../../../src/engine/engine.ts";
import { splitApiVersion } from "../../../src/engine/judge-request.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { BUNDLE } from "./facts-of-samples.ts";

interface Row {
  readonly id: string;
  readonly title: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly place?: "admission" | "gate" | "audit";
  readonly parameters?: JsonObject;
  readonly object: JsonObject;
  readonly old?: JsonObject;
  readonly finds: readonly string[];
  readonly why: string;
}

const SLUG = "tier-order";
const rows = load(readFileSync(join(ROOT, "test", "tables", "guardrails", "tier-order.yaml"), "utf8")) as Row[];

function engineWith(parameters: JsonObject): Engine {
  const settings = defaultSettings(BUNDLE.manifest);
  const own = settings.guardrails[SLUG];
  if (own === undefined) throw new Error(`the bundle has no ${SLUG}`);
  const changed = { ...own, parameters: { ...own.parameters, ...parameters } };
  return new Engine(BUNDLE, { ...settings, guardrails: { ...settings.guardrails, [SLUG]: changed } });
}

test.each(rows.map((row) => [`${row.id}: ${row.title}`, row] as const))("%s", (_name, row) => {
  const { apiVersion, kind, metadata } = row.object as {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string };
  };

  const { findings } = engineWith(row.parameters ?? {}).judge({
    uid: row.id,
    place: row.place ?? "admission",
    operation: row.old === undefined ? "CREATE" : "UPDATE",
    ...splitApiVersion(apiVersion),
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    subresource: "",
    user: { name: row.user ?? "alice", groups: row.groups ?? ["system:authenticated"] },
    object: row.object,
    oldObject: row.old ?? null,
    namespaceLabels: null,
  });

  const own = findings.filter(({ guardrail }) => guardrail === SLUG);
  expect(own.map(({ level, message }) => `${level}: ${message}`)).toEqual(row.finds);
});
