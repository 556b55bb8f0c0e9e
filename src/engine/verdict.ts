/**
 * @module The verdict: findings with their level, and the words that users read.
 */
import type { Family } from "../apis/reading.ts";
import type { GuardrailMetadata } from "./bundle-manifest.ts";
import type { Excuse, RawFinding } from "./facts.ts";
import type { Settings } from "./settings.ts";

/** What a finding leads to; `excused` is nothing, until the exception ends. */
export type Level = "deny" | "excused" | "warn" | "audit";

export interface Finding {
  readonly guardrail: string;
  readonly level: Level;
  /** The exception that excuses the finding, or null. Where there is one, the level is `excused`. */
  readonly excused: Excuse | null;
  /** One sentence, safe to print: nothing in it breaks a line or a terminal. */
  readonly message: string;
  /** The message as the guardrail gave it, for comparing findings. */
  readonly rawMessage: string;
  readonly fix: string;
  readonly pointer: string;
  readonly compliance: readonly string[];
  /** It is about who writes: only an update that leaves the specification as it is may be tolerated. */
  readonly aboutWriter?: boolean;
  /** The rules that the finding is about (JSON Pointers), where it is about the width of rules. */
  readonly rules?: readonly string[];
  /** The stored object has the finding already. */
  readonly unchanged?: boolean;
}

export interface Verdict {
  /** Whether a guardrail looked at the object at all. */
  readonly judged: boolean;
  /** Which guardrails looked at it; null where none did. */
  readonly family: Family | null;
  readonly allowed: boolean;
  readonly findings: readonly Finding[];
}

export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const LEVELS: Readonly<Record<string, Level | undefined>> = { enforce: "deny", warn: "warn", audit: "audit" };
/** Worst first. */
export const LEVELS_IN_ORDER: readonly Level[] = ["deny", "excused", "warn", "audit"];
const LONGEST_MESSAGE = 400;

/** Gives raw findings their level and metadata; denials first, then by place. */
export function toFindings(
  raw: readonly RawFinding[],
  guardrails: ReadonlyMap<string, GuardrailMetadata>,
  settings: Settings,
): readonly Finding[] {
  return raw
    .map(({ guardrail, pointer, message, fix, rules, atMost, aboutWriter, excused = null }): Finding => {
      const metadata = guardrails.get(guardrail);
      // A guardrail without a known mode can't be one that lets pass.
      const level = LEVELS[settings.guardrails[guardrail]?.mode ?? "enforce"] ?? "deny";
      const capped = level === "deny" && atMost === "warn" ? "warn" : level;
      return {
        guardrail,
        level: excused === null ? capped : "excused",
        excused,
        message: printable(message),
        rawMessage: message,
        fix: printable(fix ?? metadata?.fix ?? ""),
        pointer,
        compliance: metadata?.compliance ?? [],
        ...(aboutWriter === true ? { aboutWriter } : {}),
        ...(rules === undefined ? {} : { rules }),
      };
    })
    .toSorted(
      (a, b) =>
        LEVELS_IN_ORDER.indexOf(a.level) - LEVELS_IN_ORDER.indexOf(b.level) ||
        compareTexts(a.guardrail, b.guardrail) ||
        comparePointers(a.pointer, b.pointer) ||
        // The policy answers with a set, whose order says nothing and changes with the bundle.
        compareTexts(a.rawMessage, b.rawMessage),
    );
}

/** By code units: what a locale thinks of texts is not wanted, and loading it would cost the gate 5 % of its start. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `/spec/ingress/2` comes before `/spec/ingress/10`. */
function comparePointers(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const bothNumbers = /^[0-9]+$/.test(part) && /^[0-9]+$/.test(other);
    return bothNumbers ? Number(part) - Number(other) : compareTexts(part, other);
  }
  return left.length - right.length;
}

/**
 * The text of a denial. First line: object and number of findings; then guardrail, place and what is wrong; then how to
 * fix it (once per guardrail); then whom to ask.
 * @param denials the findings that deny
 * @param help the last line, see exception-words.ts
 */
export function denialText(object: ObjectName, denials: readonly Finding[], help: string): string {
  const lines = [
    `ringfence denied ${objectWords(object)} (${denials.length} ${denials.length === 1 ? "finding" : "findings"})`,
  ];
  for (const [index, { guardrail, pointer, message, fix }] of denials.slice(0, MOST_LINES).entries()) {
    lines.push(`  ${guardrail}  ${pathWords(pointer)}: ${message}`);
    const next = denials[index + 1];
    if (fix !== "" && (next?.guardrail !== guardrail || next.fix !== fix)) lines.push(`    fix: ${fix}`);
  }
  if (denials.length > MOST_LINES) lines.push(`  ... and ${denials.length - MOST_LINES} more`);
  lines.push(help);
  return lines.join("\n");
}

const MOST_LINES = 20;

/** One warning line, as kubectl prints it after "Warning: ". */
export function warningText({ guardrail, pointer, message, unchanged }: Finding): string {
  return `${guardrail} ${pathWords(pointer)}: ${message}${unchanged === true ? " (unchanged: the stored object has it already)" : ""}`;
}

/** `NetworkPolicy shop/allow-all`; names are printed as they are only where they are names. */
export function objectWords({ kind, namespace, name }: ObjectName): string {
  return printable(`${kind} ${namespace === "" ? "" : `${namespace}/`}${name === "" ? "(no name)" : name}`);
}

/** A JSON Pointer as people write paths: `/spec/ingress/0` is `spec.ingress[0]`. */
export function pathWords(pointer: string): string {
  if (pointer === "") return "the object";
  let path = "";
  for (const part of pointer.slice(1).split("/")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^[0-9]+$/.test(key)) path += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) path += path === "" ? key : `.${key}`;
    else path += `[${JSON.stringify(key)}]`;
  }
  return printable(path);
}

/** Replaces what could break a line, a terminal or a header, and cuts what is too long to read. */
export function printable(text: string): string {
  const safe = text.replace(/[^\x20-\x7e]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return safe.length > LONGEST_MESSAGE ? `${safe.slice(0, LONGEST_MESSAGE - 3)}...` : safe;
}
