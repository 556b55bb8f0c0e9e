/**
 * @module PeerAuthentication and RequestAuthentication of security.istio.io: whether mutual TLS and tokens are demanded
 * (Istio 1.31, pilot/pkg/security/authn/policy_applier.go and pkg/config/validation).
 */
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { type IstioObject, istioReader, readIstioSelector } from "./istio-objects.ts";
import type { ApiReader } from "./reading.ts";
import { nearest } from "./suggest.ts";

const PEER_KEYS: ReadonlySet<string> = new Set(["selector", "mtls", "portLevelMtls"]);
const MTLS_KEYS: ReadonlySet<string> = new Set(["mode"]);
const REQUEST_KEYS: ReadonlySet<string> = new Set(["selector", "targetRef", "targetRefs", "jwtRules"]);
const MODES = ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] as const;
type Mode = (typeof MODES)[number];
const DECIMAL = /^[0-9]{1,5}$/;
const HIGHEST_PORT = 65_535;

/** Readers of both kinds. */
export const istioAuthenticationReaders: readonly ApiReader[] = [
  istioReader(
    {
      group: "security.istio.io",
      kind: "PeerAuthentication",
      plural: "peerauthentications",
      versions: ["v1", "v1beta1"],
    },
    readPeerAuthentication,
  ),
  istioReader(
    {
      group: "security.istio.io",
      kind: "RequestAuthentication",
      plural: "requestauthentications",
      versions: ["v1", "v1beta1"],
    },
    readRequestAuthentication,
  ),
];

function readPeerAuthentication(object: IstioObject): undefined {
  const { spec, isRoot } = object;
  spec.checkKeys(PEER_KEYS, "widens");
  const isSelected = readIstioSelector(spec) > 0;
  const pointer = spec.has("mtls") ? spec.at("mtls") : spec.pointer;
  noteMode(object, readMode(spec.object("mtls")), pointer, isSelected);
  readPorts(object, isSelected);
  if (!isRoot || !isSelected) return;
  const detail = "in the root namespace Istio ignores a policy with a selector; put it into the namespace of the Pods";
  spec.report("matches-nothing", spec.at("selector"), detail);
}

/** A mode; UNSET where none is written, undefined (with a defect) where it is none. */
function readMode(mtls: ObjectNode | undefined): Mode | undefined {
  mtls?.checkKeys(MTLS_KEYS, "widens");
  const written = mtls?.text("mode");
  if (mtls === undefined || written === undefined) return "UNSET";
  const mode = MODES.find((known) => known === written);
  if (mode === undefined) {
    const meant = nearest(written, MODES);
    const advice = meant === undefined ? `known are ${MODES.join(", ")}` : `did you mean ${quote(meant)}?`;
    mtls.report("invalid-value", mtls.at("mode"), `unknown mode ${quote(written)}, ${advice}`);
  }
  return mode;
}

function noteMode(object: IstioObject, mode: Mode | undefined, pointer: string, isSelected: boolean): void {
  if (mode === "PERMISSIVE") {
    object.note("plaintext-accepted", pointer, "PERMISSIVE accepts plaintext beside mutual TLS");
  } else if (mode === "DISABLE") {
    object.note("mtls-disabled", pointer, "DISABLE switches mutual TLS off");
  } else if (mode === "UNSET" && !isSelected && object.isRoot) {
    object.note("plaintext-accepted", pointer, "no mode for the whole mesh is PERMISSIVE, which accepts plaintext");
  } else if (mode === "UNSET" && !object.isRoot) {
    const words = "no mode leaves it to the namespace's and the mesh's policy, which accept plaintext unless STRICT";
    object.note("mtls-inherited", pointer, words);
  }
}

function readPorts(object: IstioObject, isSelected: boolean): void {
  const ports = object.spec.object("portLevelMtls");
  if (ports === undefined) return;
  if (!isSelected) {
    const detail = "portLevelMtls needs a selector with labels; Istio refuses the object";
    object.spec.report("conflicting-fields", ports.pointer, detail);
  }
  for (const port of Object.keys(ports.value)) {
    if (!DECIMAL.test(port) || Number(port) === 0 || Number(port) > HIGHEST_PORT) {
      ports.report("invalid-value", ports.at(port), `a port is a number from 1 to ${HIGHEST_PORT}, not ${quote(port)}`);
    }
    const mode = readMode(ports.object(port));
    if (mode !== "PERMISSIVE" && mode !== "DISABLE") continue;
    const words = `${mode} accepts plaintext on this port, whatever the rest of the policy says`;
    object.note("port-without-mtls", ports.at(port), words);
  }
}

function readRequestAuthentication(object: IstioObject): undefined {
  const { spec } = object;
  spec.checkKeys(REQUEST_KEYS, "drops");
  readIstioSelector(spec);
  const rules = spec.objects("jwtRules", "none");
  if (rules.length === 0) {
    const detail = "no jwtRules: no token is ever checked";
    spec.report("no-isolation", spec.has("jwtRules") ? spec.at("jwtRules") : spec.pointer, detail);
    return;
  }
  // `presence: REQUIRED` is in the CRD of 1.31, and nothing in its control plane reads it.
  const words =
    "requests without a token are accepted; an AuthorizationPolicy with requestPrincipals has to demand one";
  object.note("token-optional", spec.at("jwtRules"), words);
  for (const rule of rules) {
    rule.requiredText("issuer");
    if (rule.count("audiences") > 0) continue;
    object.note(
      "any-audience",
      rule.pointer,
      "no audiences: a token that the issuer made for anybody else is accepted",
    );
  }
}
