/**
 * @module Tests of interval sets: every operation agrees with plain sets of integers, for both kinds of integer.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Boundaries } from "./interval-set.ts";
import {
  intersectIntervals,
  intervalsOf,
  sameIntervals,
  subtractIntervals,
  unionIntervals,
  unionOfIntervals,
} from "./interval-set.ts";

const SMALL = 24;
const boundaries = fc.uniqueArray(fc.integer({ min: 0, max: SMALL }), { maxLength: 12 }).map((numbers) => {
  const ascending = numbers.toSorted((a, b) => a - b);
  return ascending.slice(0, ascending.length - (ascending.length % 2));
});

function members(set: Boundaries<number> | Boundaries<bigint>): Set<number> {
  const found = new Set<number>();
  for (const [first, end] of intervalsOf<number | bigint>(set)) {
    for (let integer = Number(first); integer < Number(end); integer += 1) found.add(integer);
  }
  return found;
}

test("operations agree with plain sets of integers", () => {
  fc.assert(
    fc.property(boundaries, boundaries, (a, b) => {
      const [inA, inB] = [members(a), members(b)];
      expect(members(unionIntervals(a, b))).toEqual(new Set([...inA, ...inB]));
      expect(members(intersectIntervals(a, b))).toEqual(new Set([...inA].filter((integer) => inB.has(integer))));
      expect(members(subtractIntervals(a, b))).toEqual(new Set([...inA].filter((integer) => !inB.has(integer))));
    }),
  );
});

test("results are strictly ascending, so that equal sets are equal lists", () => {
  fc.assert(
    fc.property(boundaries, boundaries, (a, b) => {
      for (const set of [unionIntervals(a, b), intersectIntervals(a, b), subtractIntervals(a, b)]) {
        expect(set.every((boundary, index) => index === 0 || boundary > (set[index - 1] as number))).toBe(true);
        expect(set.length % 2).toBe(0);
      }
      expect(sameIntervals(unionIntervals(a, b), unionIntervals(b, a))).toBe(true);
      expect(sameIntervals(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test("big integers behave as small ones", () => {
  fc.assert(
    fc.property(boundaries, boundaries, (a, b) => {
      const union = unionIntervals(a.map(BigInt), b.map(BigInt));
      expect(union.map(Number)).toEqual(unionIntervals(a, b));
    }),
  );
});

test("the union of many sets is the union of one after the other", () => {
  fc.assert(
    fc.property(fc.array(boundaries, { maxLength: 9 }), (sets) => {
      expect(unionOfIntervals(sets)).toEqual(sets.reduce<Boundaries<number>>(unionIntervals, []));
    }),
  );
});
