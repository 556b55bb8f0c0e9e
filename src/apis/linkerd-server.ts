/**
 * @module Linkerd's Server: a port of some Pods, and who may use it where no authorization says more (linkerd2,
 * policy-controller/k8s/index/src/inbound and defaults.rs).
 */
import { admitsStranger, isSatisfiable } from "../model/label-formula.ts";
import { everyone, peersOf } from "../model/peer-set.ts";
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { PeerSet, PolicyReading } from "../model/traffic.ts";
import type { ObjectNode } from "./fields.ts";
import { readLabelSelector } from "./label-selector.ts";
import { ANY_IDENTITY } from "./linkerd-identities.ts";
import { clusterClients } from "./linkerd-networks.ts";
import { ingressRule, type LinkerdPlace, type SpecReading } from "./linkerd-object.ts";
import { nearest } from "./suggest.ts";

const SPEC_KEYS: ReadonlySet<string> = new Set(["podSelector", "externalWorkloadSelector", "port", "proxyProtocol"]);
const NEWEST_KEYS: ReadonlySet<string> = new Set([...SPEC_KEYS, "accessPolicy"]);
/** Versions before this one have no `accessPolicy`. */
const WITH_ACCESS_POLICY = "v1beta3";
const SELECTORS = ["podSelector", "externalWorkloadSelector"];
const PROTOCOLS = ["unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS"];
const HIGHEST_PORT = 65_535;

const authenticated = peersOf({ identities: [ANY_IDENTITY] });
/** Clients that a policy lets in; `audit` lets in everyone as well, and logs whom. Undefined is nobody. */
const ACCESS_POLICIES: ReadonlyMap<string, PeerSet | undefined> = new Map<string, PeerSet | undefined>([
  ["deny", undefined],
  ["audit", everyone],
  ["all-unauthenticated", everyone],
  ["cluster-unauthenticated", clusterClients],
  ["all-authenticated", authenticated],
  ["cluster-authenticated", authenticated],
]);

/** Reads the spec. Without an access policy only what authorizations name may use the port. */
export function readServer(spec: ObjectNode, { version }: LinkerdPlace): SpecReading {
  const hasAccessPolicy = version === WITH_ACCESS_POLICY;
  spec.checkKeys(hasAccessPolicy ? NEWEST_KEYS : SPEC_KEYS, "none");
  checkProtocol(spec);
  const ports = readPort(spec);
  const clients = hasAccessPolicy ? readAccessPolicy(spec) : undefined;
  const pointer = spec.at("accessPolicy");
  const rules = clients === undefined ? [] : [ingressRule(pointer, clients, { ports, portsPointer: spec.at("port") })];
  return { subject: readSubject(spec), rules };
}

function readAccessPolicy(spec: ObjectNode): PeerSet | undefined {
  const written = spec.text("accessPolicy");
  if (written === undefined || ACCESS_POLICIES.has(written)) return ACCESS_POLICIES.get(written ?? "deny");
  const known = [...ACCESS_POLICIES.keys()];
  const meant = nearest(written, known);
  const advice = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${quote(meant)}?`;
  spec.report("invalid-value", spec.at("accessPolicy"), `unknown access policy ${quote(written)}, ${advice}`);
  return undefined;
}

function checkProtocol(spec: ObjectNode): void {
  const written = spec.text("proxyProtocol");
  if (written === undefined || PROTOCOLS.includes(written)) return;
  const detail = `unknown protocol ${quote(written)}, known are ${PROTOCOLS.join(", ")}`;
  spec.report("invalid-value", spec.at("proxyProtocol"), detail);
}

/** One port, by number or by the name that Pods give it. */
function readPort(spec: ObjectNode): PortSet {
  const written = spec.value["port"];
  if (typeof written === "string" && written !== "") return PortSet.named("TCP", written);
  if (!spec.has("port") || written === "") {
    spec.report("missing-field", spec.at("port"), '"port" is missing; the API requires it');
    return PortSet.nothing;
  }
  const port = spec.integer("port");
  if (port === undefined) return PortSet.nothing;
  if (port >= 1 && port <= HIGHEST_PORT) return PortSet.range("TCP", port, port);
  spec.report("invalid-value", spec.at("port"), `a port is a number from 1 to ${HIGHEST_PORT}, not ${port}`);
  return PortSet.nothing;
}

function readSubject(spec: ObjectNode): PolicyReading["subject"] {
  const written = SELECTORS.filter((key) => spec.has(key));
  const [key = "podSelector"] = written;
  const pointer = spec.at(key);
  if (written.length > 1) {
    const detail = `${SELECTORS.map(quote).join(" and ")} exclude each other; make it two Servers`;
    spec.report("conflicting-fields", pointer, detail);
  }
  if (written.length === 0) spec.report("missing-field", pointer, `one of ${SELECTORS.join(", ")} is required`);
  const mark = spec.defects.length;
  const formulas = written.map((name) => readLabelSelector(spec.objectOrEmpty(name)));
  const [formula] = formulas;
  if (formula === undefined || spec.rejectedSince(mark)) return { reach: "nobody", pointer };
  if (isSatisfiable(formula)) {
    const isWhole = key === "podSelector" && admitsStranger(formula, []);
    return { reach: isWhole ? "namespace" : "selected", pointer };
  }
  const detail = "no set of labels satisfies this selector: it applies to no Pod; remove the contradiction";
  spec.report("matches-nothing", pointer, detail);
  return { reach: "nobody", pointer };
}
