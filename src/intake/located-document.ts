/**
 * @module Documents that know their text, so that a finding can be shown where it was written.
 */
import type { Document, Position } from "./document.ts";
import type { JsonObject } from "./json-value.ts";
import type { PlaceBuilder } from "./places.ts";
import { LineIndex } from "./text.ts";

/** The text that one or, for a list, several documents come from. */
export class Origin {
  /** File name as the user gave it. */
  readonly source: string;
  readonly #text: string;
  readonly #firstLine: number;
  readonly #findPlaces: (text: string) => PlaceBuilder;
  #index: { readonly places: PlaceBuilder; readonly lines: LineIndex } | undefined;

  /**
   * @param firstLine number of the text's first line in its file
   * @param findPlaces parses the text again; called once, and only if a position is asked for
   */
  constructor(source: string, text: string, firstLine: number, findPlaces: (text: string) => PlaceBuilder) {
    this.source = source;
    this.#text = text;
    this.#firstLine = firstLine;
    this.#findPlaces = findPlaces;
  }

  /** @param pointer JSON Pointer from the root of the text */
  locate(pointer: string): Position {
    this.#index ??= { places: this.#findPlaces(this.#text), lines: new LineIndex(this.#text, this.#firstLine) };
    return this.#index.lines.at(this.#index.places.find(pointer));
  }
}

export class LocatedDocument implements Document {
  readonly value: JsonObject;
  readonly source: string;
  readonly pointer: string;
  readonly #origin: Origin;

  /** @param pointer where the value stands in the origin; empty unless it is an item of a list */
  constructor(value: JsonObject, origin: Origin, pointer: string) {
    this.value = value;
    this.source = origin.source;
    this.#origin = origin;
    this.pointer = pointer;
  }

  get start(): Position {
    return this.#origin.locate(this.pointer);
  }

  locate(pointer: string): Position {
    return this.#origin.locate(this.pointer + pointer);
  }
}
