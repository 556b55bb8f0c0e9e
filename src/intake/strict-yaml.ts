/**
 * @module YAML that kubectl and every common parser read alike: text in, Kubernetes objects out, or errors with their places.
 *
 * The grammar is js-yaml's; what a value means, and what is refused, is decided here and in the files beside this one.
 */
import type { Event } from "js-yaml";
import { parseEvents, YAMLException } from "js-yaml";
import { quote } from "../model/quote.ts";
import type { Document } from "./document.ts";
import { IntakeError } from "./document.ts";
import { readObjects } from "./kubernetes-objects.ts";
import type { Outcome } from "./kubernetes-objects.ts";
import type { IntakeLimits } from "./limits.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Origin } from "./located-document.ts";
import { decodeUtf8, LineIndex } from "./text.ts";
import { placesInYaml } from "./yaml-places.ts";
import type { YamlProblem } from "./yaml-problem.ts";
import type { YamlChunk } from "./yaml-text.ts";
import { findBadStructure, findBadText, splitAtSeparators } from "./yaml-text.ts";
import { buildValue, tooDeep } from "./yaml-values.ts";

/** What an input held. A document that has an error isn't among the documents; the others are. */
export interface ReadResult {
  readonly documents: readonly Document[];
  readonly errors: readonly IntakeError[];
}

/**
 * Reads all documents of a YAML file.
 * @param input the file's bytes, or its text
 * @param source file name for errors
 * @returns documents and errors; never both empty
 */
export function readYaml(
  input: Uint8Array | string,
  source: string,
  limits: IntakeLimits = DEFAULT_LIMITS,
): ReadResult {
  const documents: Document[] = [];
  const errors: IntakeError[] = [];
  for (const outcome of readOutcomes(input, source, limits)) {
    if (outcome instanceof IntakeError) errors.push(outcome);
    else documents.push(outcome);
  }
  return { documents, errors };
}

/** At least one document or error, in the order of the file. */
function* readOutcomes(input: Uint8Array | string, source: string, limits: IntakeLimits): Generator<Outcome> {
  const text = decode(input, source, limits);
  if (text instanceof IntakeError) {
    yield text;
    return;
  }
  let found = 0;
  for (const chunk of splitAtSeparators(text)) {
    for (const outcome of readChunk(chunk, source, limits)) {
      found += 1;
      if (found > limits.documents) {
        const message = `more than ${limits.documents} documents in one file; split it, or raise the limit`;
        yield new IntakeError("too-many", message, source, { line: chunk.firstLine, column: 1 });
        return;
      }
      yield outcome;
    }
  }
  if (found === 0) yield new IntakeError("empty", "there is no document in it", source, { line: 1, column: 1 });
}

function decode(input: Uint8Array | string, source: string, limits: IntakeLimits): string | IntakeError {
  if (input.length > limits.fileBytes) {
    return new IntakeError(
      "too-large",
      `more than ${limits.fileBytes} bytes; split the file, or raise the limit`,
      source,
    );
  }
  if (typeof input !== "string") {
    try {
      return decodeUtf8(input, source);
    } catch (error) {
      if (error instanceof IntakeError) return error;
      throw error;
    }
  }
  return input.isWellFormed()
    ? input
    : new IntakeError("encoding", "the text has half of a surrogate pair in it", source);
}

function readChunk(chunk: YamlChunk, source: string, limits: IntakeLimits): Outcome[] {
  const { text, firstLine } = chunk;
  if (text.length > limits.documentLength) {
    const message = `a document of more than ${limits.documentLength} characters; split it, or raise the limit`;
    return [new IntakeError("too-large", message, source, { line: firstLine, column: 1 })];
  }
  const badText = findBadText(text);
  if (badText !== undefined) return toErrors([badText], chunk, source);
  const events = parse(text, limits);
  if (!Array.isArray(events)) return toErrors([events], chunk, source);
  const { value, problems } = buildValue(text, events, limits);
  const badStructure = findBadStructure(text, events);
  if (badStructure !== undefined) return toErrors([...problems, badStructure], chunk, source);
  if (problems.length > 0) return toErrors(problems, chunk, source);
  if (value === undefined) return [];
  return readObjects(value, new Origin(source, text, firstLine, placesInYaml));
}

function parse(text: string, limits: IntakeLimits): Event[] | YamlProblem {
  try {
    // One level more than our own limit, which is checked where the place of the offender is known.
    return parseEvents(text, { maxDepth: limits.depth + 2 });
  } catch (error) {
    return explain(error, limits);
  }
}

function explain(error: unknown, limits: IntakeLimits): YamlProblem {
  if (!(error instanceof YAMLException)) return { code: "syntax", message: "this can't be read as YAML", offset: 0 };
  const offset = error.mark?.position ?? 0;
  if (error.reason.startsWith("nesting exceeded")) return { code: "too-deep", message: tooDeep(limits), offset };
  if (error.reason.startsWith("tab characters")) {
    return { code: "character", message: "a tab can't indent; use spaces", offset };
  }
  const message = `this can't be read as YAML (${quote(error.reason)}); check indentation, colons and quotes here`;
  return { code: "syntax", message, offset };
}

function toErrors(problems: readonly YamlProblem[], chunk: YamlChunk, source: string): IntakeError[] {
  const lines = new LineIndex(chunk.text, chunk.firstLine);
  return problems
    .toSorted((one, other) => one.offset - other.offset)
    .map(({ code, message, offset }) => new IntakeError(code, message, source, lines.at(offset)));
}
