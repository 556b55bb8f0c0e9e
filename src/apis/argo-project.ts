/**
 * @module AppProject of Argo CD: from where, to where, what and for whom its Applications may deploy
 * (argo-cd 3.5, pkg/apis/application/v1alpha1).
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect } from "../model/traffic.ts";
import {
  bothOf,
  isMost,
  STRANGE_GROUPS,
  STRANGE_KINDS,
  STRANGE_NAMES,
  STRANGE_REPOSITORIES,
  STRANGE_SERVERS,
  strangersOf,
  unionOf,
} from "./argo-patterns.ts";
import { ObjectNode, type TextElement } from "./fields.ts";
import type { AllowanceReading, ApiReader, ObjectReading } from "./reading.ts";

type Accepted = readonly boolean[];

/** Reader of AppProjects. */
export const appProjectReader: ApiReader = {
  group: "argoproj.io",
  kinds: ["AppProject"],
  resources: [
    { kind: "AppProject", plural: "appprojects", versions: ["v1alpha1"], scope: "Namespaced", subresources: [] },
  ],
  read,
};

function read(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  const metadata = root.objectOrEmpty("metadata");
  const spec = root.objectOrEmpty("spec");
  // argocd-server creates this project with everything allowed and ends where it can't (gitops.md 1.3).
  const adviceOnly = metadata.text("name") === "default";
  const allowances: Omit<AllowanceReading, "adviceOnly">[] = [
    ...readSources(spec),
    ...readDestinations(spec),
    readKinds(spec, "cluster-kind", "clusterResourceWhitelist", "clusterResourceBlacklist"),
    readKinds(spec, "namespaced-kind", "namespaceResourceWhitelist", "namespaceResourceBlacklist"),
    ...readApplicationNamespaces(spec),
  ];
  return {
    family: "delivery",
    labels: metadata.textMap("labels"),
    allowances: allowances.map((allowance) => ({ ...allowance, adviceOnly })),
    defects,
  };
}

/** The first of some patterns that is wide alone, else the list that is wide together. */
function widest(list: ObjectNode, key: string, patterns: readonly TextElement[], isWide: (text: string) => boolean) {
  const one = patterns.find(({ value }) => isWide(value));
  return one === undefined
    ? { pointer: list.at(key), words: "together" }
    : { pointer: one.pointer, words: quote(one.value) };
}

function readSources(spec: ObjectNode): readonly Omit<AllowanceReading, "adviceOnly">[] {
  const patterns = spec.texts("sourceRepos");
  const wideIn = (texts: readonly string[]) => (strangers: readonly string[]) => {
    const sets = texts.map((text) => strangersOf(text, strangers, "/"));
    return isMost(unionOf(sets, strangers.length));
  };
  const isWide = (text: string) => STRANGE_REPOSITORIES.some(wideIn([text]));
  const reach = STRANGE_REPOSITORIES.some(wideIn(patterns.map(({ value }) => value))) ? "any" : "some";
  if (patterns.length === 0) return [];
  const { pointer, words } = widest(spec, "sourceRepos", patterns, isWide);
  return [{ aspect: "source", pointer, reach, words: `repositories of strangers (${words})` }];
}

interface Destination {
  readonly node: ObjectNode;
  readonly server: string;
  readonly namespace: string;
  readonly servers: Accepted;
  readonly namespaces: Accepted;
}

/**
 * Entries with the same server add up to namespaces, and those with the same namespace to servers. An entry that denies
 * is read as allowing what it doesn't deny, as Argo CD does.
 */
function readDestinations(spec: ObjectNode): readonly Omit<AllowanceReading, "adviceOnly">[] {
  const destinations = spec.objects("destinations", "none").map(readDestination);
  const ofOwnClusters = spec.flag("permitOnlyProjectScopedClusters");
  const allowances: Omit<AllowanceReading, "adviceOnly">[] = [];
  const wideServers = new Set(destinations.filter(({ servers }) => isMost(servers)));
  const wideNamespaces = new Set(destinations.filter(({ namespaces }) => isMost(namespaces)));
  for (const group of groupsOf(destinations, ({ server }) => server, wideServers)) {
    const namespaces = group.map(({ namespaces: accepted }) => accepted);
    if (!isMost(unionOf(namespaces, STRANGE_NAMES.length))) continue;
    const first = group.find((destination) => wideNamespaces.has(destination)) ?? group[0];
    const words = "every namespace of a cluster, kube-system and those of all tenants";
    if (first !== undefined) allowances.push({ aspect: "namespace", pointer: first.node.pointer, reach: "any", words });
    break;
  }
  for (const group of groupsOf(destinations, ({ namespace }) => namespace, wideNamespaces)) {
    const servers = group.map(({ servers: accepted }) => accepted);
    if (ofOwnClusters || !isMost(unionOf(servers, STRANGE_SERVERS.length))) continue;
    const first = group.find((destination) => wideServers.has(destination)) ?? group[0];
    if (first !== undefined)
      allowances.push({ aspect: "server", pointer: first.node.pointer, reach: "any", words: "every cluster" });
    break;
  }
  return allowances;
}

/** The entries of each key, every time with those that are wide in it. */
function groupsOf(
  destinations: readonly Destination[],
  key: (destination: Destination) => string,
  wide: ReadonlySet<Destination>,
): Iterable<readonly Destination[]> {
  const narrow = Map.groupBy(
    destinations.filter((destination) => !wide.has(destination)),
    key,
  );
  return narrow.size === 0 ? [[...wide]] : Array.from(narrow.values(), (group) => [...group, ...wide]);
}

function readDestination(node: ObjectNode): Destination {
  const url = node.text("server") ?? "";
  const name = node.text("name") ?? "";
  const namespace = node.text("namespace") ?? "";
  const servers = unionOf(
    [
      url === "" ? [] : strangersOf(url, STRANGE_SERVERS),
      // A cluster has a name as well, and either of the two is enough.
      name === "" ? [] : strangersOf(name, STRANGE_NAMES),
    ],
    STRANGE_SERVERS.length,
  );
  return { node, server: `${url}\0${name}`, namespace, servers, namespaces: strangersOf(namespace, STRANGE_NAMES) };
}

/** Without a list no kind of the cluster is allowed, but every kind of a namespace. */
function readKinds(
  spec: ObjectNode,
  aspect: "cluster-kind" | "namespaced-kind",
  allowed: string,
  denied: string,
): Omit<AllowanceReading, "adviceOnly"> {
  const written = spec.list(allowed) !== undefined;
  const size = STRANGE_KINDS.length;
  const entries = spec.objects(allowed, "none");
  const allowedKinds =
    !written && aspect === "namespaced-kind" ? STRANGE_KINDS.map(() => true) : unionOf(entries.map(acceptedKinds), size);
  const deniedKinds = unionOf(spec.objects(denied, "none").map(acceptedKinds), size);
  const left = bothOf(
    allowedKinds,
    deniedKinds.map((isDenied) => !isDenied),
  );
  const wide = entries.find((entry) => isMost(acceptedKinds(entry)));
  const words = aspect === "cluster-kind" ? "every kind without a namespace" : "every kind in a namespace";
  return {
    aspect,
    pointer: wide?.pointer ?? (written ? spec.at(allowed) : spec.pointer),
    reach: isMost(left) ? "any" : "some",
    words,
  };
}

function acceptedKinds(entry: ObjectNode): Accepted {
  const groups = strangersOf(entry.text("group") ?? "", STRANGE_GROUPS);
  const kinds = strangersOf(entry.text("kind") ?? "", STRANGE_KINDS);
  const name = entry.text("name") ?? "";
  const both = bothOf(groups, kinds);
  return name === "" ? both : bothOf(both, strangersOf(name, STRANGE_NAMES));
}

function readApplicationNamespaces(spec: ObjectNode): readonly Omit<AllowanceReading, "adviceOnly">[] {
  const patterns = spec.texts("sourceNamespaces");
  if (patterns.length === 0) return [];
  const accepted = (text: string) =>
    isExpression(text) ? STRANGE_NAMES.map(() => true) : strangersOf(text, STRANGE_NAMES);
  const all = unionOf(
    patterns.map(({ value }) => accepted(value)),
    STRANGE_NAMES.length,
  );
  const { pointer, words } = widest(spec, "sourceNamespaces", patterns, (text) => isMost(accepted(text)));
  return [
    {
      aspect: "application-namespace",
      pointer,
      reach: isMost(all) ? "any" : "some",
      words: `Applications of every namespace (${words})`,
    },
  ];
}

/** Between slashes Argo CD reads a regular expression. Nothing here evaluates one, so it counts as wide. */
function isExpression(text: string): boolean {
  return text.length > 2 && text.startsWith("/") && text.endsWith("/");
}
