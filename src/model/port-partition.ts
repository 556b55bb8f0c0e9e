/**
 * @module Partition of ports: cuts many overlapping port sets into cells within which every port has the same sets.
 */
import { intervalsOf } from "./interval-set.ts";
import { PortSet, TRANSPORTS } from "./port-set.ts";

export interface PortCell {
  readonly ports: PortSet;
  /** Indexes of the sets that hold the cell, ascending. */
  readonly members: readonly number[];
}

/**
 * Cuts the union of the sets into the fewest disjoint cells of which no set holds a part only. A port known by name is
 * a cell of its own, beside the numbers of its transport.
 * @param mostMembers bound of the work: how many members all pieces may have together
 * @returns undefined where the bound is exceeded
 */
export function partitionPorts(sets: readonly PortSet[], mostMembers: number): readonly PortCell[] | undefined {
  const pieces = new Map<string, { readonly ports: PortSet[]; readonly members: readonly number[] }>();
  let count = 0;
  for (const { ports, members } of piecesOf(sets)) {
    count += members.length;
    if (count > mostMembers) return undefined;
    const signature = members.join();
    const cell = pieces.get(signature);
    if (cell === undefined) pieces.set(signature, { ports: [ports], members });
    else cell.ports.push(ports);
  }
  return Array.from(pieces.values(), ({ ports, members }) => ({ ports: PortSet.unionOf(ports), members }));
}

function* piecesOf(sets: readonly PortSet[]): Generator<PortCell> {
  for (const transport of TRANSPORTS) {
    yield* numberPieces(sets, transport);
    yield* namePieces(sets, transport);
  }
  yield* otherPieces(sets);
}

/** Sweeps over the numbers of one transport; between two neighbouring boundaries of any set nothing changes. */
function* numberPieces(sets: readonly PortSet[], transport: string): Generator<PortCell> {
  const changes = sets.flatMap((set, member) =>
    Array.from(intervalsOf(set.numbersOf(transport)), ([first, end]) => [
      { at: first, member, enters: true },
      { at: end, member, enters: false },
    ]).flat(),
  );
  changes.sort((a, b) => a.at - b.at);
  const inside = new Set<number>();
  let from = 0;
  for (const { at, member, enters } of changes) {
    if (at > from && inside.size > 0) {
      yield { ports: PortSet.range(transport, from, at - 1), members: ascending(inside) };
    }
    from = at;
    if (enters) inside.add(member);
    else inside.delete(member);
  }
}

/** Each port that is only known by name, with the sets that name it and those that hold the whole transport. */
function* namePieces(sets: readonly PortSet[], transport: string): Generator<PortCell> {
  const whole = indexesOf(sets, (set) => set.covers(PortSet.protocol(transport)));
  for (const [name, members] of membersByName(sets, (set) => set.namesOf(transport))) {
    yield { ports: PortSet.named(transport, name), members: ascending([...members, ...whole]) };
  }
}

/** Each protocol without ports that a set lists or leaves out, and the rest that no set mentions. */
function* otherPieces(sets: readonly PortSet[]): Generator<PortCell> {
  const except = indexesOf(sets, (set) => set.others.except);
  const listed = membersByName(sets, (set) => set.others.names);
  let rest = PortSet.everything.subtract(PortSet.portOfAnyProtocol(1, 65535));
  for (const [name, mentioning] of listed) {
    const listing = mentioning.filter((member) => !except.includes(member));
    const notExcepting = except.filter((member) => !mentioning.includes(member));
    const ports = PortSet.protocol(name);
    rest = rest.subtract(ports);
    if (listing.length + notExcepting.length > 0) yield { ports, members: ascending([...listing, ...notExcepting]) };
  }
  if (except.length > 0) yield { ports: rest, members: except };
}

function indexesOf(sets: readonly PortSet[], chosen: (set: PortSet) => boolean): readonly number[] {
  return sets.flatMap((set, index) => (chosen(set) ? [index] : []));
}

function membersByName(
  sets: readonly PortSet[],
  namesOf: (set: PortSet) => ReadonlySet<string>,
): Map<string, number[]> {
  const members = new Map<string, number[]>();
  for (const [index, set] of sets.entries()) {
    for (const name of namesOf(set)) {
      const known = members.get(name);
      if (known === undefined) members.set(name, [index]);
      else known.push(index);
    }
  }
  return members;
}

function ascending(members: Iterable<number>): readonly number[] {
  return [...members].toSorted((a, b) => a - b);
}
