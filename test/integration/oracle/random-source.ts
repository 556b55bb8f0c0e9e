/**
 * @module Random choices for the oracles, the same everywhere for the same seed.
 */

export interface RandomSource {
  /** 0 to 1, without 1. */
  readonly next: () => number;
  /** 0 to `limit`, without `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** None to `most` of what is made. */
  readonly some: <Item>(most: number, make: () => Item) => Item[];
}

/** Mulberry32: small, and good enough to choose with. */
export function randomSource(seed: number): RandomSource {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item,
    some: <Item>(most: number, make: () => Item): Item[] => Array.from({ length: below(most + 1) }, make),
  };
}
