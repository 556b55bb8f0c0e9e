/**
 * @module Tests of port sets: the table of widths and words, and the laws of sets.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { portsFrom, readRows } from "../../test/tables/model/read-tables.ts";
import { PortSet } from "./port-set.ts";
import type { PortReach } from "./width.ts";
import { LONGEST_WORDS } from "./words.ts";

interface PortsRow {
  readonly ports: readonly string[];
  readonly reach: PortReach;
  readonly share?: number;
  readonly words?: string;
  readonly same?: readonly string[];
  readonly why: string;
}

test.each(readRows("ports.yaml") as readonly PortsRow[])(
  "$ports: $why",
  ({ ports: texts, reach, share, words, same }) => {
    const ports = portsFrom(texts);
    expect(ports.reach()).toBe(reach);
    expect(ports.share()).toBe(share ?? ports.share());
    expect(ports.words()).toBe(words ?? ports.words());
    expect(ports.equals(same === undefined ? ports : portsFrom(same))).toBe(true);
  },
);

const protocol = fc.constantFrom("TCP", "UDP", "SCTP", "ICMP", "47");
const port = fc.oneof(
  fc.integer({ min: 0, max: 65535 }),
  fc.constantFrom(0, 1, 2, 80, 443, 32767, 32768, 65534, 65535),
);
const numbered = fc.oneof(
  fc.tuple(protocol, port, port).map(([name, a, b]) => PortSet.range(name, Math.min(a, b), Math.max(a, b))),
  protocol.map((name) => PortSet.protocol(name)),
  fc.tuple(port, port).map(([a, b]) => PortSet.portOfAnyProtocol(Math.min(a, b), Math.max(a, b))),
  fc.constant(PortSet.everything),
);
const named = fc.tuple(protocol, fc.constantFrom("http", "dns")).map(([name, text]) => PortSet.named(name, text));
const setsOf = (part: fc.Arbitrary<PortSet>) =>
  fc.tuple(fc.array(part, { maxLength: 5 }), fc.array(part, { maxLength: 2 })).map(([added, taken]) => {
    return PortSet.unionOf(added).subtract(PortSet.unionOf(taken));
  });
const numberSets = setsOf(numbered);
const anySets = setsOf(fc.oneof(numbered, named));

const probes = [1, 2, 79, 80, 81, 442, 443, 444, 1024, 32767, 32768, 65534, 65535].flatMap((number) =>
  ["TCP", "UDP", "SCTP"].map((name) => PortSet.range(name, number, number)),
);
probes.push(PortSet.protocol("ICMP"), PortSet.protocol("GRE"), PortSet.protocol("47"));

function membership(set: PortSet): readonly boolean[] {
  return probes.map((probe) => set.covers(probe));
}

test("operations agree with membership of single ports", () => {
  fc.assert(
    fc.property(anySets, anySets, (a, b) => {
      const [inA, inB] = [membership(a), membership(b)];
      expect(membership(a.union(b))).toEqual(inA.map((member, index) => member || inB[index]));
      expect(membership(a.intersect(b))).toEqual(inA.map((member, index) => member && inB[index]));
      expect(membership(a.subtract(b))).toEqual(inA.map((member, index) => member && !inB[index]));
    }),
  );
});

test("the laws of sets hold for numbers and protocols", () => {
  fc.assert(
    fc.property(numberSets, numberSets, numberSets, (a, b, c) => {
      expect(a.union(b).equals(b.union(a))).toBe(true);
      expect(a.intersect(b).equals(b.intersect(a))).toBe(true);
      expect(
        a
          .union(b)
          .union(c)
          .equals(a.union(b.union(c))),
      ).toBe(true);
      expect(a.intersect(b.union(c)).equals(a.intersect(b).union(a.intersect(c)))).toBe(true);
      expect(a.subtract(b).union(a.intersect(b)).equals(a)).toBe(true);
      expect(a.subtract(b.union(c)).equals(a.subtract(b).subtract(c))).toBe(true);
      expect(PortSet.everything.subtract(PortSet.everything.subtract(a)).equals(a)).toBe(true);
      expect(PortSet.unionOf([a, b, c]).equals(a.union(b).union(c))).toBe(true);
    }),
  );
});

test("names never get lost and never make a set wider than its protocol", () => {
  fc.assert(
    fc.property(anySets, anySets, (a, b) => {
      expect(a.union(b).covers(a)).toBe(true);
      expect(a.covers(a.intersect(b))).toBe(true);
      expect(a.covers(a.subtract(b))).toBe(true);
      // What a subtraction takes away lies in what was subtracted.
      expect(a.subtract(b).union(b).covers(a)).toBe(true);
      expect(a.covers(b) && b.covers(a)).toBe(a.equals(b));
      expect(a.isEmpty()).toBe(a.equals(PortSet.nothing));
    }),
  );
});

test("shares grow with the set, and words stay within a line", () => {
  fc.assert(
    fc.property(anySets, anySets, (a, b) => {
      expect(a.union(b).share()).toBeGreaterThanOrEqual(a.share());
      expect(a.union(b).share()).toBeLessThanOrEqual(1);
      expect(a.words().length).toBeLessThanOrEqual(LONGEST_WORDS);
      expect(a.reach() === "none").toBe(a.isEmpty());
    }),
  );
});

test("a name out of a policy can't break a message", () => {
  const words = PortSet.named("TCP", 'a"\n\u001b[31m').union(PortSet.protocol('\u202e"')).words();
  expect(words).toBe('TCP named "a\\"\\u{a}\\u{1b}[31m", protocol "\\u{202e}\\""');
  expect(PortSet.named("TCP", "\n".repeat(500)).words()).toHaveLength(LONGEST_WORDS);
});
