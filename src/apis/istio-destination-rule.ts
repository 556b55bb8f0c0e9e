/**
 * @module DestinationRule of networking.istio.io: how clients of the mesh connect. A `tls` of its own replaces the
 * mesh's automatic mutual TLS (Istio 1.31, pilot/pkg/xds/endpoints/mtls_checker.go).
 */
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { isInsideMesh, readHost } from "./istio-hosts.ts";
import { type IstioObject, istioReader } from "./istio-objects.ts";
import type { ApiReader } from "./reading.ts";

const SPEC_KEYS: ReadonlySet<string> = new Set(["host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"]);
const TLS_KEYS: ReadonlySet<string> = new Set([
  "mode",
  "clientCertificate",
  "privateKey",
  "caCertificates",
  "caCrl",
  "credentialName",
  "subjectAltNames",
  "sni",
  "insecureSkipVerify",
]);
/** The first is what `tls` without a mode means. */
const MODES: readonly string[] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];

/** Reader of DestinationRules. */
export const destinationRuleReader: ApiReader = istioReader(
  {
    group: "networking.istio.io",
    kind: "DestinationRule",
    plural: "destinationrules",
    versions: ["v1", "v1beta1", "v1alpha3"],
    needsSpec: true,
  },
  readDestinationRule,
);

function readDestinationRule(object: IstioObject): undefined {
  const { spec } = object;
  spec.checkKeys(SPEC_KEYS, "drops");
  const written = spec.requiredText("host");
  const host = written === undefined ? undefined : readHost(spec, spec.at("host"), written);
  // A host that can't be read may be anyone's.
  const isInside = host === undefined || isInsideMesh(host);
  readTrafficPolicy(object, spec.object("trafficPolicy"), isInside);
  for (const subset of spec.objects("subsets", "none")) {
    readTrafficPolicy(object, subset.object("trafficPolicy"), isInside);
  }
}

function readTrafficPolicy(object: IstioObject, policy: ObjectNode | undefined, isInside: boolean): void {
  readTls(object, policy?.object("tls"), isInside);
  for (const port of policy?.objects("portLevelSettings", "none") ?? []) readTls(object, port.object("tls"), isInside);
}

function readTls(object: IstioObject, tls: ObjectNode | undefined, isInside: boolean): void {
  if (tls === undefined) return;
  tls.checkKeys(TLS_KEYS, "drops");
  const mode = tls.text("mode") ?? "DISABLE";
  const pointer = tls.has("mode") ? tls.at("mode") : tls.pointer;
  if (!MODES.includes(mode)) {
    tls.report("invalid-value", pointer, `unknown mode ${quote(mode)}, known are ${MODES.join(", ")}`);
  }
  if (mode === "DISABLE" && isInside) {
    const words = tls.has("mode")
      ? "DISABLE makes clients send plaintext to a workload of the mesh"
      : "tls without a mode is DISABLE: clients send plaintext to a workload of the mesh";
    object.note("plaintext-sent", pointer, words);
  }
  if (tls.flag("insecureSkipVerify")) {
    const words = "clients accept any certificate, so whoever answers is taken for the server";
    object.note("server-unverified", tls.at("insecureSkipVerify"), words);
  }
  if (mode === "SIMPLE") noteSimple(object, tls, pointer, isInside);
}

function noteSimple(object: IstioObject, tls: ObjectNode, pointer: string, isInside: boolean): void {
  if (isInside) {
    const words = "SIMPLE replaces mutual TLS: a workload of the mesh no longer knows who calls it; use ISTIO_MUTUAL";
    object.note("one-sided-tls", pointer, words);
  } else if (!tls.has("caCertificates") && !tls.has("credentialName") && tls.count("subjectAltNames") === 0) {
    const words = "names neither caCertificates nor subjectAltNames: older releases don't verify the server at all";
    object.note("server-unnamed", pointer, words);
  }
}
