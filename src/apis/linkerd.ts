/**
 * @module The readers of Linkerd's policy kinds (policy.linkerd.io).
 */
import type { ObjectNode } from "./fields.ts";
import { readMeshAuthentication, readNetworkAuthentication } from "./linkerd-authentications.ts";
import { readAuthorizationPolicy, readServerAuthorization } from "./linkerd-authorizations.ts";
import { readEgressNetwork, readHttpRoute } from "./linkerd-egress.ts";
import { LINKERD_GROUP, type LinkerdPlace, readLinkerdObject, type SpecReading } from "./linkerd-object.ts";
import { readServer } from "./linkerd-server.ts";
import type { ApiReader } from "./reading.ts";

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly versions: readonly string[];
  readonly readSpec: (spec: ObjectNode, place: LinkerdPlace) => SpecReading;
}

const KINDS: readonly Kind[] = [
  {
    kind: "Server",
    plural: "servers",
    versions: ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"],
    readSpec: readServer,
  },
  {
    kind: "ServerAuthorization",
    plural: "serverauthorizations",
    versions: ["v1beta1", "v1alpha1"],
    readSpec: readServerAuthorization,
  },
  {
    kind: "AuthorizationPolicy",
    plural: "authorizationpolicies",
    versions: ["v1alpha1"],
    readSpec: readAuthorizationPolicy,
  },
  {
    kind: "MeshTLSAuthentication",
    plural: "meshtlsauthentications",
    versions: ["v1alpha1"],
    readSpec: readMeshAuthentication,
  },
  {
    kind: "NetworkAuthentication",
    plural: "networkauthentications",
    versions: ["v1alpha1"],
    readSpec: readNetworkAuthentication,
  },
  { kind: "EgressNetwork", plural: "egressnetworks", versions: ["v1alpha1"], readSpec: readEgressNetwork },
  {
    kind: "HTTPRoute",
    plural: "httproutes",
    versions: ["v1beta3", "v1beta2", "v1beta1", "v1alpha1"],
    readSpec: readHttpRoute,
  },
];

/** Readers of every kind of Linkerd that allows or denies traffic. */
export const linkerdReaders: readonly ApiReader[] = KINDS.map(({ kind, plural, versions, readSpec }) => ({
  group: LINKERD_GROUP,
  kinds: [kind],
  resources: [{ kind, plural, versions, scope: "Namespaced", subresources: [] }],
  read: (object) => readLinkerdObject(object, readSpec),
}));
