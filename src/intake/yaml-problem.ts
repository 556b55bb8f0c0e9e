/**
 * @module What is wrong with a YAML document, as an offset in its text; the reader turns it into an error with a line.
 */
import type { IntakeErrorCode } from "./document.ts";

export interface YamlProblem {
  readonly code: IntakeErrorCode;
  readonly message: string;
  readonly offset: number;
}
