/**
 * @module Real inputs of the guardrails: the facts of every sample and of every verdict row.
 */
import { readerFor } from "../../../src/apis/registry.ts";
import { domainMaps } from "../../../src/engine/domain-settings.ts";
import { readBundle } from "../../../src/engine/bundle.ts";
import type { Facts } from "../../../src/engine/facts.ts";
import { buildFacts } from "../../../src/engine/facts-builder.ts";
import { readSamples, type Sample } from "../../../src/engine/guardrail-samples.ts";
import { type JudgeRequest, splitApiVersion } from "../../../src/engine/judge-request.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE } from "../../../src/engine/shipped-files.ts";
import { ApprovalVerifier } from "../../../src/exceptions/approval-verifier.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import type { DomainMaps } from "../../../src/model/flow-facts.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../../../src/model/peer-set.ts";
import { verdictTables } from "../../tables/verdict-rows.ts";
import { GUARDRAILS, requestsOf, settingsOfSample } from "./sample-judge.ts";

/** What was judged (a sample's file, a row's id), and its facts. */
export type NamedFacts = readonly [name: string, facts: Facts];

export const BUNDLE = readBundle(SHIPPED_BUNDLE);

/** Without keys: approvals in samples are never verified. */
const EXCEPTIONS = {
  approvals: new ApprovalVerifier({ audience: null, keys: null, revoked: { ids: [], keys: [], issuedBefore: null } }),
  controllers: [],
  ledger: null,
};

/** The facts of all samples. */
export async function factsOfSamples(): Promise<readonly NamedFacts[]> {
  const samples = await readSamples(GUARDRAILS);
  return samples.flatMap((sample) =>
    requestsOf(sample).flatMap((request) => factsOf(sample.file, request, mapsOf(sample))),
  );
}

/** The facts of all verdict rows that are objects of a kind with a reader. */
export function factsOfVerdictRows(): readonly NamedFacts[] {
  return verdictTables().flatMap(({ name, rows }) =>
    rows.flatMap(({ row, object }) => (object === undefined ? [] : factsOf(`${name} ${row.id}`, rowRequest(object)))),
  );
}

function mapsOf(sample: Sample): DomainMaps | undefined {
  return domainMaps(settingsOfSample(defaultSettings(BUNDLE.manifest), sample));
}

/** The facts of one request; none where no reader knows the kind. */
export function factsOf(name: string, request: JudgeRequest, maps?: DomainMaps): readonly NamedFacts[] {
  const reader = readerFor(request.group, request.kind);
  if (reader === undefined) return [];
  const oldReading = request.oldObject === null ? undefined : reader.read(request.oldObject);
  const context = {
    digest: BUNDLE.digest,
    withSource: false,
    widths: DEFAULT_WIDTH_CONTEXT,
    exceptions: EXCEPTIONS,
    ...(maps === undefined ? {} : { domainMaps: maps }),
  };
  return [[name, buildFacts(request, reader.read(request.object), oldReading, context)]];
}

const ANY_ANY_POLICY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop, labels: {owner: shop-team}}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{}]}
`;

/** A request that must be denied, for any-any alone. Its uid is `any-any`. */
export function anyAnyRequest(): JudgeRequest {
  const [request] = requestsOf({ file: "any-any", yaml: ANY_ANY_POLICY });
  if (request === undefined) throw new Error("the policy is none");
  return request;
}

function rowRequest(object: JsonObject): JudgeRequest {
  const metadata = object["metadata"] as { name?: string; namespace?: string } | undefined;
  return {
    uid: "row",
    place: "gate",
    operation: "CREATE",
    ...splitApiVersion(object["apiVersion"] as string),
    kind: object["kind"] as string,
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    subresource: "",
    user: { name: "", groups: [] },
    object,
    oldObject: null,
    namespaceLabels: null,
  };
}
