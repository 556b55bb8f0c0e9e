/**
 * @module What is checked in YAML text before and between its scalars: characters that parsers treat differently, document
 * separators, tabs and other marks of structure that this reader doesn't take.
 */
import type { Event, ScalarEvent } from "js-yaml";
import { EVENT_ID, SCALAR_STYLE } from "js-yaml";
import { countLines } from "./text.ts";
import type { YamlProblem } from "./yaml-problem.ts";

/** The text from one separator line (included) to the next. */
export interface YamlChunk {
  readonly text: string;
  /** Line number of the chunk's first line in its file, from 1. */
  readonly firstLine: number;
}

// NEL, LS and PS end a line for kubectl and not for others; direction marks show a reviewer another text than the
// parser sees; a byte order mark inside a text is dropped by some. The rest is no text at all.
const FORBIDDEN_CHARACTER =
  // oxlint-disable-next-line no-control-regex
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)/;
const SEPARATOR_LINE = /^---(?:[ ]*|[ ]+#.*)$/;
const DOCUMENT_END = /^\.\.\.(?:\s|$)/m;
const DIRECTIVE = /^%/m;
const MAYBE_EXPLICIT_KEY = /(?:^|[\s[{,])\?(?:\s|$)/m;
const FOLD_AT_TAB = /\n *\t|\t *\r?\n/;

/** Cuts a file at its separator lines, as kubectl does before it parses anything. */
export function* splitAtSeparators(text: string): Generator<YamlChunk> {
  let start = 0;
  let firstLine = 1;
  while (start < text.length) {
    const separator = text.indexOf("\n---", start);
    const end = separator === -1 ? text.length : separator + 1;
    yield { text: text.slice(start, end), firstLine };
    firstLine += countLines(text, start, end);
    start = end;
  }
}

/** The first character, separator, document end or directive that makes the chunk unusable. */
export function findBadText(text: string): YamlProblem | undefined {
  const character = FORBIDDEN_CHARACTER.exec(text);
  if (character !== null) return badCharacter(character[0], character.index);
  if (text.startsWith("---") && !SEPARATOR_LINE.test(firstLineOf(text))) {
    const message = 'write the separator "---" alone on its line, and the document from the next line on';
    return { code: "syntax", message, offset: 0 };
  }
  const end = text.includes("...") ? DOCUMENT_END.exec(text) : null;
  if (end !== null) {
    const message = 'remove "...": some parsers drop what follows; only "---" separates documents';
    return { code: "syntax", message, offset: end.index };
  }
  const directive = text.includes("%") ? DIRECTIVE.exec(text) : null;
  if (directive !== null) {
    const message = 'remove the line that starts with "%": directives change how parsers read the document';
    return { code: "syntax", message, offset: directive.index };
  }
  return undefined;
}

function firstLineOf(text: string): string {
  return /^[^\r\n]*/.exec(text)?.[0] ?? "";
}

function badCharacter(character: string, offset: number): YamlProblem {
  if (character === "\r") {
    const message = "a carriage return alone ends a line for some parsers only; end lines with LF or CRLF";
    return { code: "character", message, offset };
  }
  const name = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  const message = `the character ${name} is invisible or read differently by parsers; remove it, or escape it in double quotes`;
  return { code: "character", message, offset };
}

/**
 * The first tab or explicit key ("?") outside of scalars and comments. Parsers disagree on what a tab separates; a
 * "?" allows keys that aren't text.
 * @param events what the parser made of the text
 */
export function findBadStructure(text: string, events: readonly Event[]): YamlProblem | undefined {
  const hasTab = text.includes("\t");
  if (!hasTab && !(text.includes("?") && MAYBE_EXPLICIT_KEY.test(text))) return undefined;
  let gapStart = 0;
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.valueStart === -1) continue;
    const problem = findInGap(text, gapStart, event.valueStart) ?? (hasTab ? findFoldAtTab(text, event) : undefined);
    if (problem !== undefined) return problem;
    gapStart = event.valueEnd;
  }
  return findInGap(text, gapStart, text.length);
}

function findInGap(text: string, start: number, end: number): YamlProblem | undefined {
  for (let offset = start; offset < end; offset += 1) {
    const character = text[offset];
    if (character === "\t") return tabProblem(offset);
    if (character === "?") {
      const message = 'write the key without "?"';
      return { code: "syntax", message, offset };
    }
    if (character === "#") {
      const lineEnd = text.indexOf("\n", offset);
      if (lineEnd === -1) return undefined;
      offset = lineEnd;
    }
  }
  return undefined;
}

function findFoldAtTab(text: string, event: ScalarEvent): YamlProblem | undefined {
  if (event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK) return undefined;
  const fold = FOLD_AT_TAB.exec(text.slice(event.valueStart, event.valueEnd));
  return fold === null ? undefined : tabProblem(event.valueStart + fold.index + fold[0].indexOf("\t"));
}

function tabProblem(offset: number): YamlProblem {
  return { code: "character", message: "a tab can't indent or separate here; use spaces", offset };
}
