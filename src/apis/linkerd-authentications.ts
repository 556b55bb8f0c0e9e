/**
 * @module Linkerd's MeshTLSAuthentication and NetworkAuthentication: clients behind a name, which AuthorizationPolicies
 * refer to (linkerd2, policy-controller/runtime/src/admission.rs). Each is judged on its own, because it can change
 * without the policies that name it.
 */
import { nobody, peersOf, unionOfPeers } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { kindOf } from "./linkerd-authorizations.ts";
import {
  accountPattern,
  ANY_IDENTITY,
  type Clients,
  clientsOf,
  exactly,
  readIdentities,
} from "./linkerd-identities.ts";
import { readNetworks } from "./linkerd-networks.ts";
import { ingressRule, type LinkerdPlace, type SpecReading } from "./linkerd-object.ts";

const MESH_KEYS: ReadonlySet<string> = new Set(["identities", "identityRefs"]);
const NETWORK_KEYS: ReadonlySet<string> = new Set(["networks"]);
const REFERENCE_KEYS: ReadonlySet<string> = new Set(["group", "kind", "name", "namespace"]);

/** Reads a MeshTLSAuthentication. */
export function readMeshAuthentication(spec: ObjectNode, place: LinkerdPlace): SpecReading {
  spec.checkKeys(MESH_KEYS, "none");
  const mark = spec.defects.length;
  const written = [...MESH_KEYS].filter((key) => spec.has(key));
  if (written.length === 0) spec.report("missing-field", spec.pointer, '"identities" or "identityRefs" is required');
  if (written.length === 2) {
    spec.report("conflicting-fields", spec.pointer, '"identities" and "identityRefs" exclude each other; keep one');
  }
  const identities = readIdentities(spec, "identities", place);
  const references = readReferences(spec, place);
  const peers = unionOfPeers([identities.peers, references.peers]);
  const operations = identities.areExact && references.areExact ? "some" : "all";
  const pointer = written[0] === undefined ? spec.pointer : spec.at(written[0]);
  const rules = spec.rejectedSince(mark) ? [] : [ingressRule(pointer, peers, { operations })];
  return { subject: { reach: "selected", pointer: spec.pointer }, rules };
}

function readReferences(spec: ObjectNode, place: LinkerdPlace): Clients {
  const each = spec.objects("identityRefs", "none").map((reference) => readReference(reference, place));
  return { peers: unionOfPeers(each.map(({ peers }) => peers)), areExact: each.every(({ areExact }) => areExact) };
}

/** A service account, or all of a namespace. */
function readReference(reference: ObjectNode, place: LinkerdPlace): Clients {
  reference.checkKeys(REFERENCE_KEYS, "none");
  const what = kindOf(reference);
  const name = reference.requiredText("name");
  const namespace = reference.text("namespace");
  switch (what) {
    case "/ServiceAccount":
      return clientsOf(name === undefined ? [] : [accountPattern(name, namespace, place)], place);
    case "/Namespace":
      if (namespace !== undefined) {
        const detail = "a Namespace has no namespace; remove the field";
        reference.report("conflicting-fields", reference.at("namespace"), detail);
      }
      return clientsOf(name === undefined ? [] : [{ ...ANY_IDENTITY, namespace: exactly(name) }], place);
    case undefined:
      break;
    default: {
      const detail = `${quote(what)} has no identity: name a ServiceAccount or a Namespace`;
      reference.report("invalid-value", reference.pointer, detail);
    }
  }
  return { peers: nobody, areExact: true };
}

/** Reads a NetworkAuthentication. Every address is read as open as each policy that names it can make it. */
export function readNetworkAuthentication(spec: ObjectNode): SpecReading {
  spec.checkKeys(NETWORK_KEYS, "none");
  const pointer = spec.at("networks");
  if (spec.count("networks") === 0) {
    spec.report("missing-field", pointer, '"networks" is missing or empty; the API requires at least one');
  }
  const addresses = readNetworks(spec, "networks");
  const isEverything = addresses.coversPublic(4) || addresses.coversPublic(6);
  return {
    subject: { reach: "selected", pointer },
    rules: [ingressRule(pointer, peersOf({ addresses }), { operations: isEverything ? "all" : "some" })],
  };
}
