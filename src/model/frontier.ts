/**
 * @module The frontier of a set of flows: how wide its peers are on how many ports.
 *
 * Flows of several rules are laid over each other, so that every port belongs to one cell with all peers that reach it.
 * Then two halves of the address space on the same ports are anyone, and on different ports they are not.
 */
import type { Flow } from "./effective-rules.ts";
import type { WidthContext } from "./peer-set.ts";
import { peerWidth, unionOfPeers } from "./peer-set.ts";
import { PortSet } from "./port-set.ts";
import type { Reach } from "./traffic.ts";
import type { PeersWidth, PortReach, PortsFact } from "./width.ts";
import { joinWords } from "./words.ts";

/** Disjoint in their ports. `members` are the flows that reach the cell. */
export interface Cell<F extends Flow> {
  readonly ports: PortSet;
  readonly members: readonly F[];
}

/** Peers at least as wide as `peers` on all of `ports`. */
export interface FrontierPoint<F extends Flow> {
  readonly peers: PeersWidth;
  readonly ports: PortSet;
  readonly members: readonly F[];
}

const PORT_RANK: Readonly<Record<PortReach, number>> = { none: 0, some: 1, wide: 2, all: 3 };

/** The gaps are for the widths between two reaches, see `rankOf`. */
const REACH_RANK: Readonly<Record<Reach, number>> = {
  nobody: 0,
  selected: 1,
  "own-namespace": 2,
  "all-namespaces": 7,
  cluster: 8,
  external: 9,
  anyone: 10,
};
const HALF_OF_A_FAMILY = 0.5;

/** One order for everything that makes peers wide, so that a union can be compared with single rules. */
function rankOf({ reach, selfAssignable, ipv4Share, ipv6Share, unresolved, nearlyAll }: PeersWidth): number {
  return Math.max(
    REACH_RANK[reach],
    selfAssignable ? 3 : 0,
    Math.max(ipv4Share, ipv6Share) >= HALF_OF_A_FAMILY ? 4 : 0,
    unresolved ? 5 : 0,
    nearlyAll ? 6 : 0,
  );
}

/** Whether the peers are wide: all namespaces, or more. */
export function isWide({ reach }: PeersWidth): boolean {
  return REACH_RANK[reach] >= REACH_RANK["all-namespaces"];
}

/** Whether the first width is as wide as the second one, in peers and in ports. */
export function isAsWide(
  known: { readonly peers: PeersWidth; readonly ports: PortsFact },
  point: { readonly peers: PeersWidth; readonly ports: PortSet },
): boolean {
  return rankOf(known.peers) >= rankOf(point.peers) && PORT_RANK[known.ports.reach] >= PORT_RANK[point.ports.reach()];
}

/**
 * Lays flows over each other: cells that are disjoint in their ports, each with all flows that reach it.
 * @param mostSteps bound of the work
 * @returns undefined where the bound is exceeded
 */
export function overlay<F extends Flow>(flows: readonly F[], mostSteps: number): readonly Cell<F>[] | undefined {
  let cells: Cell<F>[] = [];
  let covered = PortSet.nothing;
  let steps = 0;
  for (const flow of flows) {
    steps += cells.length;
    if (steps > mostSteps) return undefined;
    const alone = flow.ports.subtract(covered);
    cells = cells.flatMap((cell) => splitCell(cell, flow));
    if (!alone.isEmpty()) cells.push({ ports: alone, members: [flow] });
    covered = covered.union(flow.ports);
  }
  return cells;
}

function splitCell<F extends Flow>(cell: Cell<F>, flow: F): Cell<F>[] {
  const shared = cell.ports.intersect(flow.ports);
  if (shared.isEmpty()) return [cell];
  const reached = { ports: shared, members: [...cell.members, flow] };
  const rest = cell.ports.subtract(flow.ports);
  return rest.isEmpty() ? [reached] : [reached, { ports: rest, members: cell.members }];
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
  let reached: readonly RankedCell<F>[] = [];
  let ports = PortSet.nothing;
  for (const group of groupsByRank(cells, context)) {
    const before = PORT_RANK[ports.reach()];
    reached = [...reached, ...group];
    ports = PortSet.unionOf([ports, ...group.map((cell) => cell.ports)]);
    if (PORT_RANK[ports.reach()] > before) {
      points.push({ peers: mergeWidths(group), ports, members: [...new Set(reached.flatMap((cell) => cell.members))] });
    }
  }
  return points;
}

interface RankedCell<F extends Flow> extends Cell<F> {
  readonly peers: PeersWidth;
  readonly rank: number;
}

/** The cells with peers, in groups of the same rank, widest first. */
function groupsByRank<F extends Flow>(cells: readonly Cell<F>[], context: WidthContext): RankedCell<F>[][] {
  const groups = new Map<number, RankedCell<F>[]>();
  for (const cell of cells) {
    const peers = peerWidth(unionOfPeers(cell.members.map((flow) => flow.peers)), context);
    const rank = rankOf(peers);
    if (rank === REACH_RANK.nobody) continue;
    const group = groups.get(rank);
    if (group === undefined) groups.set(rank, [{ ...cell, peers, rank }]);
    else group.push({ ...cell, peers, rank });
  }
  return [...groups].toSorted(([a], [b]) => b - a).map(([, group]) => group);
}

/** One width for cells of the same rank but different ports: nothing that is true of one of them is lost. */
function mergeWidths(cells: readonly { readonly peers: PeersWidth }[]): PeersWidth {
  const widths = cells.map(({ peers }) => peers);
  const [first] = widths;
  if (first === undefined || widths.length === 1) return first as PeersWidth;
  return {
    reach: first.reach,
    ipv4Share: Math.max(...widths.map(({ ipv4Share }) => ipv4Share)),
    ipv6Share: Math.max(...widths.map(({ ipv6Share }) => ipv6Share)),
    nat64Share: Math.max(...widths.map(({ nat64Share }) => nat64Share)),
    selfAssignable: widths.some(({ selfAssignable }) => selfAssignable),
    nearlyAll: widths.some(({ nearlyAll }) => nearlyAll),
    unresolved: widths.some(({ unresolved }) => unresolved),
    words: joinWords(new Set(widths.map(({ words }) => words))),
  };
}
