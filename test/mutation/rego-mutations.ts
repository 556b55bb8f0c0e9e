/**
 * @module Small wrong changes to a Rego file: each is one that a test must notice.
 *
 * Works on the text as `opa fmt` writes it: a top-level definition starts in the first column, a statement of a body
 * has one tab, and what it continues on has more, or closes a bracket.
 */

export interface Mutant {
  /** Counted from 1. */
  readonly line: number;
  /** What was changed: `== becomes !=`. */
  readonly change: string;
  /** The whole file with the change. */
  readonly text: string;
}

/** An operator or a word of code, and what it is replaced by. */
const SWAPS: readonly (readonly [RegExp, string])[] = [
  [/ == /g, " != "],
  [/ != /g, " == "],
  [/ >= /g, " > "],
  [/ >= /g, " < "],
  [/ > /g, " >= "],
  [/ > /g, " <= "],
  [/ <= /g, " < "],
  [/ <= /g, " > "],
  [/ < /g, " <= "],
  [/ < /g, " >= "],
  [/ - /g, " + "],
  [/ \* /g, " + "],
  [/\bnot /g, ""],
  [/\bmax\(/g, "min("],
  [/\bmin\(/g, "max("],
  [/\bstartswith\(/g, "endswith("],
  [/\bendswith\(/g, "startswith("],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
];

const STRING = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;
const NUMBER = /(?<![\w.])\d+(?:\.\d+)?(?![\w.])/g;

/** All mutants of a file, in the order of its lines. */
export function mutantsOf(source: string): readonly Mutant[] {
  const lines = source.split("\n");
  const mutants: Mutant[] = [];
  const add = (index: number, count: number, replacement: readonly string[], change: string) => {
    mutants.push({ line: index + 1, change, text: lines.toSpliced(index, count, ...replacement).join("\n") });
  };
  for (const [index, line] of lines.entries()) {
    if (line === "" || /^\s*(?:#|package |import )/.test(line)) continue;
    for (const { mutated, change } of mutationsOfLine(line)) add(index, 1, [mutated], change);
    if (/^[a-z_]/.test(line)) add(index, definitionLength(lines, index), [], "definition removed");
    const statement = /^\t[^\t})\]]/.test(line) && inBody(lines, index);
    if (statement) mutateStatement(lines, index, add);
  }
  return mutants;
}

function mutateStatement(
  lines: readonly string[],
  index: number,
  add: (index: number, count: number, replacement: readonly string[], change: string) => void,
): void {
  const line = lines[index] ?? "";
  add(index, statementLength(lines, index), [], "statement removed");
  if (!/^\t(?:some |not )|:=/.test(line)) add(index, 1, [line.replace("\t", "\tnot ")], "statement negated");
}

function* mutationsOfLine(line: string): Generator<{ mutated: string; change: string }> {
  const strings = [...line.matchAll(STRING)];
  // Code alone: every string is blanked, so that positions stay the same.
  const code = line.replace(STRING, (text) => " ".repeat(text.length));
  const splice = (at: number, length: number, text: string) => line.slice(0, at) + text + line.slice(at + length);
  for (const [pattern, replacement] of SWAPS) {
    for (const { 0: found, index } of code.matchAll(pattern)) {
      yield {
        mutated: splice(index, found.length, replacement),
        change: `${found.trim()} becomes ${replacement.trim() || "nothing"}`,
      };
    }
  }
  for (const { 0: found, index } of code.matchAll(NUMBER)) {
    yield {
      mutated: splice(index, found.length, String(Number(found) + 1)),
      change: `${found} becomes ${Number(found) + 1}`,
    };
  }
  for (const { 0: found, index } of strings) {
    const quote = found[0] ?? "";
    yield {
      mutated: splice(index, found.length, `${found.slice(0, -1)}~${quote}`),
      change: `${found} becomes another text`,
    };
  }
  const condition = / if (?!\{)/.exec(code);
  if (condition !== null) {
    yield { mutated: line.slice(0, condition.index), change: "condition removed" };
    if (!code.startsWith("not ", condition.index + 4)) {
      yield { mutated: splice(condition.index, 4, " if not "), change: "condition negated" };
    }
  }
}

/** Whether a line is in a rule's body, and not in a value such as an object. */
function inBody(lines: readonly string[], index: number): boolean {
  for (let above = index - 1; above >= 0; above -= 1) {
    const line = lines[above] ?? "";
    if (/^[a-z_\]})]/.test(line)) return line.endsWith(" if {");
  }
  return false;
}

function statementLength(lines: readonly string[], index: number): number {
  let length = 1;
  while (/^\t(?:\t|[})\]])/.test(lines[index + length] ?? "")) length += 1;
  return length;
}

function definitionLength(lines: readonly string[], index: number): number {
  let length = 1;
  while (/^[\t})\]]/.test(lines[index + length] ?? "")) length += 1;
  return length;
}
