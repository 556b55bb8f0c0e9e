/**
 * @module Where the values of a YAML document stand in its text.
 */
import type { Event, ScalarEvent } from "js-yaml";
import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE } from "js-yaml";
import { PlaceBuilder } from "./places.ts";

/**
 * Offsets of all values of a document.
 * @param text a document that was accepted before
 */
export function placesInYaml(text: string): PlaceBuilder {
  return new YamlPlaces(text).find();
}

type Open = "list" | "key-next" | "value-next";

class YamlPlaces {
  readonly #text: string;
  readonly #places = new PlaceBuilder();
  readonly #open: Open[] = [];
  /** End of what has been met so far: the next mark stands behind it. */
  #end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  find(): PlaceBuilder {
    for (const event of parseEvents(this.#text, { maxDepth: Number.POSITIVE_INFINITY })) this.#take(event);
    return this.#places;
  }

  #take(event: Event): void {
    if (event.type === EVENT_ID.SCALAR) {
      this.#takeScalar(event);
    } else if (event.type === EVENT_ID.MAPPING) {
      this.#places.openObject(event.start);
      this.#enter(event.start, "key-next");
    } else if (event.type === EVENT_ID.SEQUENCE) {
      this.#places.openList(event.start);
      this.#enter(event.start, "list");
    } else if (event.type === EVENT_ID.POP) {
      this.#places.close();
      this.#open.pop();
    }
  }

  #enter(start: number, open: Open): void {
    this.#finishEntry();
    this.#open.push(open);
    this.#end = start;
  }

  #takeScalar(event: ScalarEvent): void {
    if (this.#open.at(-1) === "key-next") {
      this.#places.key(getScalarValue(this.#text, event), this.#startOf(event));
      this.#open[this.#open.length - 1] = "value-next";
    } else {
      this.#places.scalar(this.#startOf(event));
      this.#finishEntry();
    }
  }

  #finishEntry(): void {
    if (this.#open.at(-1) === "value-next") this.#open[this.#open.length - 1] = "key-next";
  }

  /** Where a scalar's first mark stands: its quote, its "|" or ">", or the dash of an empty list item. */
  #startOf(event: ScalarEvent): number {
    const { valueStart, valueEnd, style } = event;
    const isAbsent = valueStart === -1;
    // Other places of absent values are never asked for: an entry of an object stands at its key.
    if (isAbsent && this.#open.at(-1) !== "list") return this.#end;
    let start = valueStart;
    if (isAbsent) start = this.#findMark("-");
    else if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) start = valueStart - 1;
    else if (style === SCALAR_STYLE.LITERAL_BLOCK) start = this.#findMark("|");
    else if (style === SCALAR_STYLE.FOLDED_BLOCK) start = this.#findMark(">");
    this.#end = isAbsent ? start + 1 : valueEnd;
    return start;
  }

  /** The next such mark outside of comments. */
  #findMark(mark: string): number {
    for (let offset = this.#end; offset < this.#text.length; offset += 1) {
      if (this.#text[offset] === mark) return offset;
      if (this.#text[offset] !== "#") continue;
      const lineEnd = this.#text.indexOf("\n", offset);
      if (lineEnd === -1) break;
      offset = lineEnd;
    }
    return this.#end;
  }
}
