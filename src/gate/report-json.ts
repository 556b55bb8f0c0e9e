/**
 * @module The result as JSON, for programs.
 */
import type { CheckResult } from "./check-result.ts";

/** One JSON document, indented by two, with a line feed at its end. */
export function reportJson(result: CheckResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}
