/**
 * @module Facts from a reading: the small document that the guardrails judge.
 */
import type { ObjectReading, OpeningReading, ServiceReading } from "../apis/reading.ts";
import { knownRelease } from "../apis/upstream-releases.ts";
import { exceptionFact, type ExceptionSources } from "../exceptions/exception-facts.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { type DomainMaps, FlowFacts } from "../model/flow-facts.ts";
import { peerWidth, type WidthContext } from "../model/peer-set.ts";
import { summariseRules } from "../model/summarise.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import type { Facts, LabelledFact, OpeningFact, PolicyFact, ServiceFact } from "./facts.ts";
import type { JudgeRequest } from "./judge-request.ts";
import { managedFact } from "./managed-fact.ts";

export interface FactsContext {
  /** Digest of the bundle that will judge. */
  readonly digest: string;
  /** Whether a guardrail of the bundle asked for the object itself. */
  readonly withSource: boolean;
  readonly widths: WidthContext;
  /** Where the organisation's domains are; undefined where no guardrail asks for them. */
  readonly domainMaps?: DomainMaps;
  readonly exceptions: ExceptionSources;
}

/**
 * Builds the input of the guardrails.
 * @param request the object and who sends it
 * @param reading what the object's reader made of it
 * @param oldReading the same for the stored object of an update
 */
export function buildFacts(
  request: JudgeRequest,
  reading: ObjectReading,
  oldReading: ObjectReading | undefined,
  context: FactsContext,
): Facts {
  const policy = reading.policy === undefined ? undefined : policyFacts(reading.policy, request, context);
  const nowSeconds = request.now ?? Math.floor(Date.now() / 1000);
  const exception = exceptionFact(request, reading, context.exceptions);
  const managed = reading.family === "network" ? managedFact(request) : undefined;
  const release = knownRelease(request.group);
  return {
    version: 1,
    uid: request.uid,
    digest: context.digest,
    place: request.place,
    operation: request.operation,
    now: textOf(nowSeconds),
    nowSeconds,
    object: {
      group: request.group,
      version: request.version,
      kind: request.kind,
      namespace: request.namespace,
      name: request.name,
      subresource: request.subresource,
      family: reading.family,
      ...(release === undefined ? {} : { knownRelease: release }),
      controllerKind: controllerKind(request.object),
    },
    user: request.user,
    namespaceLabels: request.namespaceLabels,
    labelled: labelledFacts(reading, oldReading),
    ...(policy === undefined ? {} : { policy: policy.fact }),
    ...(reading.pods === undefined ? {} : { pods: reading.pods.map(podFact) }),
    ...(reading.service === undefined ? {} : { service: serviceFact(reading.service, context.widths) }),
    ...(reading.pods === undefined ? rareFacts(reading, context.widths) : {}),
    ...(managed === undefined ? {} : { managed }),
    ...(request.defaultDeny === undefined ? {} : { defaultDeny: request.defaultDeny }),
    ...meshFacts(reading),
    defects: policy === undefined ? reading.defects : [...reading.defects, ...policy.defects],
    ...(exception === undefined ? {} : { exception }),
    ...(context.withSource ? { source: request.object } : {}),
  };
}

/** What only few kinds have, Pods and what makes Pods never. */
function rareFacts(reading: ObjectReading, widths: WidthContext): Partial<Facts> {
  const { endpoints, openings, crossings, allowances, definition } = reading;
  return {
    ...(endpoints === undefined ? {} : { endpoints }),
    ...(openings === undefined ? {} : { openings: openings.map((opening) => openingFact(opening, widths)) }),
    ...(crossings === undefined ? {} : { crossings }),
    ...(allowances === undefined ? {} : { allowances }),
    ...(definition === undefined ? {} : { definition }),
  };
}

function serviceFact({ clients, ...service }: ServiceReading, widths: WidthContext): ServiceFact {
  if (clients === undefined) return service;
  const { pointer, peers, annotations } = clients;
  return { ...service, clients: { ...peerWidth(peers, widths), pointer, annotations } };
}

function openingFact({ users, ...opening }: OpeningReading, widths: WidthContext): OpeningFact {
  return users === undefined ? opening : { ...opening, users: peerWidth(users, widths) };
}

/** Formatting a date costs a tenth of an evaluation, and the facts know whole seconds only. */
let current = { second: 0, text: "" };
function textOf(second: number): string {
  if (second !== current.second) {
    current = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return current.text;
}

function policyFacts(
  policy: PolicyReading,
  { namespace, namespaceLabels }: JudgeRequest,
  { widths, domainMaps }: FactsContext,
): { fact: PolicyFact; defects: readonly Defect[] } {
  const own = namespace === "" ? null : { name: namespace, labels: namespaceLabels };
  const flowFacts = domainMaps && new FlowFacts(domainMaps, own);
  const { rules, unions, shadowed } = summariseRules(policy, widths, flowFacts);
  const fact: PolicyFact = {
    scope: policy.scope,
    subject: { reach: policy.subject.reach, pointer: policy.subject.pointer, ...flowFacts?.subject(policy) },
    isolates: policy.isolates,
    ...(policy.rank === undefined ? {} : { rank: policy.rank }),
    rules,
    unions,
  };
  const defects: Defect[] = shadowed.map((pointer) => ({
    kind: "shadowed-rule",
    pointer,
    detail: "the rule never matches: rules before it decide all of its traffic",
    effect: "none",
  }));
  return { fact, defects: [...policy.defects, ...defects] };
}

function podFact({ pointer, hostNetwork, hostPorts, capabilities }: NonNullable<ObjectReading["pods"]>[number]) {
  return { pointer, hostNetwork, hostPorts, capabilities };
}

/** The settings of the object and of its Pods; no field at all for the many that have none. */
function meshFacts({ mesh = [], pods = [] }: ObjectReading): Pick<Facts, "mesh"> {
  const settings = [...mesh, ...pods.flatMap((pod) => pod.mesh)];
  return settings.length === 0 ? {} : { mesh: settings };
}

/** The object's own labels, its Pod template's and its job template's; for a Pod the first two are one. */
function labelledFacts(reading: ObjectReading, oldReading: ObjectReading | undefined): LabelledFact[] {
  const facts: LabelledFact[] = [
    {
      role: reading.labelsRole ?? "object",
      pointer: "/metadata/labels",
      labels: reading.labels,
      oldLabels: oldReading?.labels ?? null,
    },
  ];
  for (const [index, pod] of (reading.pods ?? []).entries()) {
    if (pod.metadataPointer === "/metadata") continue;
    facts.push({
      role: "pod-template",
      pointer: `${pod.metadataPointer}/labels`,
      labels: pod.labels,
      oldLabels: oldReading?.pods?.[index]?.labels ?? null,
    });
  }
  if (reading.jobTemplate !== undefined) {
    facts.push({
      role: "job-template",
      pointer: `${reading.jobTemplate.pointer}/labels`,
      labels: reading.jobTemplate.labels,
      oldLabels: oldReading?.jobTemplate?.labels ?? null,
    });
  }
  return facts;
}

function controllerKind(object: JsonObject): string {
  const owners = child(child(object, "metadata"), "ownerReferences");
  if (!Array.isArray(owners)) return "";
  for (const owner of owners as readonly JsonValue[]) {
    const kind = child(owner, "kind");
    if (child(owner, "controller") === true && typeof kind === "string") return kind;
  }
  return "";
}

function child(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
