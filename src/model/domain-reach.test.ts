import { describe, expect, test } from "@jest/globals";
import { AddressSet, parseCidr } from "./address-set.ts";
import { type DomainMap, DomainReach, type OwnNamespace, type Place } from "./domain-reach.ts";
import { everyLabel, type LabelFormula, type Requirement } from "./label-formula.ts";
import { everyone, peersOf } from "./peer-set.ts";
import type { IdentityPattern, PeerSet, TextPattern } from "./traffic.ts";

const LABEL = "security-domain";

function cidrs(...texts: readonly string[]): AddressSet {
  return AddressSet.unionOf(texts.flatMap((text) => parseCidr(text)?.set ?? []));
}

const domain = (name: string): Place => ({ kind: "domain", name });

const MAP: DomainMap = {
  label: LABEL,
  podLabelIsFact: true,
  namespaces: [
    { name: { match: "exact", value: "pay-public" }, place: domain("web") },
    { name: { match: "prefix", value: "pay-" }, place: domain("payments") },
    { name: { match: "exact", value: "monitoring" }, place: { kind: "unlabelled" } },
  ],
  addresses: [
    { set: cidrs("10.20.0.0/16"), place: domain("payments") },
    { set: cidrs("10.30.0.0/16"), place: { kind: "outside" } },
  ],
};

const SHOP: OwnNamespace = { name: "shop", labels: { [LABEL]: "shop" } };

function words(place: Place): string {
  if (place.kind === "domain") return place.name;
  if (place.kind !== "others") return place.kind;
  return place.except.length === 0 ? "any" : `any but ${place.except.join(" ")}`;
}

function placesOf(peers: PeerSet, own: OwnNamespace = SHOP, map: DomainMap = MAP): string[] {
  return new DomainReach(map, own).placesOf(peers).map(words).toSorted();
}

const requirement = (key: string, operator: Requirement["operator"], ...values: string[]): Requirement => ({
  key,
  operator,
  values,
});

const exact = (value: string): TextPattern => ({ match: "exact", value });
const prefix = (value: string): TextPattern => ({ match: "prefix", value });
const suffix = (value: string): TextPattern => ({ match: "suffix", value });
const ANY: TextPattern = { match: "any" };

describe("identities", () => {
  test.each<[string, Partial<IdentityPattern>, string[]]>([
    ["any", {}, ["any", "unlabelled"]],
    ["that there must be", { namespace: { match: "present" } }, ["any", "unlabelled"]],
    ["of the own namespace", { namespace: exact("shop") }, ["shop"]],
    ["of a namespace that is known by prefix", { namespace: exact("pay-eu") }, ["payments"]],
    ["of a namespace that is known by name before", { namespace: exact("pay-public") }, ["web"]],
    ["of a namespace that isn't known", { namespace: exact("billing") }, ["unknown"]],
    ["of namespaces inside of a known prefix", { namespace: prefix("pay-e") }, ["payments"]],
    ["of the whole prefix, with the name before it", { namespace: prefix("pay-") }, ["payments", "web"]],
    ["of more namespaces than the prefix", { namespace: prefix("pa") }, ["payments", "unknown", "web"]],
    ["of namespaces by their end", { namespace: suffix("-public") }, ["payments", "unknown", "web"]],
    ["of this cluster", { trustDomain: exact("cluster.local"), namespace: exact("pay-eu") }, ["payments"]],
    ["of another cluster", { trustDomain: exact("partner.org"), namespace: exact("pay-eu") }, ["unknown"]],
    ["of clusters by prefix", { trustDomain: prefix("cluster.local"), namespace: exact("pay-eu") }, ["unknown"]],
  ])("%s", (_name, part, expected) => {
    const identity = { trustDomain: ANY, namespace: ANY, serviceAccount: exact("web"), ...part };

    expect(placesOf(peersOf({ identities: [identity] }))).toEqual(expected);
  });
});

describe("addresses", () => {
  test.each<[string, readonly string[], boolean, string[]]>([
    ["of a domain", ["10.20.7.0/24"], true, ["payments"]],
    ["that the settings call outside", ["10.30.0.0/16"], true, ["outside"]],
    ["public ones", ["192.0.2.0/24", "8.8.8.8/32"], true, ["outside"]],
    ["private ones may be Pods", ["10.99.0.0/16"], true, ["outside", "unknown"]],
    ["private ones where addresses are never Pods", ["10.99.0.0/16"], false, ["outside"]],
    ["more than those of a domain", ["10.20.0.0/15"], true, ["outside", "payments", "unknown"]],
    ["all", ["0.0.0.0/0"], true, ["outside", "payments", "unknown"]],
    ["none", [], true, []],
  ])("%s", (_name, texts, addressesReachPods, expected) => {
    expect(placesOf(peersOf({ addresses: cidrs(...texts), addressesReachPods }))).toEqual(expected.toSorted());
  });
});

describe("other peers", () => {
  test.each<[string, Partial<PeerSet>, string[]]>([
    ["everyone", everyone, ["any", "infrastructure", "outside", "unlabelled"]],
    ["the cluster", { entities: ["cluster"] }, ["any", "infrastructure", "unlabelled"]],
    ["the outside", { entities: ["outside"] }, ["outside"]],
    ["nodes", { entities: ["nodes", "control-plane"] }, ["infrastructure"]],
    ["Pods that are not known yet", { entities: ["starting"] }, ["unknown"]],
    ["a name", { names: ["example.com"] }, ["outside"]],
    ["a Service", { names: ["web.shop.svc.cluster.local"] }, ["outside", "unknown"]],
    ["a Service with a dot at its end", { names: ["web.shop.svc.cluster.local."] }, ["outside", "unknown"]],
    ["names that may be Services", { names: ["*.local"] }, ["outside", "unknown"]],
    ["every name", { names: ["**"] }, ["outside", "unknown"]],
    ["names that are none", { names: ["*.example.com"] }, ["outside"]],
    ["what could not be seen", { unresolved: ["a set"] }, ["unknown"]],
    ["nobody", {}, []],
  ])("%s", (_name, part, expected) => {
    expect(placesOf(peersOf(part))).toEqual(expected);
  });
});

describe("namespaces by name", () => {
  const NAME = "kubernetes.io/metadata.name";
  const ofDomain = requirement(LABEL, "In", "bank");

  test.each<[string, LabelFormula, LabelFormula, string[]]>([
    ["one of the map", requirement(NAME, "In", "pay-eu"), everyLabel, ["payments"]],
    ["the own one", requirement(NAME, "In", "shop"), everyLabel, ["shop"]],
    ["the own one, with a label that it hasn't", { all: [requirement(NAME, "In", "shop"), ofDomain] }, everyLabel, []],
    ["one that isn't known", requirement(NAME, "In", "billing"), everyLabel, ["any", "unlabelled"]],
    [
      "one that isn't known, and its label",
      { all: [requirement(NAME, "In", "billing"), ofDomain] },
      everyLabel,
      ["bank"],
    ],
    ["all but one of the map", requirement(NAME, "NotIn", "pay-eu"), everyLabel, ["any", "unlabelled"]],
    ["without a domain, so that the Pod's label counts", requirement(NAME, "In", "monitoring"), ofDomain, ["bank"]],
    ["with Pods that can't be there", requirement(NAME, "In", "pay-eu"), ofDomain, []],
    [
      "without the label, as those of the map may be",
      requirement(LABEL, "DoesNotExist"),
      everyLabel,
      ["any", "unlabelled"],
    ],
    [
      "without the label, and Pods without",
      requirement(LABEL, "DoesNotExist"),
      requirement(LABEL, "DoesNotExist"),
      ["payments", "unlabelled", "web"],
    ],
  ])("%s", (_name, namespaces, pods, expected) => {
    expect(placesOf(peersOf({ pods: [{ namespaces, pods }] }))).toEqual(expected);
  });
});

describe("the own namespace", () => {
  const ownPods = (pods: LabelFormula) => peersOf({ pods: [{ namespaces: "own", pods }] });
  const bank = requirement(LABEL, "In", "bank");

  test.each<[string, OwnNamespace, LabelFormula, boolean, string[]]>([
    ["with a domain", SHOP, everyLabel, true, ["shop"]],
    ["with a domain, and Pods of another", SHOP, bank, true, []],
    ["with a domain, and Pods' labels that are no facts", SHOP, bank, false, ["shop"]],
    ["without a domain", { name: "shop", labels: {} }, everyLabel, true, ["any", "unlabelled"]],
    ["without a domain, and Pods of one", { name: "shop", labels: {} }, bank, true, ["bank"]],
    ["with an empty domain", { name: "shop", labels: { [LABEL]: "" } }, everyLabel, false, ["unlabelled"]],
    ["without known labels", { name: "shop", labels: null }, everyLabel, false, ["own"]],
    ["without known labels, and Pods of a domain", { name: "shop", labels: null }, bank, true, ["bank"]],
    ["known by its name alone", { name: "pay-eu", labels: null }, everyLabel, true, ["payments"]],
    [
      "whose label is not the object's prototype",
      { name: "x", labels: Object.create({ [LABEL]: "shop" }) },
      everyLabel,
      false,
      ["unlabelled"],
    ],
  ])("%s", (_name, own, pods, podLabelIsFact, expected) => {
    expect(placesOf(ownPods(pods), own, { ...MAP, podLabelIsFact })).toEqual(expected);
  });
});

test("values beyond those that are judged one by one are among the others", () => {
  const values = Array.from({ length: 150 }, (_, index) => `d${index}`);
  const many = peersOf({ pods: [{ namespaces: requirement(LABEL, "In", ...values), pods: everyLabel }] });

  const places = new DomainReach(MAP, SHOP).placesOf(many);

  expect(places.map(({ kind }) => kind)).toEqual(["others"]);
});

test("a thousand boolean formulas are answered in time, and never narrower", () => {
  const keys = Array.from({ length: 10 }, (_, index) => requirement(`k${index}`, "In", "a", "b"));
  const formula = (index: number): LabelFormula => ({
    all: [{ any: [...keys, requirement("n", "In", String(index))] }, { not: requirement(LABEL, "In", "bank") }],
  });
  const pods = Array.from({ length: 1000 }, (_, index) => ({ namespaces: formula(index), pods: everyLabel }));
  const started = performance.now();

  expect(placesOf(peersOf({ pods }))).toEqual(["any", "unlabelled"]);
  expect(performance.now() - started).toBeLessThan(5000);
});
