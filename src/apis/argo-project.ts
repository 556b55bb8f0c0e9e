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
  StrangerTest,
  unionOf,
} from "./argo-patterns.ts";
import { ObjectNode, type TextElement } from "./fields.ts";
import type { AllowanceReading, ApiReader, ObjectReading } from "./reading.ts";

type Accepted = readonly boolean[];
type Allowance = Omit<AllowanceReading, "adviceOnly">;

/** The two pairs of lists of kinds; without the first one no kind is allowed, or every one. */
const CLUSTER_KINDS = {
  aspect: "cluster-kind",
  allowed: "clusterResourceWhitelist",
  denied: "clusterResourceBlacklist",
  byDefault: false,
  words: "every kind without a namespace",
} as const;
const NAMESPACED_KINDS = {
  aspect: "namespaced-kind",
  allowed: "namespaceResourceWhitelist",
  denied: "namespaceResourceBlacklist",
  byDefault: true,
  words: "every kind in a namespace",
} as const;

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
  const test = new StrangerTest();
  const allowances: Allowance[] = [
    ...readSources(spec, test),
    ...readDestinations(spec, test),
    readKinds(spec, test, CLUSTER_KINDS),
    readKinds(spec, test, NAMESPACED_KINDS),
    ...readApplicationNamespaces(spec, test),
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

function readSources(spec: ObjectNode, test: StrangerTest): readonly Allowance[] {
  const patterns = spec.texts("sourceRepos");
  const wideIn = (texts: readonly string[]) => (strangers: readonly string[]) => {
    const sets = texts.map((text) => test.accepted(text, strangers, "/"));
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
function readDestinations(spec: ObjectNode, test: StrangerTest): readonly Allowance[] {
  const destinations = spec.objects("destinations", "none").map((entry) => readDestination(entry, test));
  const allowances: Allowance[] = [];
  const namespaces = firstUnlimited(destinations, "namespaces", "servers", ({ server }) => server);
  if (namespaces !== undefined) {
    const words = "every namespace of a cluster, kube-system and those of all tenants";
    allowances.push({ aspect: "namespace", pointer: namespaces.node.pointer, reach: "any", words });
  }
  const servers = firstUnlimited(destinations, "servers", "namespaces", ({ namespace }) => namespace);
  if (servers !== undefined && !spec.flag("permitOnlyProjectScopedClusters")) {
    allowances.push({ aspect: "server", pointer: servers.node.pointer, reach: "any", words: "every cluster" });
  }
  return allowances;
}

/**
 * The entry to blame where entries with one key together don't limit `what`; undefined where each key's do. Entries that
 * are wide in `others` count for every key.
 */
function firstUnlimited(
  destinations: readonly Destination[],
  what: "servers" | "namespaces",
  others: "servers" | "namespaces",
  key: (destination: Destination) => string,
): Destination | undefined {
  const shared = destinations.filter((destination) => isMost(destination[others]));
  const everywhere = unionOf(
    shared.map((destination) => destination[what]),
    STRANGE_NAMES.length,
  );
  const blamed = (group: readonly Destination[]) =>
    group.find((destination) => isMost(destination[what])) ?? shared[0] ?? group[0];
  if (isMost(everywhere)) return blamed(shared);
  const narrow = destinations.filter((destination) => !isMost(destination[others]));
  for (const group of Map.groupBy(narrow, key).values()) {
    const sets = group.map((destination) => destination[what]);
    if (isMost(unionOf([everywhere, ...sets], STRANGE_NAMES.length))) return blamed(group);
  }
  return undefined;
}

function readDestination(node: ObjectNode, test: StrangerTest): Destination {
  const url = node.text("server") ?? "";
  const name = node.text("name") ?? "";
  const namespace = node.text("namespace") ?? "";
  const servers = unionOf(
    [
      url === "" ? [] : test.accepted(url, STRANGE_SERVERS),
      // A cluster has a name as well, and either of the two is enough.
      name === "" ? [] : test.accepted(name, STRANGE_NAMES),
    ],
    STRANGE_SERVERS.length,
  );
  return { node, server: `${url}\0${name}`, namespace, servers, namespaces: test.accepted(namespace, STRANGE_NAMES) };
}

function readKinds(
  spec: ObjectNode,
  test: StrangerTest,
  { aspect, allowed, denied, byDefault, words }: typeof CLUSTER_KINDS | typeof NAMESPACED_KINDS,
): Allowance {
  const isWritten = spec.list(allowed) !== undefined;
  const entries = spec.objects(allowed, "none").map((node) => ({ node, kinds: acceptedKinds(node, test) }));
  const allowedKinds = isWritten
    ? unionOf(
        entries.map(({ kinds }) => kinds),
        STRANGE_KINDS.length,
      )
    : STRANGE_KINDS.map(() => byDefault);
  const deniedEntries = spec.objects(denied, "none").map((node) => acceptedKinds(node, test));
  const deniedKinds = unionOf(deniedEntries, STRANGE_KINDS.length);
  const left = allowedKinds.map((isAllowed, index) => isAllowed && deniedKinds[index] !== true);
  const wide = entries.find(({ kinds }) => isMost(kinds))?.node;
  const pointer = wide?.pointer ?? (isWritten ? spec.at(allowed) : spec.pointer);
  return { aspect, pointer, reach: isMost(left) ? "any" : "some", words };
}

function acceptedKinds(entry: ObjectNode, test: StrangerTest): Accepted {
  const groups = test.accepted(entry.text("group") ?? "", STRANGE_GROUPS);
  const kinds = test.accepted(entry.text("kind") ?? "", STRANGE_KINDS);
  const name = entry.text("name") ?? "";
  const both = bothOf(groups, kinds);
  return name === "" ? both : bothOf(both, test.accepted(name, STRANGE_NAMES));
}

function readApplicationNamespaces(spec: ObjectNode, test: StrangerTest): readonly Allowance[] {
  const patterns = spec.texts("sourceNamespaces");
  if (patterns.length === 0) return [];
  const accepted = (text: string) =>
    isExpression(text) ? STRANGE_NAMES.map(() => true) : test.accepted(text, STRANGE_NAMES);
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
