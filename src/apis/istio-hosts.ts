/**
 * @module Host names as Istio's networking kinds spell them: a DNS name, or one with `*` as its first label. `*.x` is
 * every name below x, however deep (Istio 1.31, pkg/config/host).
 */
import { peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { NamePattern, PeerSet } from "../model/traffic.ts";
import { isWideName } from "./cilium-names.ts";
import type { ObjectNode } from "./fields.ts";

/** What every Service of a cluster is called below, as long as nobody changed the cluster's domain. */
const CLUSTER_SUFFIXES: ReadonlySet<string> = new Set(["local", "cluster.local", "svc.cluster.local"]);
/** Last labels that no public name has: names inside a mesh. */
const INSIDE_LABELS: ReadonlySet<string> = new Set(["local", "svc", "global", "internal"]);
/** Names below which a cloud gives everybody one of their own. */
const SHARED_SUFFIXES: ReadonlySet<string> = new Set([
  "amazonaws.com",
  "appspot.com",
  "azurefd.net",
  "azurewebsites.net",
  "cloudapp.net",
  "cloudfront.net",
  "digitaloceanspaces.com",
  "firebaseapp.com",
  "fly.dev",
  "github.io",
  "googleapis.com",
  "herokuapp.com",
  "netlify.app",
  "ngrok.io",
  "onrender.com",
  "pages.dev",
  "run.app",
  "vercel.app",
  "web.app",
  "windows.net",
  "workers.dev",
]);
const ALLOWED = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?$/;
const LONGEST_NAME = 255;

/** A host; `name` is without the wildcard. */
export interface Host {
  /** `*.x` or `*`: everything below. */
  readonly isWildcard: boolean;
  /** In lower case, without a dot at its end; the empty text for `*`. */
  readonly name: string;
}

/** A host; undefined, with a defect, where Istio refuses it. */
export function readHost(node: ObjectNode, pointer: string, text: string): Host | undefined {
  const isWildcard = text === "*" || text.startsWith("*.");
  const name = text === "*" ? "" : isWildcard ? text.slice("*.".length) : text;
  if (text.length <= LONGEST_NAME && (text === "*" || ALLOWED.test(name))) {
    return { isWildcard, name: (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase() };
  }
  node.report("invalid-value", pointer, `${quote(text)} is no host such as api.example.com or *.example.com`);
  return undefined;
}

/** Whether a host is every Service of the cluster. */
export function isEveryService({ isWildcard, name }: Host): boolean {
  return isWildcard && (name === "" || CLUSTER_SUFFIXES.has(name));
}

/** Whether a host is names of owners that nobody knows: everything below a public, a cloud's or the cluster's suffix. */
export function isOpenHost(host: Host): boolean {
  return host.isWildcard && (isEveryService(host) || SHARED_SUFFIXES.has(host.name) || isWideName(`**.${host.name}`));
}

/** Whether a host is, or may be, a workload of the mesh. A name without a dot is a Service of the own namespace. */
export function isInsideMesh(host: Host): boolean {
  if (isEveryService(host)) return true;
  const labels = host.name.split(".");
  return labels.length === 1 || INSIDE_LABELS.has(labels.at(-1) ?? "") || labels.includes("svc");
}

/** The namespace of a Service by its full name; undefined for every other host. */
export function namespaceOfService({ isWildcard, name }: Host): string | undefined {
  const labels = name.split(".");
  const [, namespace, marker] = labels;
  return !isWildcard && marker === "svc" ? namespace : undefined;
}

/** The names of a host as peers; those that nobody can foresee are unresolved too. */
export function peersOfHost(host: Host): PeerSet {
  const pattern: NamePattern = host.isWildcard ? (host.name === "" ? "**" : `**.${host.name}`) : host.name;
  const isUnknown = isOpenHost(host) && host.name !== "";
  return peersOf({ names: [pattern], unresolved: isUnknown ? [`whoever has a name like ${pattern}`] : [] });
}
