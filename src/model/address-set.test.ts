/**
 * @module Tests of address sets: the table of spellings, and the laws of set algebra on arbitrary prefixes.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readRows } from "../../test/tables/model/read-tables.ts";
import type { AddressNote } from "./address-set.ts";
import { AddressSet, PRIVATE_ADDRESSES, PUBLIC_ADDRESSES, parseAddress, parseCidr } from "./address-set.ts";

interface SpellingRow {
  readonly text: string;
  readonly set: string | null;
  readonly notes?: readonly AddressNote[];
  readonly why: string;
}

test.each(readRows("cidrs.yaml") as readonly SpellingRow[])("prefix $text: $why", ({ text, set, notes }) => {
  const cidr = parseCidr(text);
  expect(cidr?.set.prefixes() ?? null).toEqual(set === null ? null : [set]);
  expect(cidr?.notes.toSorted() ?? []).toEqual((notes ?? []).toSorted());
  // The family and the length are those of the set, not of the text.
  if (set !== null) expect(`/${cidr?.prefixLength}`).toBe(set.slice(set.indexOf("/")));
  expect(cidr?.family).toBe(set === null ? undefined : set.includes(":") ? 6 : 4);
});

test.each([
  ["192.0.2.1", "192.0.2.1/32", []],
  ["::1", "::1/128", []],
  ["::ffff:192.0.2.1", "192.0.2.1/32", ["ipv4-mapped"]],
  ["010.0.0.1", "10.0.0.1/32", ["leading-zeros"]],
  ["2001:DB8::1", "2001:db8::1/128", ["non-canonical"]],
  ["10.0.0.1/32", undefined, undefined],
  ["fe80::1%eth0", undefined, undefined],
  ["10.1", undefined, undefined],
  ["", undefined, undefined],
])("address %s is %s with the notes %j", (text, set, notes) => {
  expect(parseAddress(text)?.set.prefixes()[0]).toBe(set);
  expect(parseAddress(text)?.notes).toEqual(notes);
});

test("a text of any length is refused in no time", () => {
  for (const text of ["0".repeat(1e6), `${":".repeat(1e6)}/0`, `0.0.0.0/${"0".repeat(1e6)}`, "/".repeat(1e6)]) {
    expect(parseCidr(text)).toBeUndefined();
  }
});

test("the constants hold what their sources say", () => {
  // 221 of 224 unicast /8 blocks less the smaller special blocks; 32 prefixes write the private space in CIDR lists.
  expect(PUBLIC_ADDRESSES.share(4)).toBeCloseTo(0.862, 3);
  expect(PUBLIC_ADDRESSES.share(6)).toBe(1 / 8);
  expect(PUBLIC_ADDRESSES.intersect(PRIVATE_ADDRESSES).isEmpty()).toBe(true);
  expect(PRIVATE_ADDRESSES.size(4)).toBe(2n ** 24n + 2n ** 20n + 2n ** 16n + 2n ** 22n);
  expect(AddressSet.everything.share(4)).toBe(1);
  expect(AddressSet.everything.share(6)).toBe(1);
  expect(AddressSet.everything.nat64Share()).toBe(1);
});

test("all but the private networks is the share that reference tables give", () => {
  const rfc1918 = unionOf("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16");
  expect(unionOf("0.0.0.0/0").subtract(rfc1918).share(4)).toBeCloseTo(0.9958, 4);
  expect(unionOf("0.0.0.0/0").subtract(unionOf("169.254.169.254/32")).prefixes()).toHaveLength(32);
});

function unionOf(...prefixes: readonly string[]): AddressSet {
  return AddressSet.unionOf(prefixes.map((prefix) => parseCidr(prefix)?.set ?? AddressSet.nothing));
}

// Prefixes that lie close together, so that sets overlap and touch; some of the whole space, so that they are large.
const ipv4Prefix = fc
  .oneof(
    fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 })).map(([host, length]) => ({
      address: `10.0.0.${host}`,
      length,
    })),
    fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 8 })).map(([octet, length]) => ({
      address: `${octet}.0.0.0`,
      length,
    })),
  )
  .map(({ address, length }) => `${address}/${length}`);
const ipv6Prefix = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 120, max: 128 }))
    .map(([host, length]) => `2001:db8::${host.toString(16)}/${length}`),
  fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 4 }))
    .map(([group, length]) => `${group.toString(16)}000::/${length}`),
);
const addresses = fc.array(fc.oneof(ipv4Prefix, ipv6Prefix), { maxLength: 8 }).map((prefixes) => unionOf(...prefixes));

const probes = [
  ...Array.from({ length: 256 }, (_, host) => `10.0.0.${host}`),
  ...Array.from({ length: 256 }, (_, octet) => `${octet}.255.255.255`),
  ...Array.from({ length: 256 }, (_, host) => `2001:db8::${host.toString(16)}`),
  ...Array.from({ length: 16 }, (_, group) => `${group.toString(16)}fff::1`),
].map((text) => parseAddress(text)?.set ?? AddressSet.nothing);

function membership(set: AddressSet): readonly boolean[] {
  return probes.map((probe) => set.covers(probe));
}

test("operations agree with membership of single addresses", () => {
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      const [inA, inB] = [membership(a), membership(b)];
      expect(membership(a.union(b))).toEqual(inA.map((member, index) => member || inB[index]));
      expect(membership(a.intersect(b))).toEqual(inA.map((member, index) => member && inB[index]));
      expect(membership(a.subtract(b))).toEqual(inA.map((member, index) => member && !inB[index]));
    }),
    { numRuns: 30 },
  );
});

test("the laws of sets hold", () => {
  fc.assert(
    fc.property(addresses, addresses, addresses, (a, b, c) => {
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
      expect(AddressSet.everything.subtract(AddressSet.everything.subtract(a)).equals(a)).toBe(true);
      expect(AddressSet.unionOf([a, b, c]).equals(a.union(b).union(c))).toBe(true);
    }),
  );
});

test("the prefixes of a set are the set, in the fewest pieces, and their sizes add up", () => {
  fc.assert(
    fc.property(addresses, (set) => {
      const prefixes = set.prefixes();
      expect(unionOf(...prefixes).equals(set)).toBe(true);
      for (const prefix of prefixes) expect(parseCidr(prefix)?.notes).toEqual([]);
      const sizes = prefixes.map((prefix) => parseCidr(prefix)?.set.size(prefix.includes(":") ? 6 : 4) ?? 0n);
      expect(sizes.reduce((sum, size) => sum + size, 0n)).toBe(set.size(4) + set.size(6));
      // Fewest: no two neighbours of one length are the halves of one prefix.
      for (const [index, prefix] of prefixes.entries()) {
        const [address, length] = prefix.split("/") as [string, string];
        const parent = parseCidr(`${address}/${Math.max(Number(length) - 1, 0)}`)?.set ?? AddressSet.nothing;
        const pair = unionOf(prefix, prefixes[index + 1] ?? prefix);
        expect(length !== "0" && pair.equals(parent)).toBe(false);
      }
    }),
  );
});

test("shares grow with the set and stay between nothing and everything", () => {
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      for (const family of [4, 6] as const) {
        const share = a.share(family);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(a.union(b).share(family)).toBeGreaterThanOrEqual(share);
        expect(a.union(b).share(family)).toBeLessThanOrEqual(1);
        if (a.coversPublic(family)) expect(a.union(b).coversPublic(family)).toBe(true);
      }
      expect(a.union(b).covers(a)).toBe(true);
      expect(a.covers(b) && b.covers(a)).toBe(a.equals(b));
    }),
  );
});

test("what is read is written in one way", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.integer({ min: 0, max: 128 }), (value, length) => {
      const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn);
      const long = groups.map((group) => group.toString(16).padStart(4, "0")).join(":");
      const set = parseCidr(`${long}/${length}`)?.set;
      const [short] = set?.prefixes() ?? [];
      expect(parseCidr(short ?? "")?.set.equals(set ?? AddressSet.nothing)).toBe(true);
      // Node's own URL parser is the second opinion on the canonical text.
      expect(short?.slice(0, short.indexOf("/"))).toBe(
        new URL(`http://[${short?.split("/")[0]}]`).hostname.slice(1, -1),
      );
    }),
  );
});
