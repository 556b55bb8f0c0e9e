/**
 * @module Flows as facts: which domains and tenants a policy's subject and its peers can be of, on which ports.
 */
import { DomainReach, type DomainMap, type OwnNamespace, type Place, unionOfPlaces } from "./domain-reach.ts";
import type { Flow } from "./effective-rules.ts";
import { intervalsOf } from "./interval-set.ts";
import { everyLabel } from "./label-formula.ts";
import { PortSet, TRANSPORTS } from "./port-set.ts";
import { quote } from "./quote.ts";
import type { PolicyReading } from "./traffic.ts";
import type { FlowFact, PlaceFact, PortRangeFact } from "./width.ts";
import { joinWords } from "./words.ts";

/** Where the organisation's domains are, and its tenants; a part that it doesn't use is absent. */
export interface DomainMaps {
  readonly domains?: DomainMap;
  readonly tenants?: DomainMap;
}

/** Whom the policy is for. */
export interface SubjectPlaces {
  readonly domains?: readonly PlaceFact[];
  readonly tenants?: readonly PlaceFact[];
}

const LAST_PORT = 65535;

/** The flows of one policy. */
export class FlowFacts {
  readonly #domains: DomainReach | undefined;
  readonly #tenants: DomainReach | undefined;

  /**
   * @param own the policy's namespace, null where it is of the whole cluster
   */
  constructor({ domains, tenants }: DomainMaps, own: OwnNamespace) {
    this.#domains = domains && new DomainReach(domains, own);
    this.#tenants = tenants && new DomainReach(tenants, own);
  }

  /** Whom the policy is for; every Pod that its scope reaches, where its reader doesn't say more. */
  subject({ subject, scope }: PolicyReading): SubjectPlaces {
    const everyPod = { namespaces: scope === "namespace" ? ("own" as const) : everyLabel, pods: everyLabel };
    const terms = subject.reach === "nobody" ? [] : (subject.chosen ?? [everyPod]);
    const nodes: readonly Place[] = scope === "host" ? [{ kind: "infrastructure" }] : [];
    const of = (reach: DomainReach) => placeFacts([...terms.flatMap((term) => reach.placesOfTerm(term)), ...nodes]);
    return {
      ...(this.#domains === undefined ? {} : { domains: of(this.#domains) }),
      ...(this.#tenants === undefined ? {} : { tenants: of(this.#tenants) }),
    };
  }

  /** What a rule lets through. */
  ofRule(flows: readonly Flow[]): readonly FlowFact[] {
    return flows.map(({ peers, ports }) => ({
      ports: portRanges(ports),
      ...(this.#domains === undefined ? {} : { domains: placeFacts(this.#domains.placesOf(peers)) }),
      ...(this.#tenants === undefined ? {} : { tenants: placeFacts(this.#tenants.placesOf(peers)) }),
    }));
  }
}

function placeFacts(places: readonly Place[]): readonly PlaceFact[] {
  return unionOfPlaces(places).map((place) => ({
    kind: place.kind,
    name: place.kind === "domain" ? place.name : "",
    words: placeWords(place),
  }));
}

function placeWords(place: Place): string {
  switch (place.kind) {
    case "domain":
      return quote(place.name);
    case "others":
      return place.except.length === 0 ? "any domain" : `any domain but ${joinWords(place.except.map(quote))}`;
    case "unlabelled":
      return "what has no label";
    case "outside":
      return "the outside";
    case "infrastructure":
      return "the cluster's nodes";
    case "unknown":
      return "what can't be told";
    case "own":
      return "the own namespace";
  }
}

/** A port that only the Pod knows may be any of its protocol. `any` stands for protocols that are not named. */
function portRanges(ports: PortSet): readonly PortRangeFact[] {
  if (ports.equals(PortSet.everything)) return [{ protocol: "any", from: 1, to: LAST_PORT }];
  const ofTransports = TRANSPORTS.flatMap((protocol) =>
    ports.namesOf(protocol).size > 0
      ? [{ protocol, from: 1, to: LAST_PORT }]
      : Array.from(intervalsOf(ports.numbersOf(protocol)), ([from, end]) => ({ protocol, from, to: end - 1 })),
  );
  const others = ports.others.except ? ["any"] : [...ports.others.names];
  return [...ofTransports, ...others.map((protocol) => ({ protocol, from: 1, to: LAST_PORT }))];
}
