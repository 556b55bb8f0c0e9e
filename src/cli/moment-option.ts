/**
 * @module `--now`: the moment that is judged for.
 */
import { parseInstant } from "../exceptions/instant.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError } from "./command.ts";

/**
 * Seconds since 1970; undefined without the option.
 * @throws CallError for what is no time
 */
export function momentOf(args: Arguments, command: string): number | undefined {
  const text = args.text("now");
  if (text === undefined) return undefined;
  const moment = parseInstant(text);
  if (moment === undefined) throw new CallError(`--now ${quote(text)} is no time like 2026-12-03T10:00:00Z`, command);
  return moment;
}
