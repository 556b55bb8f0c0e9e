/**
 * @module JSON Patch (RFC 6902) as an API server applies it: an implementation of its own, for tests. An operation that
 * doesn't fit is an error, never a guess.
 */
import type { JsonValue } from "../../../src/intake/json-value.ts";

export interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: JsonValue;
}

/** Applies operations one after another to a copy. */
export function applyPatch(document: JsonValue, operations: readonly Operation[]): JsonValue {
  // As text, so that no two places share a value.
  let root: unknown = JSON.parse(JSON.stringify(document));
  for (const { op, path, value } of operations) {
    if (op !== "add") throw new Error(`${op} is no operation of these patches`);
    if (value === undefined) throw new Error("an add without a value");
    const added: unknown = JSON.parse(JSON.stringify(value));
    if (path === "") root = added;
    else add(root, tokensOf(path), added);
  }
  return root as JsonValue;
}

function tokensOf(path: string): readonly string[] {
  if (!path.startsWith("/")) throw new Error(`${path} is no JSON Pointer`);
  return path
    .slice(1)
    .split("/")
    .map((token) => {
      if (/~(?![01])/.test(token)) throw new Error(`${path} has a tilde that escapes nothing`);
      return token.replaceAll("~1", "/").replaceAll("~0", "~");
    });
}

function add(root: unknown, tokens: readonly string[], value: unknown): void {
  let target = root;
  for (const token of tokens.slice(0, -1)) target = memberOf(target, token);
  const last = tokens.at(-1) ?? "";
  if (Array.isArray(target)) {
    const index = last === "-" ? target.length : indexOf(last);
    if (index > target.length) throw new Error(`${last} is beyond the end of the list`);
    target.splice(index, 0, value);
  } else if (typeof target === "object" && target !== null) {
    Object.defineProperty(target, last, { value, enumerable: true, configurable: true, writable: true });
  } else throw new Error(`/${tokens.join("/")} has no parent`);
}

function memberOf(parent: unknown, token: string): unknown {
  if (Array.isArray(parent)) {
    const index = indexOf(token);
    if (index < parent.length) return parent[index];
  } else if (typeof parent === "object" && parent !== null && Object.hasOwn(parent, token)) {
    return Reflect.get(parent, token);
  }
  throw new Error(`${token} is not there`);
}

function indexOf(token: string): number {
  if (!/^(?:0|[1-9][0-9]*)$/.test(token)) throw new Error(`${token} is no index`);
  return Number(token);
}
