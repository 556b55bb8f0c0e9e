/**
 * @module Every spelling of test/tables/verdicts through reader, model and the shipped bundle with its shipped settings.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Engine } from "../../../src/engine/engine.ts";
import { splitApiVersion } from "../../../src/engine/judge-request.ts";
import { loadEngine } from "../../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import type { Finding } from "../../../src/engine/verdict.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { readYaml } from "../../../src/intake/strict-yaml.ts";
import { verdictTables } from "../../tables/verdict-rows.ts";

// What the tables don't speak of: who owns an object is not a matter of its width.
const OTHER_GUARDRAILS = new Set(["required-labels", "label-lock"]);
const TABLES = verdictTables();

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine({ bundle: SHIPPED_BUNDLE, settings: SHIPPED_SETTINGS });
});

afterAll(() => {
  const counts = TABLES.map(({ name, rows }) => `${name} ${rows.length}`).join(", ");
  process.stdout.write(`verdict rows through the shipped bundle: ${counts}\n`);
});

function judge(object: JsonObject): readonly Finding[] {
  const { apiVersion, kind } = object as { apiVersion: string; kind: string };
  const metadata = object["metadata"] as { name?: string; namespace?: string } | undefined;
  const { findings } = engine.judge({
    uid: "row",
    place: "gate",
    operation: "CREATE",
    ...splitApiVersion(apiVersion),
    kind,
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    subresource: "",
    user: { name: "", groups: [] },
    object,
    oldObject: null,
    namespaceLabels: null,
  });
  return findings.filter(({ guardrail }) => !OTHER_GUARDRAILS.has(guardrail));
}

function slugs(findings: readonly Finding[], level: Finding["level"]): string[] {
  return [
    ...new Set(findings.filter((finding) => finding.level === level).map(({ guardrail }) => guardrail)),
  ].toSorted();
}

describe.each(TABLES)("$name", ({ rows }) => {
  test.each(rows.map(({ row, object }) => [`${row.id}: ${row.title}`, row, object] as const))(
    "%s",
    (_name, row, object) => {
      // A text that intake refuses never reaches a guardrail; the gate ends with an error, which denies too.
      const read = object === undefined ? readYaml(new TextEncoder().encode(row.text), row.id) : undefined;
      const judged = object ?? read?.documents[0]?.value;
      const findings = judged === undefined ? [] : judge(judged);
      const refused = read !== undefined && read.errors.length > 0 ? ["refused"] : [];
      expect({ deny: [...refused, ...slugs(findings, "deny")], warn: slugs(findings, "warn") }).toEqual({
        deny: row.expect.deny.toSorted(),
        warn: row.expect.warn.toSorted(),
      });
    },
  );
});
