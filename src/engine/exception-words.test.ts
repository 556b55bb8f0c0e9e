/**
 * @module What users read about exceptions.
 */
import { expect, test } from "@jest/globals";
import { guardrailsBySlug, readBundle } from "./bundle.ts";
import { endWarning, helpLine } from "./exception-words.ts";
import { SHIPPED_BUNDLE } from "./shipped-files.ts";
import type { Finding } from "./verdict.ts";

const GUARDRAILS = guardrailsBySlug(readBundle(SHIPPED_BUNDLE).manifest);
const END = 1_796_083_200;

function finding(guardrail: string, excused: Finding["excused"] = null): Finding {
  return {
    guardrail,
    level: excused === null ? "deny" : "excused",
    excused,
    message: "allows anyone on every port",
    rawMessage: "",
    fix: "",
    pointer: "/spec/ingress/0",
    compliance: [],
  };
}

test.each<[string, readonly string[], string | null, string]>([
  [
    "how to ask",
    ["any-any"],
    null,
    'exception: ringfence exception request -f FILE --guardrail any-any --ttl 72h --reason "..."',
  ],
  [
    "from the first that allows it",
    ["exception-expired", "label-lock", "host-network"],
    null,
    "exception: ringfence exception request -f FILE --guardrail host-network",
  ],
  ["from none", ["label-lock", "label-lock"], null, "exception: none is possible from label-lock"],
  ["the organisation's own line", ["any-any"], "ask Alice", "ask Alice"],
])("the last line of a denial: %s", (_name, slugs, help, expected) => {
  expect(
    helpLine(
      slugs.map((slug) => finding(slug)),
      help,
      GUARDRAILS,
    ),
  ).toContain(expected);
});

const EXCUSE = { id: "a-1", approver: "bob", expires: END };

test.each<[string, Finding["excused"], number, string | undefined]>([
  ["nothing is excused", null, END - 60, undefined],
  ["more than a week", EXCUSE, END - 7 * 86_400 - 1, undefined],
  ["a week", EXCUSE, END - 7 * 86_400, "which is in 7 days"],
  [
    "a day and a half",
    EXCUSE,
    END - 129_600,
    "any-any spec.ingress[0]: excused until 2026-12-01T00:00:00Z by bob (a-1), which is in 1 day 12 hours",
  ],
  ["a minute", EXCUSE, END - 60, "which is in 1 minute"],
  [
    "nobody approved it",
    { ...EXCUSE, approver: "", id: "unsigned" },
    END - 60,
    "excused until 2026-12-01T00:00:00Z (unsigned)",
  ],
])("a warning before the end: %s", (_name, excused, now, expected) => {
  const warning = endWarning(finding("any-any", excused), now);

  if (expected === undefined) expect(warning).toBeUndefined();
  else expect(warning).toContain(expected);
});
