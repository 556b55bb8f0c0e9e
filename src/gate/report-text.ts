/**
 * @module The result for people: findings by file and guardrail, each with its place, its line and how to fix it.
 */
import type { Level } from "../engine/verdict.ts";
import { LEVELS_IN_ORDER, objectWords, pathWords } from "../engine/verdict.ts";
import type { CheckError, CheckFinding, CheckResult, InactiveGuardrail } from "./check-result.ts";
import { excerpt } from "./excerpt.ts";
import { plain } from "./plain-text.ts";
import type { ReportContext } from "./reporters.ts";

type Style = "red" | "yellow" | "cyan" | "green" | "bold" | "dim";

// ECMA-48 SGR parameters.
const CODES: Readonly<Record<Style, string>> = {
  red: "31",
  yellow: "33",
  cyan: "36",
  green: "32",
  bold: "1",
  dim: "2",
};
const LEVEL_STYLES: Readonly<Record<Level, Style>> = { deny: "red", excused: "green", warn: "yellow", audit: "cyan" };

/** Names in a note; the JSON form has all of them. */
const MOST_NAMES = 8;

type Paint = (style: Style, text: string) => string;

/** The report as text; all of it printable ASCII, apart from colours where the context wants them. */
export function reportText(result: CheckResult, context: ReportContext): string {
  const paint: Paint = (style, text) => (context.colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  const blocks = [
    ...groups(result.findings, ({ file }) => file).map((findings) => fileBlock(findings, context, paint)),
    ...(result.errors.length === 0 ? [] : [errorBlock(result.errors, paint)]),
    ...(result.inactive.length === 0 ? [] : [result.inactive.map((one) => inactiveLine(one, paint)).join("\n")]),
    summaryLine(result, paint),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function fileBlock(findings: readonly CheckFinding[], context: ReportContext, paint: Paint): string {
  const lines = [paint("bold", sourceWords(findings[0]?.file ?? ""))];
  const worstFirst = findings.toSorted(
    (one, other) => LEVELS_IN_ORDER.indexOf(one.level) - LEVELS_IN_ORDER.indexOf(other.level),
  );
  for (const group of groups(worstFirst, ({ guardrail, level }) => `${level} ${guardrail}`)) {
    const [{ level, guardrail } = { level: "deny" as const, guardrail: "" }] = group;
    lines.push(`  ${paint(LEVEL_STYLES[level], level)}  ${paint("bold", guardrail)}`);
    for (const [index, finding] of group.entries()) {
      lines.push(...findingLines(finding, paint));
      const next = group[index + 1];
      if (next?.line !== finding.line || next.column !== finding.column)
        lines.push(...excerptLines(finding, context, paint));
      // Said once for all findings in a row that have the same.
      if (finding.fix !== "" && level !== "excused" && next?.fix !== finding.fix) {
        lines.push(`    ${paint("green", "fix:")} ${finding.fix}`);
      }
    }
  }
  return lines.join("\n");
}

function findingLines({ file, line, column, object, pointer, message, excused }: CheckFinding, paint: Paint): string[] {
  const place = placeWords(file, line, column);
  const lines = [`    ${paint("bold", place)}  ${objectWords(object)}  ${pathWords(pointer)}: ${message}`];
  if (excused !== null) {
    const { id, approver, expires } = excused;
    lines.push(`    excused until ${expires}${approver === "" ? "" : ` by ${plain(approver)}`} (${plain(id)})`);
  }
  return lines;
}

/** Findings in a row at one place share the excerpt. */
function excerptLines({ file, line, column }: CheckFinding, context: ReportContext, paint: Paint): string[] {
  const text = context.line(file, line);
  return text === undefined ? [] : excerpt(text, line, column).map((shown) => `      ${paint("dim", shown)}`);
}

function errorBlock(errors: readonly CheckError[], paint: Paint): string {
  return errors
    .map(({ file, line, column, message }) => {
      const place = line === null ? sourceWords(file) : placeWords(file, line, column ?? 1);
      return `${paint("red", "error")}  ${place}: ${plain(message)}`;
    })
    .join("\n");
}

function inactiveLine({ guardrail, reason, namespaces }: InactiveGuardrail, paint: Paint): string {
  return `${paint("cyan", "note")}  ${guardrail} was silent: ${reason} (${some(namespaces)})`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(plain).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

function summaryLine({ summary, bundle }: CheckResult, paint: Paint): string {
  const { documents, judged, denied, warned, excused, errors } = summary;
  const counts = [
    paint(denied > 0 ? "red" : "green", `${denied} denied`),
    `${warned} warned`,
    ...(excused > 0 ? [`${excused} excused`] : []),
    errors === 0 ? "0 errors" : paint("red", `${errors} ${errors === 1 ? "error" : "errors"}`),
  ];
  return `${counts.join(", ")}; ${judged} of ${documents} ${documents === 1 ? "object" : "objects"} judged (bundle ${bundle.digest.slice(0, 19)})`;
}

function placeWords(file: string, line: number, column: number): string {
  return `${sourceWords(file)}:${line}:${column}`;
}

function sourceWords(file: string): string {
  return file === "-" ? "(standard input)" : plain(file);
}

/** Items with the same key together, in the order in which the keys first appear. */
function groups<Item>(items: readonly Item[], key: (item: Item) => string): Item[][] {
  const byKey = new Map<string, Item[]>();
  for (const item of items) {
    const group = byKey.get(key(item));
    if (group === undefined) byKey.set(key(item), [item]);
    else group.push(item);
  }
  return [...byKey.values()];
}
