/**
 * @module Tests of peers: the table of widths, and union and subtraction against the packet oracle.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { contains, ORACLE_PREFIXES, senderOf } from "../../test/tables/model/packet-oracle.ts";
import type { FormulaRow, PeersRow } from "../../test/tables/model/read-tables.ts";
import { peersFrom, readRows } from "../../test/tables/model/read-tables.ts";
import { AddressSet } from "./address-set.ts";
import {
  DEFAULT_WIDTH_CONTEXT,
  everyone,
  isNobody,
  nobody,
  peersOf,
  peerWidth,
  subtractPeers,
  unionOfPeers,
  unionPeers,
} from "./peer-set.ts";
import type { Entity, PeerSet, Reach } from "./traffic.ts";
import { LONGEST_WORDS } from "./words.ts";

interface WidthRow {
  readonly peers: PeersRow;
  readonly reach: Reach;
  readonly selfAssignable?: boolean;
  readonly nearlyAll?: boolean;
  readonly unresolved?: boolean;
  readonly besideOwnNamespace?: boolean;
  readonly nat64Share?: number;
  readonly everyAddress?: true;
  readonly words?: string;
  readonly why: string;
}

test.each(readRows("peers.yaml") as readonly WidthRow[])(
  "$why",
  ({ peers: row, why: _why, everyAddress, ...expected }) => {
    const peers = peersFrom(row);
    const width = peerWidth(peers, DEFAULT_WIDTH_CONTEXT);
    expect(width).toEqual({
      selfAssignable: false,
      nearlyAll: false,
      unresolved: false,
      besideOwnNamespace: false,
      words: width.words,
      ipv4Share: everyAddress === true ? 1 : peers.addresses.share(4),
      ipv6Share: everyAddress === true ? 1 : peers.addresses.share(6),
      nat64Share: everyAddress === true ? 1 : peers.addresses.nat64Share(),
      ...expected,
    });
    expect(width.words.length).toBeLessThanOrEqual(LONGEST_WORDS);
  },
);

test("labels that an organisation requires of every namespace are no restriction there", () => {
  const peers = peersFrom({ pods: [{ namespaces: ["owner Exists"], pods: "every" }] });
  expect(peerWidth(peers, DEFAULT_WIDTH_CONTEXT).reach).toBe("selected");
  const required = { ...DEFAULT_WIDTH_CONTEXT, alwaysPresentNamespaceKeys: ["owner"] };
  expect(peerWidth(peers, required).reach).toBe("all-namespaces");
});

test("user text in words is quoted and cut", () => {
  const peers = peersFrom({ names: ['evil"\n\u001b[2J.example.com'], unresolved: ["x".repeat(500)] });
  const { words } = peerWidth(peers, DEFAULT_WIDTH_CONTEXT);
  expect(words).toMatch(/^[\x20-\x7e]*$/);
  expect(words).toBe('"evil\\"\\u{a}\\u{1b}[2J.example.com" and more');
});

const formula: fc.Arbitrary<FormulaRow> = fc.oneof(
  fc.constantFrom<FormulaRow>("every", "a In x", "a NotIn x", "a Exists", "a DoesNotExist", "b In y"),
  fc.constantFrom<FormulaRow>(["a In x", "b In y"], { any: ["a Exists", "a DoesNotExist"] }, ["a In x", "a NotIn x"]),
);
const entity = fc.constantFrom<Entity>("everyone", "outside", "cluster", "nodes");
const row = (outsideOnly: boolean): fc.Arbitrary<PeersRow> =>
  fc.record({
    everyone: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
    cidrs: fc.array(fc.constantFrom(...ORACLE_PREFIXES), { maxLength: 3 }),
    pods: fc.array(fc.record({ namespaces: fc.oneof(fc.constant("own"), formula), pods: formula }), { maxLength: 2 }),
    entities: fc.array(entity, { maxLength: 2 }),
    outsideOnly: fc.constant(outsideOnly),
  });
/** Two sets of one API: addresses mean the same in both. */
const pair = fc
  .boolean()
  .chain((outsideOnly) => fc.tuple(row(outsideOnly).map(peersFrom), row(outsideOnly).map(peersFrom)));

const labelWorlds = [{}, { a: "x" }, { a: "z" }, { b: "y" }, { a: "x", b: "y" }];
const senders = [
  "10.1.1.1",
  "172.16.1.1",
  "100.64.1.1",
  "127.1.1.1",
  "192.0.2.1",
  "8.8.8.8",
  "200.1.1.1",
  "fd00::1",
  "100::1",
].flatMap((address, index) => [
  senderOf("outside", address),
  senderOf("node", address),
  ...labelWorlds.flatMap((podLabels) => {
    const namespaceLabels = labelWorlds[index % labelWorlds.length] ?? {};
    return [true, false].map((own) => senderOf("pod", address, { podLabels, namespaceLabels, own }));
  }),
]);

test("a union contains exactly whom one of the sets contains", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const union = unionPeers(a, b);
      expect(senders.filter((sender) => contains(union, sender))).toEqual(
        senders.filter((sender) => contains(a, sender) || contains(b, sender)),
      );
    }),
  );
});

test("where some addresses reach Pods, all addresses of a union count as doing so", () => {
  const outsideOnly = peersFrom({ cidrs: ["0.0.0.0/0"], outsideOnly: true });
  const host = peersFrom({ cidrs: ["10.1.1.1/32"] });
  expect(unionPeers(outsideOnly, host).addressesReachPods).toBe(true);
  expect(unionPeers(outsideOnly, peersFrom({ entities: ["nodes"] })).addressesReachPods).toBe(false);
});

test("a subtraction never takes away whom the other set doesn't contain, and adds nobody", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const left = subtractPeers(a, b);
      // Nodes have entities of their own; by address the model doesn't tell them from Pods.
      for (const sender of senders.filter(({ kind }) => kind !== "node")) {
        if (contains(left, sender)) expect(contains(a, sender)).toBe(true);
        if (contains(a, sender) && !contains(b, sender)) expect(contains(left, sender)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test("a subtraction is exact for addresses, for everyone and for the set itself", () => {
  const addresses = fc
    .array(fc.constantFrom(...ORACLE_PREFIXES), { maxLength: 4 })
    .map((cidrs) => peersFrom({ cidrs }));
  fc.assert(
    fc.property(addresses, addresses, (a, b) => {
      expect(subtractPeers(a, b).addresses.equals(a.addresses.subtract(b.addresses))).toBe(true);
      const left = subtractPeers(everyone, b);
      expect(left.everyone ? AddressSet.everything : left.addresses).toEqual(
        AddressSet.everything.subtract(b.addresses),
      );
    }),
  );
  fc.assert(fc.property(pair, ([a]) => expect(isNobody(subtractPeers(a, everyone))).toBe(true)));
  fc.assert(fc.property(pair, ([a]) => expect(subtractPeers(a, nobody)).toBe(a)));
  fc.assert(fc.property(pair, ([a]) => expect(isNobody(subtractPeers(a, a))).toBe(true)));
});

test.each<[string, PeersRow, PeersRow, boolean]>([
  ["the same identity", { identities: ["td/ns/sa"] }, { identities: ["td/ns/sa"] }, true],
  ["an identity of a denied namespace", { identities: ["td/ns/sa"] }, { identities: ["*/ns/*"] }, true],
  ["a longer prefix of a denied prefix", { identities: ["td/team-a*/+"] }, { identities: ["td/team-*/+"] }, true],
  ["a shorter prefix than the denied one", { identities: ["td/team*/+"] }, { identities: ["td/team-*/+"] }, false],
  ["a text that a denied suffix ends", { identities: ["td/ns/web-sa"] }, { identities: ["td/ns/*-sa"] }, true],
  ["a prefix against a denied text", { identities: ["td/ns/w*"] }, { identities: ["td/ns/web"] }, false],
  ["a prefix against a denied suffix", { identities: ["td/ns/w*"] }, { identities: ["td/ns/*w"] }, false],
  ["any identity against any that is present", { identities: ["*/*/*"] }, { identities: ["+/+/+"] }, false],
  ["the same name", { names: ["a.example.com"] }, { names: ["a.example.com"] }, true],
  [
    "a name against a pattern that may resolve alike",
    { names: ["a.example.com"] },
    { names: ["*.example.com"] },
    false,
  ],
  ["the same unseen reference", { unresolved: ["g"] }, { unresolved: ["g"] }, true],
  ["nodes against the cluster", { entities: ["nodes"] }, { entities: ["cluster"] }, true],
  ["the cluster against nodes", { entities: ["cluster"] }, { entities: ["nodes"] }, false],
  [
    "own Pods against every Pod",
    { pods: [{ namespaces: "own", pods: "every" }] },
    { pods: [{ namespaces: "every", pods: "every" }] },
    true,
  ],
  [
    "every Pod against own Pods",
    { pods: [{ namespaces: "every", pods: "every" }] },
    { pods: [{ namespaces: "own", pods: "every" }] },
    false,
  ],
])("subtracting takes away %s only if it certainly contains it", (_, a, b, gone) => {
  expect(isNobody(subtractPeers(peersFrom(a), peersFrom(b)))).toBe(gone);
});

const WIDEST_LAST: readonly Reach[] = [
  "nobody",
  "selected",
  "own-namespace",
  "all-namespaces",
  "cluster",
  "external",
  "anyone",
];
function rank(peers: PeerSet): number {
  return WIDEST_LAST.indexOf(peerWidth(peers, DEFAULT_WIDTH_CONTEXT).reach);
}

test("reach only grows with what is added", () => {
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(rank(unionPeers(a, b))).toBeGreaterThanOrEqual(rank(a));
      expect(rank(unionPeers(a, b))).toBe(rank(unionPeers(b, a)));
      expect(rank(subtractPeers(a, b))).toBeLessThanOrEqual(rank(a));
    }),
  );
});

test("the union of many sets is the union of one after the other", () => {
  fc.assert(
    fc.property(fc.array(row(false).map(peersFrom), { maxLength: 5 }), (sets) => {
      const chained = sets.reduce(unionPeers, peersOf({}));
      const together = unionOfPeers(sets);
      expect(senders.map((sender) => contains(together, sender))).toEqual(
        senders.map((sender) => contains(chained, sender)),
      );
      expect(rank(together)).toBe(rank(chained));
    }),
  );
});
