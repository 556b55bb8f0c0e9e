/**
 * @module Where the parts of a document stand in its text: a tree of offsets, built only for documents with findings.
 */

/** One value. An entry of an object stands at its key, an item of a list at its first character. */
interface Place {
  readonly offset: number;
  readonly children: Map<string, Place> | undefined;
}

/** Takes what a parser meets, in order, and keeps the offsets. */
export class PlaceBuilder {
  #root: Place | undefined;
  readonly #open: { place: Place; isList: boolean; key: string | undefined; keyOffset: number }[] = [];

  /** The next value of the innermost object belongs to this key. */
  key(name: string, offset: number): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) return;
    parent.key = name;
    parent.keyOffset = offset;
  }

  openObject(offset: number): void {
    this.#open.push({ place: this.#add(offset, new Map()), isList: false, key: undefined, keyOffset: 0 });
  }

  openList(offset: number): void {
    this.#open.push({ place: this.#add(offset, new Map()), isList: true, key: undefined, keyOffset: 0 });
  }

  scalar(offset: number): void {
    this.#add(offset, undefined);
  }

  close(): void {
    this.#open.pop();
  }

  /** Offset of what a JSON Pointer names, or of its nearest ancestor that exists. */
  find(pointer: string): number {
    let place = this.#root;
    for (const token of pointer.split("/").slice(1)) {
      const child = place?.children?.get(token.replaceAll("~1", "/").replaceAll("~0", "~"));
      if (child === undefined) break;
      place = child;
    }
    return place?.offset ?? 0;
  }

  #add(offset: number, children: Map<string, Place> | undefined): Place {
    const parent = this.#open.at(-1);
    const name = parent?.isList === false ? parent.key : String(parent?.place.children?.size);
    const place = { offset: parent?.isList === false ? parent.keyOffset : offset, children };
    if (parent === undefined) this.#root ??= place;
    else if (name !== undefined) parent.place.children?.set(name, place);
    return place;
  }
}
