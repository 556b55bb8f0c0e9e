/**
 * @module From parsed values to Kubernetes objects: lists are taken apart as kubectl does, and what isn't an object that
 * a cluster could store is an error.
 */
import { quote } from "../model/quote.ts";
import type { Document, IntakeErrorCode } from "./document.ts";
import { IntakeError } from "./document.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
import { LocatedDocument } from "./located-document.ts";
import type { Origin } from "./located-document.ts";

/** Read by a tool on the user's machine and never sent to a cluster, so they need no name. */
const NAMELESS_GROUPS: ReadonlySet<string> = new Set(["kustomize.config.k8s.io"]);
const IDENTIFYING_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "items"]);
const IDENTIFYING_KEYS_FOLDED: ReadonlySet<string> = new Set([...IDENTIFYING_KEYS].map(foldCase));
/** A list in a list is taken apart as well, a list in that one isn't. */
const LIST_DEPTH = 2;

/** A document, or why there is none. */
export type Outcome = Document | IntakeError;

/**
 * The Kubernetes objects in one parsed value.
 * @param value root of a YAML document or of a JSON file
 */
export function readObjects(value: JsonValue, origin: Origin): Outcome[] {
  const outcomes: Outcome[] = [];
  collect(value, origin, "", LIST_DEPTH, outcomes);
  return outcomes;
}

function collect(value: JsonValue, origin: Origin, pointer: string, listDepth: number, outcomes: Outcome[]): void {
  if (!isJsonObject(value)) {
    outcomes.push(
      errorAt(
        origin,
        pointer,
        "not-an-object",
        `expected an object with apiVersion and kind, found ${nameType(value)}`,
      ),
    );
    return;
  }
  const problem = findProblem(value);
  if (problem !== undefined) {
    outcomes.push(errorAt(origin, pointer + problem.pointer, problem.code, problem.message));
  } else if (!hasItems(value)) {
    outcomes.push(new LocatedDocument(value, origin, pointer));
  } else if (listDepth === 0) {
    outcomes.push(errorAt(origin, pointer, "too-deep", "a list in a list in a list; write the objects out"));
  } else {
    const items = value["items"] as readonly JsonValue[];
    items.forEach((item, index) => collect(item, origin, `${pointer}/items/${index}`, listDepth - 1, outcomes));
  }
}

interface ObjectProblem {
  readonly code: IntakeErrorCode;
  readonly message: string;
  readonly pointer: string;
}

function findProblem(object: JsonObject): ObjectProblem | undefined {
  return (
    findLookAlikeKey(object) ??
    findMissingType(object) ??
    (hasItems(object) ? findListProblem(object) : findNameProblem(object))
  );
}

// Go's own JSON decoder, which clients use to find the kind, ignores case; Kubernetes' decoders don't.
function findLookAlikeKey(object: JsonObject): ObjectProblem | undefined {
  for (const key of Object.keys(object)) {
    if (IDENTIFYING_KEYS.has(key) || !IDENTIFYING_KEYS_FOLDED.has(foldCase(key))) continue;
    const message = `some parsers take the key ${quote(key)} for one of ${[...IDENTIFYING_KEYS].join(", ")}: use that spelling`;
    return { code: "ambiguous", message, pointer: `/${key}` };
  }
  return undefined;
}

function findMissingType(object: JsonObject): ObjectProblem | undefined {
  for (const key of ["apiVersion", "kind"]) {
    if (isName(object[key])) continue;
    return notAnObject(`${nameField(object, key)}; every object needs apiVersion, kind and metadata.name`, `/${key}`);
  }
  return undefined;
}

function findListProblem(object: JsonObject): ObjectProblem | undefined {
  const kind = textOf(object["kind"]);
  if (!kind.endsWith("List")) {
    const message = `kubectl takes every object with "items" at the top for a list and drops the rest of it; ${quote(kind)} is no list`;
    return { code: "ambiguous", message, pointer: "/items" };
  }
  const items = object["items"];
  if (items === null || (Array.isArray(items) && items.length === 0)) {
    return { code: "empty", message: "the list is empty: there is nothing to check", pointer: "/items" };
  }
  return Array.isArray(items) ? undefined : notAnObject('"items" has to be a list of objects', "/items");
}

function findNameProblem(object: JsonObject): ObjectProblem | undefined {
  if (object["kind"] === "List") {
    return { code: "empty", message: 'the list has no "items": there is nothing to check', pointer: "" };
  }
  if (NAMELESS_GROUPS.has(textOf(object["apiVersion"]).split("/")[0] ?? "")) return undefined;
  const metadata = object["metadata"];
  if (!isJsonObject(metadata))
    return notAnObject(`${nameField(object, "metadata")}; every object needs metadata.name`, "/metadata");
  if (isName(metadata["name"]) || (metadata["name"] === undefined && isName(metadata["generateName"])))
    return undefined;
  const message = `${nameField(metadata, "name")} in metadata; every object needs metadata.name or metadata.generateName`;
  return notAnObject(message, "/metadata/name");
}

function notAnObject(message: string, pointer: string): ObjectProblem {
  return { code: "not-a-kubernetes-object", message, pointer };
}

function nameField(object: JsonObject, key: string): string {
  return object[key] === undefined ? `"${key}" is missing` : `"${key}" is no usable value`;
}

function errorAt(origin: Origin, pointer: string, code: IntakeErrorCode, message: string): IntakeError {
  const place = pointer === "" ? "" : `${quote(pointer)}: `;
  return new IntakeError(code, place + message, origin.source, origin.locate(pointer));
}

function hasItems(object: JsonObject): boolean {
  return Object.hasOwn(object, "items");
}

function isName(value: JsonValue | undefined): boolean {
  return textOf(value) !== "";
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function nameType(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}

/** Both ways, because "ſ" becomes S in upper case only and "K" (Kelvin) becomes k in lower case only. */
function foldCase(key: string): string {
  return key.toLowerCase().toUpperCase();
}
