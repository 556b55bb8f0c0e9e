/**
 * @module Edits of one YAML document, or of JSON, that leave every other byte as it is: comments, quotes, order, blank
 * lines. The package `yaml` says where things stand; the text itself is cut and pasted here, because writing the
 * document anew would format it anew.
 */
import { isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";

/** What an edit writes. Texts are always put in quotes: a time without them is no text for some parsers. */
export type Written = string | readonly string[] | { readonly [key: string]: Written };

/** The document has a form in which there is no place for the edit. Nothing was changed. */
export class EditError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "EditError";
  }
}

type Collection = YAMLMap | YAMLSeq;
interface Ranged {
  readonly range?: readonly [start: number, valueEnd: number, nodeEnd: number] | null | undefined;
}

/** How much deeper a map or list is indented than what it belongs to. */
const STEP = 2;

/**
 * Sets the value at a path; objects on the way that are missing are made.
 * @param text one document
 * @param path keys from the root; of a list, the index
 * @throws EditError where the path leads through something that is neither object nor list, or the text is no YAML
 */
export function setValue(text: string, path: readonly string[], value: Written): string {
  const { parent, key, rest } = descend(text, path);
  const content = rest.reduceRight<Written>((inner, outer) => ({ [outer]: inner }), value);
  if (isSeq(parent)) throw new EditError(`/${path.join("/")} leads into a list that has no such item`);
  const pair = pairOf(parent, key);
  if (pair === undefined) return insert(text, parent, key, content);
  if (parent.flow === true) {
    if (!isBlank(pair.value) && rest.length > 0) throw new EditError(`${key} holds no object`);
    return replaceFlow(text, pair, content);
  }
  if (isBlank(pair.value) || typeof content === "string") return replaceBlock(text, parent, pair, content);
  throw new EditError(`${key} holds no object`);
}

/**
 * Removes the entry at a path. What isn't there needs no removal.
 * @throws EditError as {@link setValue}, and where nothing would be left around it
 */
export function removeValue(text: string, path: readonly string[]): string {
  const { parent, key, rest } = descend(text, path);
  const pair = isMap(parent) && rest.length === 0 ? pairOf(parent, key) : undefined;
  if (pair === undefined || !isMap(parent)) return text;
  if (parent.items.length === 1) throw new EditError(`${key} is the only entry of its object`);
  return parent.flow === true ? removeFlow(text, parent, pair) : removeBlock(text, pair);
}

/**
 * Adds a text to the end of a list, which is made where it is missing.
 * @throws EditError as {@link setValue}
 */
export function appendValue(text: string, path: readonly string[], value: string): string {
  const list = nodeAt(rootOf(text), path);
  if (!isSeq(list) || list.items.length === 0) return setValue(text, path, [value]);
  if (list.flow === true) {
    const end = endOf(list.items.at(-1));
    return `${text.slice(0, end)}, ${JSON.stringify(value)}${text.slice(end)}`;
  }
  return insertLines(text, endOf(list), `${" ".repeat(column(text, startOf(list)))}- ${JSON.stringify(value)}`);
}

function rootOf(text: string): Collection {
  const document = parseDocument(text, { schema: "core", version: "1.2" });
  if (document.errors.length > 0 || !(isMap(document.contents) || isSeq(document.contents))) {
    throw new EditError("this is no YAML object");
  }
  return document.contents;
}

function nodeAt(root: Collection, path: readonly string[]): unknown {
  let node: unknown = root;
  for (const key of path) {
    if (isMap(node)) node = pairOf(node, key)?.value;
    else if (isSeq(node)) node = node.items[Number(key)];
    else return undefined;
  }
  return node;
}

/** The innermost object or list on the path that has something in it, the key that follows, and what is behind that. */
function descend(text: string, path: readonly string[]) {
  let parent = rootOf(text);
  for (const [index, key] of path.entries()) {
    const child = nodeAt(parent, [key]);
    const isInside = index < path.length - 1 && (isMap(child) || isSeq(child)) && !isBlank(child);
    if (!isInside) return { parent, key, rest: path.slice(index + 1) };
    parent = child;
  }
  throw new EditError("the path is empty");
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

/** Nothing, null, or brackets with nothing in them. */
function isBlank(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (isScalar(value)) return value.value === null;
  return (isMap(value) || isSeq(value)) && value.items.length === 0;
}

// ---- blocks: one entry per line ----

function insert(text: string, map: YAMLMap, key: string, content: Written): string {
  if (map.flow === true) return insertFlow(text, map, key, content);
  const [first] = map.items;
  if (first === undefined) throw new EditError(`there is no place for ${key}`);
  return insertLines(text, endOf(map), blockEntry(key, content, column(text, startOf(first.key))));
}

/** Lines from the next start of a line on; what still stands on the line is a comment. */
function insertLines(text: string, offset: number, lines: string): string {
  const newline = newlineOf(text);
  const written = lines.replaceAll("\n", newline);
  if (offset > 0 && text[offset - 1] === "\n") {
    return `${text.slice(0, offset)}${written}${newline}${text.slice(offset)}`;
  }
  const end = lineEnd(text, offset);
  return `${text.slice(0, end)}${newline}${written}${text.slice(end)}`;
}

function replaceBlock(text: string, map: YAMLMap, pair: Pair, content: Written): string {
  const afterColon = text.indexOf(":", endOf(pair.key)) + 1;
  // A value that isn't written stands behind the spaces; they stay, because a comment needs one.
  const isWritten = isScalar(pair.value) ? endOf(pair.value) > startOf(pair.value) : pair.value !== null;
  const valueEnd = isWritten ? endOf(pair.value) : afterColon;
  if (typeof content === "string") {
    const old = text.slice(afterColon, valueEnd);
    const tail = /\r?\n$/.exec(old)?.[0] ?? "";
    return `${text.slice(0, afterColon)} ${JSON.stringify(content)}${tail}${text.slice(valueEnd)}`;
  }
  const without = text.slice(0, afterColon) + text.slice(valueEnd);
  const [first] = map.items;
  const indent = column(text, startOf(first?.key)) + STEP;
  return insertLines(without, lineEnd(without, afterColon), blockLines(content, indent));
}

function removeBlock(text: string, pair: Pair): string {
  const from = lineStart(text, startOf(pair.key));
  const end = endOf(pair.value, text.indexOf(":", endOf(pair.key)) + 1);
  const to = text[end - 1] === "\n" ? end : Math.min(text.length, lineEnd(text, end) + newlineOf(text).length);
  return text.slice(0, from) + text.slice(to);
}

function blockEntry(key: string, content: Written, indent: number): string {
  const start = `${" ".repeat(indent)}${key}:`;
  if (typeof content === "string") return `${start} ${JSON.stringify(content)}`;
  return `${start}\n${blockLines(content, indent + STEP)}`;
}

function blockLines(content: Exclude<Written, string>, indent: number): string {
  if (isList(content)) return content.map((item) => `${" ".repeat(indent)}- ${JSON.stringify(item)}`).join("\n");
  return Object.entries(content)
    .map(([key, value]) => blockEntry(key, value, indent))
    .join("\n");
}

function isList(content: Written): content is readonly string[] {
  return Array.isArray(content);
}

// ---- between brackets, and JSON ----

function insertFlow(text: string, map: YAMLMap, key: string, content: Written): string {
  const [first] = map.items;
  const last = map.items.at(-1);
  const entry = (indent: string) => `${JSON.stringify(key)}: ${flowValue(content, indent)}`;
  if (first === undefined || last === undefined) {
    const start = startOf(map) + 1;
    return text.slice(0, start) + entry("") + text.slice(start);
  }
  const start = startOf(first.key);
  const end = endOf(last.value, endOf(last.key));
  // One entry per line where the first one stands on its own line.
  const indent = /\n([ \t]*)$/.exec(text.slice(0, start))?.[1];
  const gap = indent === undefined ? ", " : `,${newlineOf(text)}${indent}`;
  return text.slice(0, end) + gap + entry(indent ?? "") + text.slice(end);
}

function flowValue(content: Written, indent: string): string {
  if (indent === "") return JSON.stringify(content);
  const step = indent.includes("\t") ? "\t" : STEP;
  return JSON.stringify(content, null, step).replaceAll("\n", `\n${indent}`);
}

function replaceFlow(text: string, pair: Pair, content: Written): string {
  const start = startOf(pair.value);
  return text.slice(0, start) + JSON.stringify(content) + text.slice(endOf(pair.value));
}

function removeFlow(text: string, map: YAMLMap, pair: Pair): string {
  const index = map.items.indexOf(pair);
  const next = map.items[index + 1];
  const before = map.items[index - 1];
  if (next !== undefined) return text.slice(0, startOf(pair.key)) + text.slice(startOf(next.key));
  return text.slice(0, endOf(before?.value)) + text.slice(endOf(pair.value));
}

// ---- places ----

function startOf(node: unknown): number {
  return rangeOf(node)[0];
}

/** Where a node ends; a value that isn't written ends where `otherwise` says. */
function endOf(node: unknown, otherwise?: number): number {
  if ((node === null || node === undefined) && otherwise !== undefined) return otherwise;
  return rangeOf(node)[1];
}

function rangeOf(node: unknown): readonly [number, number, number] {
  const range = (node as Ranged | Scalar | null | undefined)?.range;
  if (range === null || range === undefined) throw new EditError("a part of the document has no place");
  return range;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** The offset of the line's end, before CR LF too. */
function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}

function column(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

function newlineOf(text: string): "\n" | "\r\n" {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
