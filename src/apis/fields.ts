/**
 * @module Checked access to the fields of an object that a user wrote: what has the wrong type, is null where it
 * matters or is spelt wrong becomes a defect with its JSON Pointer, and reading goes on.
 *
 * Two rules hold for all readers. A part that the API server rejects contributes nothing to a reading, because the
 * whole object is refused and the defect says so. A part that the API server silently changes (a null list element, an
 * unknown field) contributes what the server makes of it.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect, DefectKind } from "../model/traffic.ts";
import { nearest } from "./suggest.ts";

/** A text out of a list, with the place where it stands. */
export interface TextElement {
  readonly value: string;
  readonly pointer: string;
}

type Labels = Readonly<Record<string, string>>;

const NO_FIELDS: JsonObject = Object.freeze({});
const NO_LABELS: Labels = Object.freeze({});
const NO_NODES: readonly ObjectNode[] = Object.freeze([]);
const NO_TEXTS: readonly TextElement[] = Object.freeze([]);

/** Kinds of defects for which the API server refuses the whole object; for the others it changes or accepts it. */
const REJECTED: ReadonlySet<DefectKind> = new Set([
  "wrong-type",
  "invalid-value",
  "missing-field",
  "conflicting-fields",
]);

/** JSON Pointer of a field inside the object at another one (RFC 6901: `~` and `/` in a key are escaped). */
export function pointerInto(pointer: string, key: string): string {
  const plain = !key.includes("~") && !key.includes("/");
  return `${pointer}/${plain ? key : key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** One object inside the document, with its place and the list to which its defects go. */
export class ObjectNode {
  readonly value: JsonObject;
  /** JSON Pointer of this object, `""` for the whole document. */
  readonly pointer: string;
  readonly defects: Defect[];

  constructor(value: JsonObject, pointer: string, defects: Defect[]) {
    this.value = value;
    this.pointer = pointer;
    this.defects = defects;
  }

  /** JSON Pointer of a field of this object. */
  at(key: string): string {
    return pointerInto(this.pointer, key);
  }

  /** Whether a field is written at all; null counts as not written, as it does for the API server. */
  has(key: string): boolean {
    const value = this.value[key];
    return value !== undefined && value !== null;
  }

  /** Notes a defect of this object, or of one of its fields. */
  report(kind: DefectKind, pointer: string, detail: string, effect: Defect["effect"] = "none"): void {
    this.defects.push({ kind, pointer, detail, effect });
  }

  /**
   * Whether a defect was noted, since the list of defects was `mark` long, for which the API server refuses the object.
   */
  rejectedSince(mark: number): boolean {
    for (let index = mark; index < this.defects.length; index++) {
      const defect = this.defects[index];
      if (defect !== undefined && REJECTED.has(defect.kind)) return true;
    }
    return false;
  }

  /** An object in a field; undefined where it is absent, null or (with a defect) something else. */
  object(key: string): ObjectNode | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (isJsonObject(value)) return new ObjectNode(value, this.at(key), this.defects);
    this.#wrongType(this.at(key), "an object", value);
    return undefined;
  }

  /** An object in a field; an empty one where there is none. */
  objectOrEmpty(key: string): ObjectNode {
    return this.object(key) ?? new ObjectNode(NO_FIELDS, this.at(key), this.defects);
  }

  /** An object in a field that must be there: its absence is a defect too. */
  requiredObject(key: string): ObjectNode | undefined {
    if (!this.has(key)) this.report("missing-field", this.at(key), `${quote(key)} is missing; the API requires it`);
    return this.object(key);
  }

  /** A list in a field; undefined where it is absent, null or (with a defect) something else. */
  list(key: string): readonly JsonValue[] | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (isList(value)) return value;
    this.#wrongType(this.at(key), "a list", value);
    return undefined;
  }

  /** How many elements the list in a field has; 0 where there is no list. Notes nothing. */
  count(key: string): number {
    const value = this.value[key];
    return value !== undefined && isList(value) ? value.length : 0;
  }

  /**
   * The objects of a list. A null element is read as an empty object, as the API server does, and is a defect.
   * @param nullEffect what the empty object that null becomes does to the traffic
   */
  objects(key: string, nullEffect: Defect["effect"]): readonly ObjectNode[] {
    const list = this.list(key);
    if (list === undefined || list.length === 0) return NO_NODES;
    const nodes: ObjectNode[] = [];
    for (let index = 0; index < list.length; index++) {
      const value = list[index] ?? null;
      const pointer = `${this.at(key)}/${index}`;
      if (value === null) {
        this.report("null-element", pointer, "a null list element is read as an empty one ({}); remove it", nullEffect);
        nodes.push(new ObjectNode(NO_FIELDS, pointer, this.defects));
      } else if (isJsonObject(value)) nodes.push(new ObjectNode(value, pointer, this.defects));
      else this.#wrongType(pointer, "an object", value);
    }
    return nodes;
  }

  /** The texts of a list. A null element is read as an empty text, as the API server does, and is a defect. */
  texts(key: string): readonly TextElement[] {
    const list = this.list(key);
    if (list === undefined || list.length === 0) return NO_TEXTS;
    const texts: TextElement[] = [];
    for (let index = 0; index < list.length; index++) {
      const value = list[index] ?? null;
      const pointer = `${this.at(key)}/${index}`;
      if (typeof value === "string") texts.push({ value, pointer });
      else if (value === null) {
        this.report("null-element", pointer, 'a null list element is read as an empty string (""); remove it');
        texts.push({ value: "", pointer });
      } else this.#wrongType(pointer, "a string", value);
    }
    return texts;
  }

  /** A text in a field; undefined where it is absent, null or (with a defect) something else. */
  text(key: string): string | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return value;
    this.#wrongType(this.at(key), "a string", value);
    return undefined;
  }

  /** A text in a field that must be there: its absence (an empty text too) is a defect. */
  requiredText(key: string): string | undefined {
    const value = this.text(key);
    if (value === "" || !this.has(key)) {
      this.report("missing-field", this.at(key), `${quote(key)} is missing; the API requires it`);
    }
    return value === "" ? undefined : value;
  }

  /** Whether a field is the boolean true. `"true"` is a defect and not true: the API server refuses it. */
  flag(key: string): boolean {
    const value = this.value[key];
    if (value === true) return true;
    if (value !== undefined && value !== null && value !== false) this.#wrongType(this.at(key), "true or false", value);
    return false;
  }

  /** A whole number in a field; undefined where it is absent, null or (with a defect) something else. */
  integer(key: string): number | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "number" && Number.isInteger(value)) return value;
    this.#wrongType(this.at(key), "a whole number", value);
    return undefined;
  }

  /**
   * A map of texts (labels, annotations). Values of other types are left out and are defects; null is read as an empty
   * text, as the API server does. The answer may be the user's own object: look names up with `Object.hasOwn`.
   */
  textMap(key: string): Labels {
    const node = this.object(key);
    if (node === undefined) return NO_LABELS;
    const names = Object.keys(node.value);
    for (const name of names) {
      if (typeof node.value[name] !== "string") return node.#mendedTextMap(names);
    }
    return node.value as Labels;
  }

  /**
   * Notes every key that the API doesn't know: the API server drops such fields with a warning at most.
   * @param effect what dropping one does to the traffic
   */
  checkKeys(known: ReadonlySet<string>, effect: Defect["effect"]): void {
    for (const key of Object.keys(this.value)) {
      if (known.has(key)) continue;
      const meant = nearest(key, known);
      const advice = meant === undefined ? `; known here: ${[...known].join(", ")}` : `, did you mean ${quote(meant)}?`;
      this.report("unknown-field", this.at(key), `unknown field ${quote(key)}${advice}`, effect);
    }
  }

  #mendedTextMap(names: readonly string[]): Labels {
    const entries: [string, string][] = [];
    for (const name of names) {
      const value = this.value[name] ?? null;
      if (typeof value === "string") entries.push([name, value]);
      else if (value === null) {
        this.report(
          "null-element",
          this.at(name),
          'null is read as an empty string (""); write the value or remove the key',
        );
        entries.push([name, ""]);
      } else this.#wrongType(this.at(name), "a string (in YAML: quote it)", value);
    }
    return Object.fromEntries(entries);
  }

  #wrongType(pointer: string, wanted: string, found: JsonValue): void {
    this.report("wrong-type", pointer, `must be ${wanted}, not ${typeInWords(found)}`);
  }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function typeInWords(value: JsonValue): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (typeof value === "number") return `the number ${value}`;
  return String(value);
}
