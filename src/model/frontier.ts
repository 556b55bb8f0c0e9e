/**
 * @module The frontier of a set of flows: how wide its peers are on how many ports.
 *
 * Flows of several rules are laid over each other, so that every port belongs to one cell with all peers that reach it.
 * Then two halves of the address space on the same ports are anyone, and on different ports they are not.
 */
import type { Flow } from "./effective-rules.ts";
import { unionOfPeers } from "./peer-set.ts";
import type { PeersMeasure, WidthContext } from "./peer-width.ts";
import { measurePeers } from "./peer-width.ts";
import { peerWords } from "./peer-words.ts";
import { partitionPorts } from "./port-partition.ts";
import { PortSet } from "./port-set.ts";
import type { PeerSet, Reach } from "./traffic.ts";
import type { PeersWidth, PortReach, PortsFact } from "./width.ts";
import { joinWords } from "./words.ts";

/** Disjoint in their ports. `members` are the flows that reach the cell. */
export interface Cell<F extends Flow> {
  readonly ports: PortSet;
  readonly members: readonly F[];
}

interface MeasuredCell<F extends Flow> extends Cell<F> {
  readonly peers: PeerSet;
  readonly measure: PeersMeasure;
  readonly rank: number;
}

type CellGroup<F extends Flow> = [MeasuredCell<F>, ...MeasuredCell<F>[]];

/** Peers of at least one rank on all of `ports`. */
export interface FrontierPoint<F extends Flow> {
  readonly rank: number;
  readonly ports: PortSet;
  /** The cells of exactly that rank. */
  readonly narrowest: CellGroup<F>;
  /** These and all wider cells. */
  readonly reached: readonly MeasuredCell<F>[];
}

const PORT_RANK: Readonly<Record<PortReach, number>> = { none: 0, some: 1, wide: 2, all: 3 };

/** The gaps are for the widths between two reaches, see `rankOf`. */
const REACH_RANK: Readonly<Record<Reach, number>> = {
  nobody: 0,
  selected: 1,
  "own-namespace": 2,
  "all-namespaces": 8,
  cluster: 9,
  external: 10,
  anyone: 11,
};
/** Everything public, but not everything: for egress less than all namespaces (`internet_only` in rego/lib/traffic.rego). */
const INTERNET_RANK = 7;
const WHOLE_SHARE = 0.998;
const HALF_OF_A_FAMILY = 0.5;

/** One order for everything that makes peers wide, so that a union can be compared with single rules. */
function rankOf(measure: PeersMeasure): number {
  const { reach, selfAssignable, ipv4Share, ipv6Share, unresolved, nearlyAll } = measure;
  const share = Math.max(ipv4Share, ipv6Share);
  const range = shareRank(ipv4Share, 16) / 2 + shareRank(ipv6Share, 36) / 2;
  return Math.max(
    reach === "external" && share < WHOLE_SHARE ? INTERNET_RANK : REACH_RANK[reach],
    range > 0 ? 2 + range : 0,
    selfAssignable ? 3 : 0,
    share >= HALF_OF_A_FAMILY ? 4 : 0,
    unresolved ? 5 : 0,
    nearlyAll ? 6 : 0,
  );
}

/**
 * Orders address ranges by the prefix length that would hold as many addresses, 0 to below 1: what is split over rules is
 * as wide as what stands in one. Nobody limits ranges as small as the bound, so they don't make unions of their own.
 */
function shareRank(share: number, longestPrefix: number): number {
  const prefix = -Math.log2(share);
  return prefix < longestPrefix ? Math.floor(longestPrefix - prefix) / (longestPrefix + 1) : 0;
}

/** Whether a point's peers are wide: the public internet, all namespaces, or more. */
export function isWide({ rank }: { readonly rank: number }): boolean {
  return rank >= INTERNET_RANK;
}

/** Whether a known width is as wide as a point, in peers and in ports. */
export function isAsWide(
  known: { readonly peers: PeersMeasure; readonly ports: PortsFact },
  point: { readonly rank: number; readonly ports: PortSet },
): boolean {
  return rankOf(known.peers) >= point.rank && PORT_RANK[known.ports.reach] >= PORT_RANK[point.ports.reach()];
}

/**
 * Lays flows over each other: cells that are disjoint in their ports, each with all flows that reach it.
 * @param mostMembers bound of the work: how many flows all cells may have together
 * @returns undefined where the bound is exceeded
 */
export function overlay<F extends Flow>(flows: readonly F[], mostMembers: number): readonly Cell<F>[] | undefined {
  const cells = partitionPorts(
    flows.map((flow) => flow.ports),
    mostMembers,
  );
  return cells?.map(({ ports, members }) => ({ ports, members: members.map((index) => flows[index] as F) }));
}

/** All flows in one cell: every peer on every port, which is at least as wide as the truth. */
export function together<F extends Flow>(flows: readonly F[]): Cell<F> {
  return { ports: PortSet.unionOf(flows.map((flow) => flow.ports)), members: flows };
}

/**
 * The widest combinations of peers and ports, widest peers first. Each further point has narrower peers and reaches
 * more ports, so no point says what another one says already.
 * @param cells disjoint in their ports
 */
export function frontierOf<F extends Flow>(cells: readonly Cell<F>[], context: WidthContext): FrontierPoint<F>[] {
  const points: FrontierPoint<F>[] = [];
  let reached: readonly MeasuredCell<F>[] = [];
  let ports = PortSet.nothing;
  for (const narrowest of groupsByRank(cells, context)) {
    const before = PORT_RANK[ports.reach()];
    reached = [...reached, ...narrowest];
    ports = PortSet.unionOf([ports, ...narrowest.map((cell) => cell.ports)]);
    if (PORT_RANK[ports.reach()] > before) points.push({ rank: narrowest[0].rank, ports, narrowest, reached });
  }
  return points;
}

/** The cells with peers, in groups of the same rank, widest first. */
function groupsByRank<F extends Flow>(cells: readonly Cell<F>[], context: WidthContext): CellGroup<F>[] {
  const groups = new Map<number, CellGroup<F>>();
  for (const cell of cells) {
    const peers = unionOfPeers(cell.members.map((flow) => flow.peers));
    const measure = measurePeers(peers, context);
    const rank = rankOf(measure);
    if (rank === REACH_RANK.nobody) continue;
    const measured = { ...cell, peers, measure, rank };
    const group = groups.get(rank);
    if (group === undefined) groups.set(rank, [measured]);
    else group.push(measured);
  }
  return [...groups].toSorted(([a], [b]) => b - a).map(([, group]) => group);
}

/** The peers of a point; cells of the same rank give one width, in which nothing that is true of one of them is lost. */
export function widthOfPoint<F extends Flow>({ narrowest }: FrontierPoint<F>): PeersWidth {
  const measures = narrowest.map(({ measure }) => measure);
  return {
    reach: narrowest[0].measure.reach,
    ipv4Share: Math.max(...measures.map(({ ipv4Share }) => ipv4Share)),
    ipv6Share: Math.max(...measures.map(({ ipv6Share }) => ipv6Share)),
    nat64Share: Math.max(...measures.map(({ nat64Share }) => nat64Share)),
    selfAssignable: measures.some(({ selfAssignable }) => selfAssignable),
    nearlyAll: measures.some(({ nearlyAll }) => nearlyAll),
    unresolved: measures.some(({ unresolved }) => unresolved),
    besideOwnNamespace: measures.some(({ besideOwnNamespace }) => besideOwnNamespace),
    words: joinWords(new Set(narrowest.map(({ peers, measure }) => peerWords(peers, measure.reach)))),
  };
}

/** The flows that a point rests on, each as often as it has cells there. */
export function flowsOfPoint<F extends Flow>({ reached }: FrontierPoint<F>): readonly F[] {
  return reached.flatMap((cell) => cell.members);
}
