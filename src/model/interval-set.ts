/**
 * @module Interval sets: sets of integers as a strictly ascending list of boundaries.
 *
 * A number is in the set when an odd number of boundaries is at or below it: `[80, 81, 443, 444]` is {80, 443}. Every
 * set has exactly one such list, so equal lists are equal sets, and one sweep gives every set operation. The integers
 * are `number` (ports, IPv4) or `bigint` (IPv6); no arithmetic is done on them.
 */
export type Boundaries<T extends number | bigint> = readonly T[];

/** Sweeps over two sets and keeps the integers for which `keep` says so. */
function combine<T extends number | bigint>(
  a: Boundaries<T>,
  b: Boundaries<T>,
  keep: (inA: boolean, inB: boolean) => boolean,
): Boundaries<T> {
  const result: T[] = [];
  let fromA = 0;
  let fromB = 0;
  let inside = false;
  while (fromA < a.length || fromB < b.length) {
    const at = lower(a[fromA], b[fromB]);
    if (a[fromA] === at) fromA += 1;
    if (b[fromB] === at) fromB += 1;
    if (keep(fromA % 2 === 1, fromB % 2 === 1) !== inside) {
      result.push(at);
      inside = !inside;
    }
  }
  return result;
}

/** The lower of two boundaries, of which at least one exists. */
function lower<T extends number | bigint>(a: T | undefined, b: T | undefined): T {
  if (a === undefined) return b as T;
  return b === undefined || a <= b ? a : b;
}

export function unionIntervals<T extends number | bigint>(a: Boundaries<T>, b: Boundaries<T>): Boundaries<T> {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return combine(a, b, (inA, inB) => inA || inB);
}

export function intersectIntervals<T extends number | bigint>(a: Boundaries<T>, b: Boundaries<T>): Boundaries<T> {
  if (a.length === 0 || b.length === 0) return [];
  return combine(a, b, (inA, inB) => inA && inB);
}

export function subtractIntervals<T extends number | bigint>(a: Boundaries<T>, b: Boundaries<T>): Boundaries<T> {
  if (a.length === 0 || b.length === 0) return a;
  return combine(a, b, (inA, inB) => inA && !inB);
}

export function sameIntervals<T extends number | bigint>(a: Boundaries<T>, b: Boundaries<T>): boolean {
  return a.length === b.length && a.every((boundary, index) => boundary === b[index]);
}

/** The union of many sets in n log n: neighbours are merged pairwise, so no set is walked once per other set. */
export function unionOfIntervals<T extends number | bigint>(sets: readonly Boundaries<T>[]): Boundaries<T> {
  let round = sets;
  while (round.length > 1) {
    const next: Boundaries<T>[] = [];
    for (let index = 0; index < round.length; index += 2) {
      next.push(unionIntervals(round[index] ?? [], round[index + 1] ?? []));
    }
    round = next;
  }
  return round[0] ?? [];
}

/** The set's intervals from the lowest on: `[first, end)`, so `end` is the first integer behind the interval. */
export function* intervalsOf<T extends number | bigint>(set: Boundaries<T>): Generator<readonly [first: T, end: T]> {
  for (let index = 0; index + 1 < set.length; index += 2) {
    yield [set[index] as T, set[index + 1] as T];
  }
}
