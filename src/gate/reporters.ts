/**
 * @module The output formats by name. A new one is a new file and one entry here.
 */
import type { CheckResult } from "./check-result.ts";
import { reportJson } from "./report-json.ts";
import { reportText } from "./report-text.ts";

/** What a report may use beside the result. */
export interface ReportContext {
  /** Whether escape sequences for colours are welcome. */
  readonly colour: boolean;
  /** The text of a line, without its end; undefined where the source can't be had any more. */
  line(file: string, line: number): string | undefined;
}

export type Reporter = (result: CheckResult, context: ReportContext) => string;

export const REPORTERS: ReadonlyMap<string, Reporter> = new Map<string, Reporter>([
  ["text", reportText],
  ["json", reportJson],
]);
