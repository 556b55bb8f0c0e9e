/**
 * @module Linkerd's ServerAuthorization and AuthorizationPolicy: who may use which Servers (linkerd2,
 * policy-controller/k8s/index/src/inbound and runtime/src/admission.rs).
 *
 * Neither says a port: that is the Server's, which can't be seen here. Clients are read as let in on every port, but
 * service accounts that are named one by one must not be blamed for it.
 */
import { admitsStranger } from "../model/label-formula.ts";
import { everyone, isNobody, nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, TrafficRule } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import { both, unrestricted } from "./istio-restriction.ts";
import { readLabelSelector } from "./label-selector.ts";
import { accountPattern, type Clients, clientsOf, readIdentities, readServiceAccounts } from "./linkerd-identities.ts";
import { clusterClients, readNetworks } from "./linkerd-networks.ts";
import { ingressRule, LINKERD_GROUP, type LinkerdPlace, type SpecReading } from "./linkerd-object.ts";

const AUTHORIZATION_KEYS: ReadonlySet<string> = new Set(["server", "client"]);
const SERVER_KEYS: ReadonlySet<string> = new Set(["name", "selector"]);
const CLIENT_KEYS: ReadonlySet<string> = new Set(["networks", "unauthenticated", "meshTLS"]);
const MESH_KEYS: ReadonlySet<string> = new Set(["unauthenticatedTLS", "identities", "serviceAccounts"]);
const POLICY_KEYS: ReadonlySet<string> = new Set(["targetRef", "requiredAuthenticationRefs"]);
const TARGET_KEYS: ReadonlySet<string> = new Set(["group", "kind", "name"]);
const REFERENCE_KEYS: ReadonlySet<string> = new Set([...TARGET_KEYS, "namespace"]);
const CORE_GROUPS = ["", "core"];
const GATEWAY_GROUP = "gateway.networking.k8s.io";

/** What an authorization is about. */
type Target = "servers" | "namespace" | "route";

/** Reads a ServerAuthorization. */
export function readServerAuthorization(spec: ObjectNode, place: LinkerdPlace): SpecReading {
  spec.checkKeys(AUTHORIZATION_KEYS, "none");
  const mark = spec.defects.length;
  const target = readServers(spec);
  const client = spec.requiredObject("client");
  const clients = client === undefined ? undefined : readClient(client, place);
  const subject = { reach: target === "namespace" ? "namespace" : "selected", pointer: spec.at("server") } as const;
  if (clients === undefined || spec.rejectedSince(mark)) return { subject, rules: [] };
  return { subject, rules: [ruleFor(spec.at("client"), clients, target)] };
}

function ruleFor(pointer: string, { peers, areExact }: Clients, target: Target): TrafficRule {
  const narrows = target === "route" || (target === "servers" && areExact);
  return ingressRule(pointer, peers, { operations: narrows ? "some" : "all" });
}

/** Servers by name, or by labels, which may be all of the namespace. */
function readServers(spec: ObjectNode): Target {
  const server = spec.requiredObject("server");
  if (server === undefined) return "servers";
  server.checkKeys(SERVER_KEYS, "none");
  server.text("name");
  const selector = server.object("selector");
  const count = [...SERVER_KEYS].filter((key) => server.has(key)).length;
  if (count === 0) server.report("missing-field", server.pointer, '"name" or "selector" is required');
  if (count === 2) server.report("conflicting-fields", server.pointer, '"name" and "selector" exclude each other');
  if (selector === undefined) return "servers";
  return admitsStranger(readLabelSelector(selector), []) ? "namespace" : "servers";
}

/** Clients by network and identity, both of which must match; undefined where none is authorized. */
function readClient(client: ObjectNode, place: LinkerdPlace): Clients | undefined {
  client.checkKeys(CLIENT_KEYS, "widens");
  const hasNetworks = client.count("networks") > 0;
  const addresses = readNetworks(client, "networks");
  // Without networks of its own it is for the cluster's.
  const fromNetworks = hasNetworks ? peersOf({ addresses }) : clusterClients;
  const mesh = client.object("meshTLS");
  const identified = mesh && readMesh(mesh, place);
  if (client.flag("unauthenticated")) {
    if (mesh !== undefined) {
      client.report("conflicting-fields", mesh.pointer, '"meshTLS" excludes "unauthenticated"; keep one');
    }
    return { peers: fromNetworks, areExact: false };
  }
  if (identified === "anyone") return { peers: fromNetworks, areExact: false };
  if (identified === undefined || isNobody(identified.peers)) {
    const detail = "authorizes no clients: write identities, service accounts, or unauthenticated: true";
    client.report("matches-nothing", client.pointer, detail);
    return undefined;
  }
  return { ...identified, peers: ofBoth(identified.peers, fromNetworks) };
}

function ofBoth(a: PeerSet, b: PeerSet): PeerSet {
  return both({ ...unrestricted, peers: a }, { ...unrestricted, peers: b }).peers;
}

function readMesh(mesh: ObjectNode, place: LinkerdPlace): Clients | "anyone" {
  mesh.checkKeys(MESH_KEYS, "widens");
  const identities = readIdentities(mesh, "identities", place);
  const accounts = readServiceAccounts(mesh, "serviceAccounts", place);
  if (mesh.flag("unauthenticatedTLS")) {
    if (mesh.count("identities") + mesh.count("serviceAccounts") === 0) return "anyone";
    const detail = '"unauthenticatedTLS" excludes identities and service accounts; keep one';
    mesh.report("conflicting-fields", mesh.at("unauthenticatedTLS"), detail);
  }
  return {
    peers: unionOfPeers([identities.peers, accounts.peers]),
    areExact: identities.areExact && accounts.areExact,
  };
}

/** Reads an AuthorizationPolicy: without authentications it is for everyone. */
export function readAuthorizationPolicy(spec: ObjectNode, place: LinkerdPlace): SpecReading {
  spec.checkKeys(POLICY_KEYS, "none");
  const mark = spec.defects.length;
  const target = readTarget(spec, place);
  const clients = readRequired(spec, place);
  const subject = { reach: target === "namespace" ? "namespace" : "selected", pointer: spec.at("targetRef") } as const;
  if (spec.rejectedSince(mark)) return { subject, rules: [] };
  return { subject, rules: [ruleFor(spec.at("requiredAuthenticationRefs"), clients, target)] };
}

function readTarget(spec: ObjectNode, { namespace }: LinkerdPlace): Target {
  const target = spec.requiredObject("targetRef");
  if (target === undefined) return "servers";
  target.checkKeys(TARGET_KEYS, "none");
  const name = target.requiredText("name");
  const what = kindOf(target);
  switch (what) {
    case undefined:
    case `${LINKERD_GROUP}/Server`:
      return "servers";
    case `${LINKERD_GROUP}/HTTPRoute`:
    case `${GATEWAY_GROUP}/HTTPRoute`:
    case `${GATEWAY_GROUP}/GRPCRoute`:
      return "route";
    case "/Namespace":
      if (namespace !== undefined && name !== undefined && name !== namespace) {
        target.report("invalid-value", target.at("name"), `only the own namespace can be a target, not ${quote(name)}`);
      }
      return "namespace";
    default:
      target.report(
        "invalid-value",
        target.pointer,
        `${quote(what)} can't be a target: name a Server, a route or the Namespace`,
      );
      return "servers";
  }
}

/** `GROUP/KIND` of a reference; undefined where it names no kind. */
export function kindOf(reference: ObjectNode): string | undefined {
  const group = reference.text("group") ?? "";
  const kind = reference.requiredText("kind");
  return kind === undefined ? undefined : `${CORE_GROUPS.includes(group) ? "" : group}/${kind}`;
}

/** Clients that meet all of the authentications. */
function readRequired(spec: ObjectNode, place: LinkerdPlace): Clients {
  const references = spec.objects("requiredAuthenticationRefs", "none");
  if (!spec.has("requiredAuthenticationRefs")) {
    const detail = '"requiredAuthenticationRefs" is missing; the API requires it';
    spec.report("missing-field", spec.at("requiredAuthenticationRefs"), detail);
  }
  if (references.length === 0) return { peers: everyone, areExact: false };
  const kinds = references.map((reference) => readReference(reference, place));
  const ofIdentity = kinds.filter(({ by }) => by === "identity");
  const ofNetwork = kinds.filter(({ by }) => by === "network");
  if (ofIdentity.length > 1 || ofNetwork.length > 1) {
    const detail = "at most one authentication by identity and one by network; name the others in the authentication";
    spec.report("conflicting-fields", spec.at("requiredAuthenticationRefs"), detail);
  }
  const [identity] = ofIdentity;
  const [network] = ofNetwork;
  // A service account on a network that can't be seen is the account at most.
  if (identity?.clients.areExact || network === undefined)
    return identity?.clients ?? { peers: nobody, areExact: true };
  const peers = unionOfPeers([network.clients.peers, ...(identity === undefined ? [] : [identity.clients.peers])]);
  // What can't be seen is told as such, and not as a peer on every port.
  return { peers, areExact: true };
}

interface Authentication {
  readonly by: "identity" | "network" | "nothing";
  readonly clients: Clients;
}

function readReference(reference: ObjectNode, place: LinkerdPlace): Authentication {
  reference.checkKeys(REFERENCE_KEYS, "none");
  const name = reference.requiredText("name") ?? "";
  const namespace = reference.text("namespace");
  const what = kindOf(reference);
  const unseen = (kind: string) => peersOf({ unresolved: [`${kind} ${namespace || "(own namespace)"}/${name}`] });
  switch (what) {
    case `${LINKERD_GROUP}/MeshTLSAuthentication`:
      return { by: "identity", clients: { peers: unseen("MeshTLSAuthentication"), areExact: true } };
    case `${LINKERD_GROUP}/NetworkAuthentication`:
      return { by: "network", clients: { peers: unseen("NetworkAuthentication"), areExact: true } };
    case "/ServiceAccount":
      return { by: "identity", clients: clientsOf([accountPattern(name, namespace, place)], place) };
    case undefined:
      break;
    default: {
      const detail = `${quote(what)} is no authentication: name a MeshTLSAuthentication, a NetworkAuthentication or a ServiceAccount`;
      reference.report("invalid-value", reference.pointer, detail);
    }
  }
  return { by: "nothing", clients: { peers: nobody, areExact: true } };
}
