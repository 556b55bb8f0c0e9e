/**
 * @module Which security domains (or tenants) a set of peers can reach, where a label says what is of which domain.
 *
 * A domain counts as reachable unless it is certain that no Pod of it can be chosen. The label of a Namespace is a fact.
 * A Pod's own label is one only where it can't contradict its Namespace's; every other label is chosen freely, so that
 * `app=web` may be in any domain. What can't be told is `unknown`, which is never narrow.
 */
import { type AddressSet, PRIVATE_ADDRESSES } from "./address-set.ts";
import {
  ALWAYS,
  type Alternatives,
  conjunction,
  emptyOrAbsent,
  isAnother,
  isOneOf,
  isPlain,
  mentionedValues,
  mentions,
} from "./domain-labels.ts";
import { isSatisfiable, type LabelFormula, matches } from "./label-formula.ts";
import type { Entity, IdentityPattern, NamePattern, PeerSet, PodTerm, TextPattern } from "./traffic.ts";

/**
 * Where peers can be.
 *
 * - `domain`: of the domain `name`
 * - `others`: of any domain but those in `except`
 * - `unlabelled`: in the cluster, without the label, or with an empty one
 * - `outside`: outside the cluster
 * - `infrastructure`: nodes and what else of the cluster is no Pod
 * - `unknown`: of any domain or of none
 * - `own`: in the policy's own namespace, whose labels are not known
 */
export type Place =
  | { readonly kind: "domain"; readonly name: string }
  | { readonly kind: "others"; readonly except: readonly string[] }
  | { readonly kind: "unlabelled" | "outside" | "infrastructure" | "unknown" | "own" };

/** What an organisation says about where its domains are. */
export interface DomainMap {
  /** The key of the label whose values are the domains. */
  readonly label: string;
  /** Whether a Pod's own label is its Namespace's wherever the Namespace has one. */
  readonly podLabelIsFact: boolean;
  /** Namespaces by name; the first entry that matches counts. They have no other label than that, but may have none. */
  readonly namespaces: readonly { readonly name: NamespaceName; readonly place: Place }[];
  /** Addresses, which may overlap. */
  readonly addresses: readonly { readonly set: AddressSet; readonly place: Place }[];
}

export type NamespaceName = { readonly match: "exact" | "prefix"; readonly value: string };

/** The policy's own namespace; null for policies of the whole cluster. Labels are null where they are not known. */
export type OwnNamespace = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | null;
} | null;

/** Kubernetes' own label with the name of a namespace. */
const NAMESPACE_NAME = "kubernetes.io/metadata.name";
const LOCAL_TRUST_DOMAIN = "cluster.local";
const LOCAL_NAMES = ".cluster.local";
/** Formulas that are no plain conjunctions cost up to a millisecond each; those behind count as met. */
const MOST_FORMULAS = 500;

const UNKNOWN: readonly Place[] = [{ kind: "unknown" }];
const ANYWHERE_INSIDE: readonly Place[] = [{ kind: "others", except: [] }, { kind: "unlabelled" }];
const ANYWHERE: readonly Place[] = [...ANYWHERE_INSIDE, { kind: "infrastructure" }, { kind: "outside" }];

const PLACES_OF_ENTITY: Readonly<Record<Entity, readonly Place[]>> = {
  everyone: ANYWHERE,
  outside: [{ kind: "outside" }],
  cluster: [...ANYWHERE_INSIDE, { kind: "infrastructure" }],
  nodes: [{ kind: "infrastructure" }],
  "own-node": [{ kind: "infrastructure" }],
  "control-plane": [{ kind: "infrastructure" }],
  "ingress-proxies": [{ kind: "infrastructure" }],
  "health-checks": [{ kind: "infrastructure" }],
  starting: UNKNOWN,
  unmanaged: UNKNOWN,
};

const OPERATOR_OF = { exact: "In", prefix: "StartsWith" } as const;

/** Answers for one policy; remembers what it was asked, and bounds the work. */
export class DomainReach {
  readonly #map: DomainMap;
  readonly #own: OwnNamespace;
  readonly #terms = new Map<PodTerm, readonly Place[]>();
  #formulasLeft = MOST_FORMULAS;

  constructor(map: DomainMap, own: OwnNamespace) {
    this.#map = map;
    this.#own = own;
  }

  /** Where the peers can be; nowhere for an empty set. */
  placesOf(peers: PeerSet): readonly Place[] {
    if (peers.everyone) return ANYWHERE;
    return unionOfPlaces([
      ...peers.pods.flatMap((term) => this.placesOfTerm(term)),
      ...this.#placesOfAddresses(peers),
      ...peers.entities.flatMap((entity) => PLACES_OF_ENTITY[entity]),
      ...peers.identities.flatMap((identity) => this.#placesOfIdentity(identity)),
      ...peers.names.flatMap(placesOfName),
      ...(peers.unresolved.length > 0 ? UNKNOWN : []),
    ]);
  }

  /** Where the Pods of a choice can be. */
  placesOfTerm(term: PodTerm): readonly Place[] {
    const known = this.#terms.get(term);
    if (known !== undefined) return known;
    const places =
      term.namespaces === "own"
        ? this.#placesIn(this.#placeOfOwn(), term.pods)
        : this.#placesBySelector(term.namespaces, term.pods);
    this.#terms.set(term, places);
    return places;
  }

  /** Where the chosen Pods of one namespace can be. */
  #placesIn(place: Place, pods: LabelFormula): readonly Place[] {
    // A Pod has the label of its namespace, or none.
    if (place.kind === "domain") return this.#canBe(pods, this.#podsOf(place.name)) ? [place] : [];
    const isUnlabelled = place.kind === "unlabelled" || place.kind === "own";
    if (!this.#map.podLabelIsFact || !isUnlabelled) return this.#canBe(pods) ? [place] : [];
    const unlabelled = this.#canBe(pods, emptyOrAbsent(this.#map.label)) ? [place] : [];
    return [...this.#placesByPodLabel(pods), ...unlabelled];
  }

  /** Domains of Pods whose own label alone says where they are, because their namespace has none. */
  #placesByPodLabel(pods: LabelFormula): readonly Place[] {
    const { label } = this.#map;
    const values = mentionedValues([pods], label);
    const named = values.filter((name) => this.#canBe(pods, [isOneOf(label, [name])]));
    const places = named.map((name): Place => ({ kind: "domain", name }));
    return this.#canBe(pods, [isAnother(label, values)]) ? [...places, { kind: "others", except: values }] : places;
  }

  #placeOfOwn(): Place {
    if (this.#own === null) return { kind: "unknown" };
    const { name, labels } = this.#own;
    const label = labels !== null && Object.hasOwn(labels, this.#map.label) ? labels[this.#map.label] : undefined;
    if (label !== undefined && label !== "") return { kind: "domain", name: label };
    return this.#placeOfName(name) ?? { kind: labels === null ? "own" : "unlabelled" };
  }

  #placeOfName(name: string): Place | undefined {
    return this.#map.namespaces.find((entry) => isNamed(entry.name, name))?.place;
  }

  #placesBySelector(namespaces: LabelFormula, pods: LabelFormula): readonly Place[] {
    if (!this.#canBe(pods) || !this.#canBe(namespaces)) return [];
    const { label, podLabelIsFact } = this.#map;
    const formulas = podLabelIsFact ? [namespaces, pods] : [namespaces];
    const { names, places } = this.#placesByName(namespaces, pods);
    if (names.length === 0 && !formulas.some((formula) => mentions(formula, label))) return ANYWHERE_INSIDE;
    const unnamed: LabelFormula = { key: NAMESPACE_NAME, operator: "NotIn", values: names };
    const values = mentionedValues(formulas, label);
    return unionOfPlaces([...places, ...this.#placesByLabels(conjunction(namespaces, unnamed), pods, values)]);
  }

  /**
   * Namespaces that a selector speaks of by name and whose domain is known, whatever the map's are labelled.
   * @returns their names, chosen or not, and where the chosen Pods of them can be
   */
  #placesByName(namespaces: LabelFormula, pods: LabelFormula): { names: readonly string[]; places: readonly Place[] } {
    const names: string[] = [];
    const places: Place[] = [];
    for (const name of mentionedValues([namespaces], NAMESPACE_NAME)) {
      const labels = name === this.#own?.name ? this.#own.labels : null;
      const place = labels === null ? this.#placeOfName(name) : this.#placeOfOwn();
      if (place === undefined) continue;
      names.push(name);
      const isChosen =
        labels === null
          ? this.#canBe(namespaces, [isOneOf(NAMESPACE_NAME, [name])])
          : matches(namespaces, new Map([...Object.entries(labels), [NAMESPACE_NAME, name]]));
      if (isChosen) places.push(...this.#placesIn(place, pods));
    }
    return { names, places };
  }

  /** By the label of the namespace; where that has none and a Pod's own label is a fact, by the Pod's. */
  #placesByLabels(namespaces: LabelFormula, pods: LabelFormula, values: readonly string[]): readonly Place[] {
    const { label, podLabelIsFact } = this.#map;
    const places: Place[] = [];
    for (const name of values) {
      if (!this.#canBe(namespaces, [isOneOf(label, [name])])) continue;
      if (this.#canBe(pods, this.#podsOf(name))) places.push({ kind: "domain", name });
    }
    const another = isAnother(label, values);
    const podsOfAnother = podLabelIsFact ? [another, ...emptyOrAbsent(label)] : ALWAYS;
    if (this.#canBe(namespaces, [another]) && this.#canBe(pods, podsOfAnother)) {
      places.push({ kind: "others", except: values });
    }
    if (!this.#canBe(namespaces, emptyOrAbsent(label))) return places;
    places.push(...this.#placesOfMap(namespaces, pods));
    if (this.#canBe(pods, podLabelIsFact ? emptyOrAbsent(label) : ALWAYS)) places.push({ kind: "unlabelled" });
    return podLabelIsFact ? [...places, ...this.#placesByPodLabel(pods)] : places;
  }

  /** Namespaces of the map may lack the label, so that who chooses namespaces without one chooses them too. */
  #placesOfMap(namespaces: LabelFormula, pods: LabelFormula): readonly Place[] {
    const { label } = this.#map;
    const isAboutNames = mentions(namespaces, NAMESPACE_NAME);
    const chosen = this.#map.namespaces.filter(({ name }) => {
      const isOf: LabelFormula = { key: NAMESPACE_NAME, operator: OPERATOR_OF[name.match], values: [name.value] };
      return !isAboutNames || this.#canBe(conjunction(namespaces, isOf), emptyOrAbsent(label));
    });
    return unionOfPlaces(chosen.map(({ place }) => place)).flatMap((place) => this.#placesIn(place, pods));
  }

  /** What Pods of a labelled namespace may have as their own label. */
  #podsOf(domain: string): Alternatives {
    const { label, podLabelIsFact } = this.#map;
    return podLabelIsFact ? [isOneOf(label, [domain]), ...emptyOrAbsent(label)] : ALWAYS;
  }

  /** Whether an object can meet the formula and one of the alternatives; true where the answer would take too long. */
  #canBe(formula: LabelFormula, alternatives: Alternatives = ALWAYS): boolean {
    return alternatives.some((alternative) => {
      const both = conjunction(formula, alternative);
      if (!isPlain(both)) this.#formulasLeft -= 1;
      return this.#formulasLeft < 0 || isSatisfiable(both);
    });
  }

  #placesOfAddresses({ addresses, addressesReachPods }: PeerSet): readonly Place[] {
    if (addresses.isEmpty()) return [];
    const places: Place[] = [];
    let left = addresses;
    for (const { set, place } of this.#map.addresses) {
      if (addresses.intersect(set).isEmpty()) continue;
      places.push(place);
      left = left.subtract(set);
    }
    // A private address may be any Pod's, unless the API keeps Pods apart from addresses.
    if (addressesReachPods && !left.intersect(PRIVATE_ADDRESSES).isEmpty()) places.push({ kind: "unknown" });
    if (!left.isEmpty()) places.push({ kind: "outside" });
    return places;
  }

  #placesOfIdentity({ trustDomain, namespace }: IdentityPattern): readonly Place[] {
    // Namespaces of another cluster are not the map's.
    if ("value" in trustDomain && (trustDomain.match !== "exact" || trustDomain.value !== LOCAL_TRUST_DOMAIN)) {
      return UNKNOWN;
    }
    if (!("value" in namespace)) return ANYWHERE_INSIDE;
    if (namespace.match === "exact") {
      if (this.#own !== null && namespace.value === this.#own.name) return [this.#placeOfOwn()];
      return [this.#placeOfName(namespace.value) ?? { kind: "unknown" }];
    }
    const touched = this.#map.namespaces.filter((entry) => mayShareNames(entry.name, namespace));
    const isWhole = touched.some((entry) => holdsNames(entry.name, namespace));
    return [...touched.map(({ place }) => place), ...(isWhole ? [] : UNKNOWN)];
  }
}

/** Names of the cluster's own domain may be Services, whose Pods are anywhere; wildcards may match such a name. */
function placesOfName(name: NamePattern): readonly Place[] {
  const text = name.replace(/\.$/, "");
  const fixed = text.slice(text.lastIndexOf("*") + 1);
  const mayBeLocal = text.includes("*")
    ? fixed.endsWith(LOCAL_NAMES) || LOCAL_NAMES.endsWith(fixed)
    : text.endsWith(LOCAL_NAMES);
  return mayBeLocal ? [...UNKNOWN, { kind: "outside" }] : [{ kind: "outside" }];
}

function isNamed({ match, value }: NamespaceName, name: string): boolean {
  return match === "exact" ? value === name : name.startsWith(value);
}

/** Whether a pattern of an identity and an entry of the map have a name in common. */
function mayShareNames(entry: NamespaceName, pattern: Extract<TextPattern, { value: string }>): boolean {
  if (pattern.match === "exact") return isNamed(entry, pattern.value);
  if (pattern.match === "suffix") return entry.match === "prefix" || entry.value.endsWith(pattern.value);
  if (entry.match === "exact") return entry.value.startsWith(pattern.value);
  return entry.value.startsWith(pattern.value) || pattern.value.startsWith(entry.value);
}

/** Whether every name that a pattern matches is one of the entry's. */
function holdsNames(entry: NamespaceName, pattern: Extract<TextPattern, { value: string }>): boolean {
  if (pattern.match === "suffix") return entry.match === "prefix" && entry.value === "";
  return entry.match === "prefix" && pattern.value.startsWith(entry.value);
}

/** Each place once; domains that stand for all but some are one place, and contain those that have a name. */
export function unionOfPlaces(places: readonly Place[]): readonly Place[] {
  if (places.length < 2) return places;
  const excepts = places.flatMap((place) => (place.kind === "others" ? [place.except] : []));
  const except = excepts.length === 0 ? undefined : excepts.reduce((a, b) => a.filter((name) => b.includes(name)));
  const united = new Map<string, Place>();
  for (const place of places) {
    if (place.kind === "domain") {
      if (except === undefined || except.includes(place.name)) united.set(`domain ${place.name}`, place);
    } else united.set(place.kind, place.kind === "others" && except !== undefined ? { kind: "others", except } : place);
  }
  return withoutLetIn([...united.values()]);
}

/** Names that others leave out and that stand beside them are not left out. */
function withoutLetIn(places: readonly Place[]): readonly Place[] {
  const names = new Set(places.flatMap((place) => (place.kind === "domain" ? [place.name] : [])));
  const others = places.find((place) => place.kind === "others");
  if (others === undefined || names.size === 0) return places;
  const rest = places.filter((place) => place.kind !== "domain" && place.kind !== "others");
  return [{ kind: "others", except: others.except.filter((name) => !names.has(name)) }, ...rest];
}
