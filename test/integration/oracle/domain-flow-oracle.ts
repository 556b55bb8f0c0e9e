/**
 * @module A second opinion on domain-flow, made as differently as possible: no formulas, no satisfiability, only small
 * worlds. Every namespace and Pod that two labels can make is tried, and every packet looked up in the matrix.
 */

/** A selector as a tree, which both this module and the writers of policies understand. */
export type Choice =
  | {
      readonly key: string;
      readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
      /** None for the last two. */
      readonly values: readonly string[];
    }
  | { readonly and: readonly Choice[] }
  | { readonly or: readonly Choice[] }
  | { readonly not: Choice };

/** Peers: Pods of the own namespace, or of namespaces that are chosen. */
export interface Peer {
  readonly namespaces: "own" | Choice;
  readonly pods: Choice;
}

export interface Ports {
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

export interface Rule {
  readonly direction: "ingress" | "egress";
  readonly peers: readonly Peer[];
  /** Undefined for every port of every protocol. */
  readonly ports: Ports | undefined;
}

export interface Policy {
  readonly subject: Choice;
  readonly rules: readonly Rule[];
}

export interface Organisation {
  readonly matrix: readonly {
    readonly from: string;
    readonly to: string;
    readonly ports: readonly string[];
    readonly directions?: readonly string[];
  }[];
  readonly sameDomain: boolean;
  readonly unlabelled: "deny" | "allow";
  /** Whether a Pod of another domain than its namespace's is refused. */
  readonly isPodLabelBound: boolean;
  /** The domain of the namespace MAPPED, by its name. */
  readonly mapped: string | undefined;
}

type Labels = ReadonlyMap<string, string>;
interface Place {
  readonly namespace: Labels;
  readonly pod: Labels;
}

export const DOMAIN = "security-domain";
export const OTHER_KEY = "app";
export const NAME = "kubernetes.io/metadata.name";
export const OWN = "shop";
export const MAPPED = "vault";
const STRANGER = "elsewhere";

// Policies speak of a and b; q and z are domains that nobody has named in them.
const DOMAINS = [undefined, "", "a", "b", "q", "z"];
const OTHERS = [undefined, "x", "y", "w"];

function objects(more: Readonly<Record<string, string>> = {}): Labels[] {
  return DOMAINS.flatMap((domain) =>
    OTHERS.map((other) => {
      const labels = new Map(Object.entries(more));
      if (domain !== undefined) labels.set(DOMAIN, domain);
      if (other !== undefined) labels.set(OTHER_KEY, other);
      return labels;
    }),
  );
}

export function chooses(choice: Choice, labels: Labels): boolean {
  if ("and" in choice) return choice.and.every((part) => chooses(part, labels));
  if ("or" in choice) return choice.or.some((part) => chooses(part, labels));
  if ("not" in choice) return !chooses(choice.not, labels);
  const value = labels.get(choice.key);
  if (choice.operator === "Exists") return value !== undefined;
  if (choice.operator === "DoesNotExist") return value === undefined;
  const isListed = value !== undefined && choice.values.includes(value);
  return choice.operator === "In" ? isListed : !isListed;
}

/** All Pods in all namespaces that the organisation's guardrails let be. */
export class World {
  readonly #organisation: Organisation;
  readonly #own: readonly Place[];
  readonly #everywhere: readonly Place[];

  constructor(organisation: Organisation, ownLabels: Readonly<Record<string, string>>) {
    this.#organisation = organisation;
    const own = new Map(Object.entries({ ...ownLabels, [NAME]: OWN }));
    this.#own = this.#inhabited([own]);
    // A namespace of the map may lack the label, but contradicts it never.
    const mapped = objects({ [NAME]: MAPPED }).filter((labels) => {
      const written = labels.get(DOMAIN) ?? "";
      return organisation.mapped === undefined || written === "" || written === organisation.mapped;
    });
    this.#everywhere = [...this.#own, ...this.#inhabited([...objects({ [NAME]: STRANGER }), ...mapped])];
  }

  #inhabited(namespaces: readonly Labels[]): Place[] {
    return namespaces.flatMap((namespace) =>
      objects()
        .filter((pod) => this.#canBeIn(namespace, pod))
        .map((pod) => ({ namespace, pod })),
    );
  }

  #canBeIn(namespace: Labels, pod: Labels): boolean {
    const [domain, own] = [this.#domainOfNamespace(namespace), pod.get(DOMAIN) ?? ""];
    return !this.#organisation.isPodLabelBound || domain === "" || own === "" || own === domain;
  }

  #domainOfNamespace(namespace: Labels): string {
    const mapped = namespace.get(NAME) === MAPPED ? this.#organisation.mapped : undefined;
    return mapped ?? namespace.get(DOMAIN) ?? "";
  }

  #domainOf({ namespace, pod }: Place): string {
    const domain = this.#domainOfNamespace(namespace);
    return domain === "" && this.#organisation.isPodLabelBound ? (pod.get(DOMAIN) ?? "") : domain;
  }

  #domains(places: readonly Place[], pods: Choice): Set<string> {
    return new Set(places.filter(({ pod }) => chooses(pods, pod)).map((place) => this.#domainOf(place)));
  }

  /** The domains of the Pods that a peer chooses. */
  domainsOfPeer({ namespaces, pods }: Peer): ReadonlySet<string> {
    if (namespaces === "own") return this.#domains(this.#own, pods);
    return this.#domains(
      this.#everywhere.filter(({ namespace }) => chooses(namespaces, namespace)),
      pods,
    );
  }

  /** Whether some packet that the rule lets through is in no entry of the matrix. */
  isUnlisted({ subject }: Policy, rule: Rule): boolean {
    const subjects = this.#domains(this.#own, subject);
    return rule.peers.some((peer) =>
      [...this.domainsOfPeer(peer)].some((other) =>
        [...subjects].some((own) => {
          const [from, to] = rule.direction === "ingress" ? [other, own] : [own, other];
          return packets(rule.ports).some((packet) => !this.#lists(from, to, rule.direction, packet));
        }),
      ),
    );
  }

  #lists(from: string, to: string, direction: string, packet: Packet): boolean {
    const { matrix, sameDomain, unlabelled } = this.#organisation;
    if (unlabelled === "allow" && (from === "" || to === "")) return true;
    if (sameDomain && from === to && from !== "") return true;
    return matrix.some(
      (entry) =>
        isMeant(entry.from, from) &&
        isMeant(entry.to, to) &&
        (entry.directions ?? ["ingress", "egress"]).includes(direction) &&
        entry.ports.some((ports) => holds(ports, packet)),
    );
  }
}

function isMeant(word: string, domain: string): boolean {
  if (domain === "") return word === "unlabelled";
  return word === "*" || (word === domain && word !== "unlabelled");
}

interface Packet {
  readonly protocol: string;
  readonly port: number;
}

const NUMBERS = [1, 443, 444, 450, 499, 500, 501, 600, 65535];
const PACKETS: readonly Packet[] = ["TCP", "UDP", "SCTP", "GRE"].flatMap((protocol) =>
  NUMBERS.map((port) => ({ protocol, port })),
);

function packets(ports: Ports | undefined): readonly Packet[] {
  if (ports === undefined) return PACKETS;
  return PACKETS.filter(({ protocol, port }) => protocol === ports.protocol && port >= ports.from && port <= ports.to);
}

function holds(written: string, { protocol, port }: Packet): boolean {
  if (written === "any") return true;
  const [, name, first, last = first] = /^(\w+)(?: (\d+)(?:-(\d+))?)?$/.exec(written) ?? [];
  return name === protocol && (first === undefined || (port >= Number(first) && port <= Number(last)));
}
