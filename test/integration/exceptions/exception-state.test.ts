/**
 * @module How far exceptions have come, as the sweep sees it; see test/tables/exceptions/ends.yaml.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { dueEvents } from "../../../src/controller/exception-report.ts";
import { exceptionState } from "../../../src/controller/exception-state.ts";
import { ROOT } from "../../../src/engine/shipped-files.ts";
import { type Case, ISSUED, makeCase } from "./exception-cases.ts";

interface Row extends Case {
  readonly at: number;
  readonly excused?: readonly string[];
  readonly lapsed?: readonly string[];
  readonly ended?: number;
  readonly rules?: readonly string[];
}

const TABLE = load(readFileSync(join(ROOT, "test/tables/exceptions/ends.yaml"), "utf8")) as readonly Row[];

async function stateOf(row: Case, at: number) {
  const { engine, request } = makeCase(row);
  const { object, namespaceLabels } = request;
  return { object, state: await exceptionState(engine, { object, namespaceLabels }, ISSUED + at) };
}

test.each(TABLE.map((row) => [`${row.id}: ${row.title}`, row] as const))("%s", async (_name, row) => {
  const { state } = await stateOf(row, row.at);

  expect(state.excused.map(({ guardrail }) => guardrail)).toEqual(row.excused ?? []);
  expect(state.lapsed.map(({ finding }) => finding.guardrail)).toEqual(row.lapsed ?? []);
  for (const { ended, finding } of state.lapsed) {
    expect(ended - ISSUED).toBe(row.ended);
    if (row.rules !== undefined) expect(finding.rules).toEqual(row.rules);
  }
});

test("one Event for each threshold, and one for each day after the end, whoever asks and how often", async () => {
  const DAY = 86_400;
  const row: Case = { id: "events", title: "", object: "wide", approve: [{ for: 10 * DAY }] };
  const { engine, request } = makeCase(row);
  const { object, namespaceLabels } = request;
  const ids = new Map<string, string>();
  for (let at = 0; at < 12 * DAY; at += 1800) {
    const state = await exceptionState(engine, { object, namespaceLabels }, ISSUED + at);
    for (const { id = "", reason, message } of dueEvents(object, state, ISSUED + at))
      ids.set(id, `${reason}: ${message}`);
  }
  expect([...ids.values()]).toEqual([
    expect.stringMatching(/^ExceptionExpiring: .* in less than 7 days/),
    expect.stringMatching(/^ExceptionExpiring: .* in less than 1 day/),
    expect.stringMatching(/^ExceptionExpiring: .* in less than 1 hour/),
    expect.stringMatching(
      /^ExceptionExpired: the exception 3f0c2a5e-0001 from any-any at spec\.ingress\[0\] ended at 2026-12-11T00:00:00Z/,
    ),
    expect.stringMatching(/^ExceptionExpired/),
  ]);
});
