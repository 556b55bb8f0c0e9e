/**
 * @module What users read about exceptions: how to ask for one, until when one holds, and that its end is near.
 */
import { durationWords } from "../exceptions/duration.ts";
import { formatInstant } from "../exceptions/instant.ts";
import type { GuardrailMetadata } from "./bundle-manifest.ts";
import type { Excuse } from "./facts.ts";
import { type Finding, pathWords, printable } from "./verdict.ts";

const DAY = 86_400;
/** Seconds before the end of an exception at which its users are told. */
export const END_WARNINGS: readonly number[] = [7 * DAY, DAY, 3600];

/**
 * The last line of a denial: the organisation's, or how to ask for an exception from the first finding that allows one.
 * @param help the line of the settings, or null
 */
export function helpLine(
  denials: readonly Finding[],
  help: string | null,
  guardrails: ReadonlyMap<string, GuardrailMetadata>,
): string {
  if (help !== null) return help;
  const first = denials.find(({ guardrail }) => guardrails.get(guardrail)?.excusable ?? false);
  if (first !== undefined) {
    return `exception: ringfence exception request -f FILE --guardrail ${first.guardrail} --ttl 72h --reason "..."`;
  }
  const slugs = [...new Set(denials.map(({ guardrail }) => guardrail))];
  return `exception: none is possible from ${slugs.join(", ")}`;
}

/** `until 2026-12-03T10:00:00Z by bob (3f2a...)`. */
export function excuseWords({ id, approver, expires }: Excuse): string {
  const who = approver === "" ? "" : ` by ${approver}`;
  return printable(`until ${formatInstant(expires)}${who} (${id})`);
}

/**
 * A warning where the exception of a finding ends within a week.
 * @param now seconds since 1970
 * @returns undefined where the finding isn't excused, or for longer
 */
export function endWarning({ guardrail, pointer, excused }: Finding, now: number): string | undefined {
  if (excused === null || excused.expires - now > Math.max(...END_WARNINGS)) return undefined;
  const rest = durationWords(excused.expires - now);
  return `${guardrail} ${pathWords(pointer)}: excused ${excuseWords(excused)}, which is in ${rest}; renew the exception or remove what it excuses`;
}
