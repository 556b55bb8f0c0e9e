/**
 * @module Sets of ports: numbers per transport protocol, ports known only by name, and protocols without ports.
 */
import type { Boundaries } from "./interval-set.ts";
import { intersectIntervals, intervalsOf, sameIntervals, subtractIntervals, unionOfIntervals } from "./interval-set.ts";
import { quote } from "./quote.ts";
import type { PortReach } from "./width.ts";
import { joinWords } from "./words.ts";

/** The protocols whose ports the policy APIs know. */
export const TRANSPORTS: readonly string[] = ["TCP", "UDP", "SCTP"];

/** Protocols that APIs also accept as IANA numbers. */
const NUMBERED: ReadonlyMap<string, string> = new Map([
  ["1", "ICMP"],
  ["6", "TCP"],
  ["17", "UDP"],
  ["58", "ICMPV6"],
  ["132", "SCTP"],
  ["136", "UDPLITE"],
]);

// Port 0 can't be used on the wire, so it is in no set: 0-65535 and 1-65535 are the same traffic.
const FIRST_PORT = 1;
const END_OF_PORTS = 65536;
const EVERY_NUMBER: Boundaries<number> = [FIRST_PORT, END_OF_PORTS];

const ALL_FROM = 0.99;
const WIDE_FROM = 0.5;

const NO_NAMES: ReadonlySet<string> = new Set();

/** What a set holds of one transport. A named port is a port that only the Pod knows, so it has no number here. */
interface TransportPorts {
  readonly numbers: Boundaries<number>;
  /** Empty where `numbers` is every port: that contains whatever a name stands for. */
  readonly names: ReadonlySet<string>;
}

/** Protocols that are no transport: those listed, or all except those listed. */
export interface OtherProtocols {
  readonly except: boolean;
  readonly names: ReadonlySet<string>;
}

const NO_PORTS: TransportPorts = { numbers: [], names: NO_NAMES };
const EVERY_PORT: TransportPorts = { numbers: EVERY_NUMBER, names: NO_NAMES };
const NO_OTHERS: OtherProtocols = { except: false, names: NO_NAMES };
const EVERY_OTHER: OtherProtocols = { except: true, names: NO_NAMES };

/**
 * An immutable set of ports.
 *
 * Protocol names are compared in upper case. A named port is neither equal to nor different from a number: it is
 * contained in its whole protocol only, and subtracting some numbers never removes it.
 */
export class PortSet {
  static readonly nothing: PortSet = new PortSet([NO_PORTS, NO_PORTS, NO_PORTS], NO_OTHERS);
  static readonly everything: PortSet = new PortSet([EVERY_PORT, EVERY_PORT, EVERY_PORT], EVERY_OTHER);

  /** One entry per element of TRANSPORTS, in its order. */
  readonly #transports: readonly TransportPorts[];
  readonly others: OtherProtocols;

  private constructor(transports: readonly TransportPorts[], others: OtherProtocols) {
    this.#transports = transports;
    this.others = others;
  }

  /**
   * Ports `from` to `to`, both included, cut to 1..65535. A protocol that has no ports (ICMP) is taken whole.
   * @param protocol name or IANA number
   */
  static range(protocol: string, from: number, to: number): PortSet {
    return PortSet.#ofProtocol(protocol, { numbers: span(from, to), names: NO_NAMES });
  }

  /** All of one protocol, by name or IANA number. */
  static protocol(name: string): PortSet {
    return PortSet.#ofProtocol(name, EVERY_PORT);
  }

  /** The port that a Pod calls `name`. */
  static named(protocol: string, name: string): PortSet {
    return PortSet.#ofProtocol(protocol, { numbers: [], names: new Set([name]) });
  }

  /** Ports `from` to `to` of TCP, UDP and SCTP. */
  static portOfAnyProtocol(from: number, to: number): PortSet {
    const ports = { numbers: span(from, to), names: NO_NAMES };
    return new PortSet([ports, ports, ports], NO_OTHERS);
  }

  /** The union of many sets at once; use it instead of a chain of `union`, which is quadratic. */
  static unionOf(sets: readonly PortSet[]): PortSet {
    if (sets.length === 1) return sets[0] as PortSet;
    const transports = TRANSPORTS.map((_, index) => unionOfTransport(sets.map((set) => set.#transport(index))));
    return new PortSet(transports, unionOfOthers(sets.map((set) => set.others)));
  }

  static #ofProtocol(protocol: string, ports: TransportPorts): PortSet {
    const name = canonicalProtocol(protocol);
    const transport = TRANSPORTS.indexOf(name);
    if (transport === -1) {
      return new PortSet(PortSet.nothing.#transports, { except: false, names: new Set([name]) });
    }
    return new PortSet(PortSet.nothing.#transports.with(transport, ports), NO_OTHERS);
  }

  #transport(index: number): TransportPorts {
    return this.#transports[index] as TransportPorts;
  }

  /** The numbers of one of TRANSPORTS that are in the set. */
  numbersOf(transport: string): Boundaries<number> {
    return this.#transport(TRANSPORTS.indexOf(transport)).numbers;
  }

  /** The ports of one of TRANSPORTS that the set knows by name only; none where it holds every number. */
  namesOf(transport: string): ReadonlySet<string> {
    return this.#transport(TRANSPORTS.indexOf(transport)).names;
  }

  union(other: PortSet): PortSet {
    if (this === other) return this;
    const transports = this.#transports.map((ports, index) => unionTransport(ports, other.#transport(index)));
    return new PortSet(transports, unionOfOthers([this.others, other.others]));
  }

  subtract(other: PortSet): PortSet {
    const transports = this.#transports.map((ports, index) => subtractTransport(ports, other.#transport(index)));
    return new PortSet(transports, subtractOthers(this.others, other.others));
  }

  intersect(other: PortSet): PortSet {
    const transports = this.#transports.map((ports, index) => intersectTransport(ports, other.#transport(index)));
    return new PortSet(transports, intersectOthers(this.others, other.others));
  }

  covers(other: PortSet): boolean {
    return this === other || other.subtract(this).isEmpty();
  }

  equals(other: PortSet): boolean {
    return (
      this === other ||
      (this.#transports.every((ports, index) => sameTransport(ports, other.#transport(index))) &&
        this.others.except === other.others.except &&
        sameNames(this.others.names, other.others.names))
    );
  }

  isEmpty(): boolean {
    return this.#transports.every(isNoPort) && !this.others.except && this.others.names.size === 0;
  }

  /** The largest part, 0..1, that the set has of the numbers 1..65535 of TCP, UDP or SCTP. Names don't count. */
  share(): number {
    return Math.max(...this.#transports.map(({ numbers }) => countOf(numbers) / (END_OF_PORTS - FIRST_PORT)));
  }

  /** `all`: at least 99 % of one transport, `wide`: at least half, `some`: less, a name or a protocol without ports. */
  reach(): PortReach {
    const share = this.share();
    if (share >= ALL_FROM) return "all";
    if (share >= WIDE_FROM) return "wide";
    return this.isEmpty() ? "none" : "some";
  }

  /** The set for a message: `every port`, `every TCP port`, `TCP 443, TCP 8000-8080, UDP named "dns"`. */
  words(): string {
    if (this.isEmpty()) return "no port";
    if (this.#transports.every(isEveryPort)) return "every port";
    return joinWords(this.#parts());
  }

  *#parts(): Generator<string> {
    for (const [index, transport] of TRANSPORTS.entries()) yield* transportWords(transport, this.#transport(index));
    yield* otherWords(this.others);
  }
}

function canonicalProtocol(protocol: string): string {
  return NUMBERED.get(protocol) ?? protocol.toUpperCase();
}

function span(from: number, to: number): Boundaries<number> {
  const first = Math.max(FIRST_PORT, from);
  const end = Math.min(END_OF_PORTS, to + 1);
  return first < end ? [first, end] : [];
}

function countOf(numbers: Boundaries<number>): number {
  // Ends count up and starts count down.
  return numbers.reduce((count, boundary, index) => (index % 2 === 0 ? count - boundary : count + boundary), 0);
}

function isNoPort({ numbers, names }: TransportPorts): boolean {
  return numbers.length === 0 && names.size === 0;
}

function isEveryPort({ numbers }: TransportPorts): boolean {
  return numbers.length === 2 && numbers[0] === FIRST_PORT && numbers[1] === END_OF_PORTS;
}

function sameTransport(a: TransportPorts, b: TransportPorts): boolean {
  return a === b || (sameIntervals(a.numbers, b.numbers) && sameNames(a.names, b.names));
}

function unionTransport(a: TransportPorts, b: TransportPorts): TransportPorts {
  if (a === b || isNoPort(b)) return a;
  return isNoPort(a) ? b : unionOfTransport([a, b]);
}

function unionOfTransport(all: readonly TransportPorts[]): TransportPorts {
  const ports = {
    numbers: unionOfIntervals(all.map(({ numbers }) => numbers)),
    names: unionOfNames(all.map(({ names }) => names)),
  };
  return isEveryPort(ports) ? EVERY_PORT : ports;
}

function subtractTransport(a: TransportPorts, b: TransportPorts): TransportPorts {
  if (isNoPort(b)) return a;
  if (isNoPort(a) || isEveryPort(b)) return NO_PORTS;
  return { numbers: subtractIntervals(a.numbers, b.numbers), names: namesWithout(a.names, b.names) };
}

function intersectTransport(a: TransportPorts, b: TransportPorts): TransportPorts {
  if (isNoPort(a) || isEveryPort(b)) return a;
  if (isNoPort(b) || isEveryPort(a)) return b;
  return { numbers: intersectIntervals(a.numbers, b.numbers), names: namesIn(a.names, b.names) };
}

function unionOfOthers(all: readonly OtherProtocols[]): OtherProtocols {
  const listed = unionOfNames(all.filter(({ except }) => !except).map(({ names }) => names));
  const exceptions = all.filter(({ except }) => except).map(({ names }) => names);
  if (exceptions.length === 0) return { except: false, names: listed };
  return { except: true, names: namesWithout(exceptions.reduce(namesIn), listed) };
}

function intersectOthers(a: OtherProtocols, b: OtherProtocols): OtherProtocols {
  if (a.except && b.except) return { except: true, names: unionOfNames([a.names, b.names]) };
  if (a.except) return { except: false, names: namesWithout(b.names, a.names) };
  return { except: false, names: b.except ? namesWithout(a.names, b.names) : namesIn(a.names, b.names) };
}

function subtractOthers(a: OtherProtocols, b: OtherProtocols): OtherProtocols {
  return intersectOthers(a, { except: !b.except, names: b.names });
}

function unionOfNames(all: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const some = all.filter((names) => names.size > 0);
  return some.length <= 1 ? (some[0] ?? NO_NAMES) : new Set(some.flatMap((names) => Array.from(names)));
}

function namesWithout(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return a.size === 0 || b.size === 0 ? a : new Set(Array.from(a).filter((name) => !b.has(name)));
}

function namesIn(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return a.size === 0 || b.size === 0 ? NO_NAMES : new Set(Array.from(a).filter((name) => b.has(name)));
}

function sameNames(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && namesWithout(a, b).size === 0;
}

function* transportWords(transport: string, ports: TransportPorts): Generator<string> {
  if (isEveryPort(ports)) {
    yield `every ${transport} port`;
    return;
  }
  for (const [first, end] of intervalsOf(ports.numbers)) {
    yield end - first === 1 ? `${transport} ${first}` : `${transport} ${first}-${end - 1}`;
  }
  for (const name of ports.names) yield `${transport} named ${quote(name)}`;
}

function* otherWords({ except, names }: OtherProtocols): Generator<string> {
  if (except) yield "every other protocol";
  else for (const name of names) yield `protocol ${quote(name)}`;
}
