/**
 * @module Exceptions through the shipped bundle: the attacks of reliability-security.md §11 and §13 (14, 20, 21) are all
 * refused, and what was approved counts.
 */
import { describe, expect, test } from "@jest/globals";
import { exceptionCases, ISSUED, judgeCase } from "./exception-cases.ts";

describe.each(["attacks.yaml", "counting.yaml", "updates.yaml", "unsigned.yaml"])("%s", (file) => {
  test.each(exceptionCases(file).map((row) => [`${row.id}: ${row.title}`, row] as const))("%s", async (_name, row) => {
    const { allowed, findings } = await judgeCase(row);
    const slugs = (level: string) => [
      ...new Set(findings.filter((finding) => finding.level === level).map(({ guardrail }) => guardrail)),
    ];
    const { expect: expected } = row;
    const messages = findings.map(({ guardrail, message }) => `${guardrail}: ${message}`).join("\n");

    expect({ allowed, messages }).toEqual({ allowed: expected.allowed, messages });
    expect({ deny: slugs("deny"), messages }).toEqual({ deny: expected.deny ?? [], messages });
    expect({ excused: slugs("excused"), messages }).toEqual({ excused: expected.excused ?? [], messages });
    for (const text of expected.says ?? []) expect(messages).toContain(text);
    if (expected.ends !== undefined) {
      expect(findings.find(({ excused }) => excused !== null)?.excused?.expires).toBe(ISSUED + expected.ends);
    }
  });
});

test("the attacks are at least 40, and all refused", () => {
  const attacks = exceptionCases("attacks.yaml");

  expect(attacks.length).toBeGreaterThanOrEqual(40);
  expect(attacks.filter((row) => row.expect.allowed).map(({ id }) => id)).toEqual([]);
});
