/**
 * @module From an AdmissionReview to its answer. Knows no HTTP: bytes in, text out, and never an allow by accident.
 */
import type { Engine } from "../engine/engine.ts";
import { EngineFault } from "../engine/engine.ts";
import { endWarning, helpLine } from "../engine/exception-words.ts";
import type { JudgeRequest } from "../engine/judge-request.ts";
import type { Settings } from "../engine/settings.ts";
import {
  denialText,
  type Finding,
  type ObjectName,
  objectWords,
  type Verdict,
  warningText,
} from "../engine/verdict.ts";
import { APPROVAL_KEY } from "../exceptions/exception-facts.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { type AdmissionRequest, MalformedReview, parseAdmissionReview } from "./admission-review.ts";
import { allowed, allowedWithPatch, denied } from "./admission-response.ts";
import type { DefaultDenyGate } from "./default-deny-gate.ts";
import { mutationsOf } from "./mutations.ts";
import type { Labels, NamespaceLabels } from "./namespaces.ts";

/** What happened, for logs and metrics. No object bodies, no secrets. */
export interface Decision {
  readonly uid: string;
  readonly result: "allowed" | "denied" | "error" | "not-judged";
  readonly operation: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly dryRun: boolean;
  /** Slugs of the findings that deny. */
  readonly guardrails: readonly string[];
  /** Why nothing could be decided; only for errors. */
  readonly reason?: string;
}

export interface Reviewed {
  readonly response: string;
  readonly decision: Decision;
}

export class ReviewJudge {
  readonly #engine: () => Engine;
  readonly #namespaces: NamespaceLabels | undefined;
  readonly #gate: DefaultDenyGate | undefined;

  /**
   * @param engine gives the current engine, so that a reload takes effect between two reviews
   * @param namespaces labels of namespaces; undefined where no cluster is configured
   * @param gate lets Pods in only where default deny is; undefined where no cluster is configured
   */
  constructor(engine: () => Engine, namespaces: NamespaceLabels | undefined, gate?: DefaultDenyGate) {
    this.#engine = engine;
    this.#namespaces = namespaces;
    this.#gate = gate;
  }

  /**
   * Answers one validating review. Synchronous unless the namespace has to be looked up or an approval verified.
   * @throws MalformedReview where there is no uid to answer to
   */
  validate(body: Uint8Array): Reviewed | Promise<Reviewed> {
    let request: AdmissionRequest;
    try {
      request = parseAdmissionReview(body);
    } catch (cause) {
      if (cause instanceof MalformedReview && cause.uid !== undefined) return malformed(cause.uid, cause.message);
      throw cause;
    }
    if (request.operation === "DELETE") return this.#judgeDeletion(request);
    // CONNECT carries no object to judge.
    const { object } = request;
    if (object === null || (request.operation !== "CREATE" && request.operation !== "UPDATE")) {
      return { response: allowed(request.uid), decision: decision(request, "not-judged", []) };
    }
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const arrived: Arrived = { request, withApprovals: bytes.includes(APPROVAL_BYTES) };
    if (request.namespace === "" || this.#namespaces === undefined || isNamespace(request)) {
      return this.#judge(arrived, null);
    }
    const labels = this.#namespaces.cached(request.namespace);
    if (labels !== undefined) return this.#judge(arrived, labels);
    return this.#afterLookup(request, this.#namespaces, (found) => this.#judge(arrived, found));
  }

  /**
   * Answers one mutating review: completes what the settings ask for, and never denies what could be read.
   * @throws MalformedReview where there is no uid to answer to
   */
  mutate(body: Uint8Array): Reviewed | Promise<Reviewed> {
    let request: AdmissionRequest;
    try {
      request = parseAdmissionReview(body);
    } catch (cause) {
      if (cause instanceof MalformedReview && cause.uid !== undefined) return malformed(cause.uid, cause.message);
      throw cause;
    }
    const { object, operation, namespace } = request;
    const { settings } = this.#engine();
    const isWritten = (operation === "CREATE" || operation === "UPDATE") && request.subResource === "";
    if (object === null || !isWritten || isNamespace(request) || isExempt(namespace, settings)) {
      return { response: allowed(request.uid), decision: decision(request, "not-judged", []) };
    }
    const complete = (namespaceLabels: Labels | null) => completed(request, object, namespaceLabels, settings);
    const namespaces = settings.mutate.labelsFromNamespace.length === 0 ? undefined : this.#namespaces;
    if (namespaces === undefined || namespace === "") return complete(null);
    const labels = namespaces.cached(namespace);
    return labels === undefined ? this.#afterLookup(request, namespaces, complete) : complete(labels);
  }

  /**
   * A deletion is judged by the stored object. What goes with its namespace may go: only where a deletion would be denied
   * is the cluster asked whether that is so.
   */
  #judgeDeletion(request: AdmissionRequest): Reviewed | Promise<Reviewed> {
    const { namespace } = request;
    const namespaces = namespace === "" ? undefined : this.#namespaces;
    const labels = namespaces?.cached(namespace) ?? null;
    const judged = (terminating: boolean | null) =>
      decide(request, judgeRequest(request, { labels, terminating }), this.#engine());
    const reviewed = judged(namespaces === undefined ? null : false);
    if (namespaces === undefined || reviewed.decision.result !== "denied") return reviewed;
    return namespaces.isTerminating(namespace).then(
      (terminating) => (terminating ? judged(terminating) : reviewed),
      (cause: unknown) =>
        fault(
          request,
          `whether the namespace ${namespace} is being deleted could not be found out: ${reasonOf(cause)}`,
        ),
    );
  }

  /** Goes on with the namespace's labels, once the cluster has told them. */
  async #afterLookup(
    request: AdmissionRequest,
    namespaces: NamespaceLabels,
    goOn: (labels: Labels) => Reviewed | Promise<Reviewed>,
  ): Promise<Reviewed> {
    let labels: Labels | undefined;
    try {
      labels = await namespaces.lookup(request.namespace);
    } catch (cause) {
      return fault(request, `the labels of namespace ${request.namespace} can't be had: ${reasonOf(cause)}`);
    }
    return labels === undefined ? fault(request, `the namespace ${request.namespace} doesn't exist`) : goOn(labels);
  }

  /** One engine for both steps: another one, after a reload, would not know the approvals that were verified. */
  #judge({ request, withApprovals }: Arrived, labels: Labels | null): Reviewed | Promise<Reviewed> {
    const engine = this.#engine();
    const judged = judgeRequest(request, { labels, terminating: null });
    if (!withApprovals) return this.#letIn(request, judged, engine);
    return engine.prepare(judged).then(
      () => this.#letIn(request, judged, engine),
      () => fault(request, "an unexpected error"),
    );
  }

  /** Lets what is allowed through the gate; synchronous for all but the first Pods of a namespace. */
  #letIn(request: AdmissionRequest, judged: JudgeRequest, engine: Engine): Reviewed | Promise<Reviewed> {
    const reviewed = decide(request, judged, engine);
    const gate = this.#gate;
    if (gate === undefined || !isNewPod(request) || !isLetIn(reviewed) || gate.covers(request.namespace))
      return reviewed;
    return gate.ensure(request.namespace, request.dryRun).then(
      (warning) => (warning === undefined ? reviewed : decide(request, judged, engine, [warning])),
      (cause: unknown) => withoutDefaultDeny(request, cause instanceof Error ? cause.message : "an unexpected error"),
    );
  }
}

/** A request, and whether an approval may be in it. */
interface Arrived {
  readonly request: AdmissionRequest;
  readonly withApprovals: boolean;
}

/** An approval whose key is spelt with escapes in JSON isn't found: it is not verified then, and doesn't count. */
const APPROVAL_BYTES = Buffer.from(APPROVAL_KEY);

function decide(
  request: AdmissionRequest,
  judged: JudgeRequest,
  engine: Engine,
  notes: readonly string[] = [],
): Reviewed {
  let verdict: Verdict;
  try {
    verdict = engine.judge(judged);
  } catch (cause) {
    return fault(request, cause instanceof EngineFault ? cause.message : "an unexpected error");
  }
  if (!verdict.judged) {
    return { response: allowed(request.uid, undefined, notes), decision: decision(request, "not-judged", []) };
  }
  return answer(request, engine, verdict, notes);
}

/** What the API server would store as a Pod; its subresources have kinds of their own. */
function isNewPod({ operation, kind, subResource }: AdmissionRequest): boolean {
  return operation === "CREATE" && kind.kind === "Pod" && kind.group === "" && subResource === "";
}

function isLetIn({ decision: { result } }: Reviewed): boolean {
  return result === "allowed" || result === "not-judged";
}

/** A Namespace comes with its own name as its namespace, which may not be there yet. */
function isNamespace({ kind: { group, kind } }: AdmissionRequest): boolean {
  return group === "" && kind === "Namespace";
}

/** Namespaces that are out of reach of every guardrail are out of reach of completion. */
function isExempt(namespace: string, { exempt }: Settings): boolean {
  return (exempt.namespaces ?? []).some(
    (pattern) =>
      pattern === namespace ||
      (pattern.endsWith("*") && namespace !== "" && namespace.startsWith(pattern.slice(0, -1))),
  );
}

function completed(
  request: AdmissionRequest,
  object: JsonObject,
  namespaceLabels: Labels | null,
  settings: Settings,
): Reviewed {
  const { group, kind } = request.kind;
  const { namespace, oldObject } = request;
  const patch = mutationsOf(
    { group, kind, namespace, name: objectName(request), object, oldObject, namespaceLabels },
    settings.mutate,
  );
  return { response: allowedWithPatch(request.uid, patch), decision: decision(request, "allowed", []) };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "no answer";
}

/** What is known of the object's namespace; null where nobody asked, or nobody knows. */
interface NamespaceFacts {
  readonly labels: Labels | null;
  readonly terminating: boolean | null;
}

function judgeRequest(request: AdmissionRequest, namespace: NamespaceFacts): JudgeRequest {
  const isDeletion = request.operation === "DELETE";
  return {
    uid: request.uid,
    place: "admission",
    operation: request.operation === "CONNECT" ? "CREATE" : request.operation,
    group: request.kind.group,
    version: request.kind.version,
    kind: request.kind.kind,
    namespace: request.namespace,
    name: objectName(request),
    subresource: request.subResource,
    user: request.userInfo,
    object: (isDeletion ? request.oldObject : request.object) ?? {},
    oldObject: isDeletion ? null : request.oldObject,
    namespaceLabels: namespace.labels,
    namespaceTerminating: namespace.terminating,
  };
}

function answer(
  request: AdmissionRequest,
  engine: Engine,
  { allowed: isAllowed, findings }: Verdict,
  notes: readonly string[],
): Reviewed {
  if (findings.length === 0) {
    const response = allowed(request.uid, { bundle: engine.digest }, notes);
    return { response, decision: decision(request, "allowed", []) };
  }
  const exceptions = [...new Set(findings.flatMap(({ excused }) => (excused === null ? [] : excused.id.split(","))))];
  const annotations = {
    bundle: engine.digest,
    guardrails: slugs(findings).join(","),
    ...(exceptions.length === 0 ? {} : { exceptions: exceptions.join(",") }),
  };
  const now = Math.floor(Date.now() / 1000);
  const warnings = [
    ...findings.flatMap((finding) => endWarning(finding, now) ?? []),
    ...findings.filter(({ level }) => level === "warn").map(warningText),
    ...notes,
  ];
  if (isAllowed) {
    return { response: allowed(request.uid, annotations, warnings), decision: decision(request, "allowed", []) };
  }
  const denials = findings.filter(({ level }) => level === "deny");
  const message = denialText(named(request), denials, helpLine(denials, engine.settings.help, engine.guardrails));
  return {
    response: denied(request.uid, message, annotations, warnings),
    decision: decision(request, "denied", slugs(denials)),
  };
}

/** A Pod that would run without default deny. */
function withoutDefaultDeny(request: AdmissionRequest, reason: string): Reviewed {
  const message = `ringfence denied ${objectWords(named(request))}: ${reason}. It is tried again with the next Pod; if this goes on, tell the platform team`;
  return {
    response: denied(request.uid, message),
    decision: { ...decision(request, "denied", ["default-deny"]), reason },
  };
}

/** Nothing could be decided: a denial that says so, because "unknown" is not "allowed". */
function fault(request: AdmissionRequest, reason: string): Reviewed {
  const message = `ringfence could not judge ${objectWords(named(request))} and therefore denies it: ${reason}. Tell the platform team; the webhook's log has the details`;
  return { response: denied(request.uid, message), decision: { ...decision(request, "error", []), reason } };
}

function malformed(uid: string, reason: string): Reviewed {
  return {
    response: denied(uid, `ringfence could not read the AdmissionReview and therefore denies the request: ${reason}`),
    decision: {
      uid,
      result: "error",
      operation: "",
      kind: "",
      namespace: "",
      name: "",
      user: "",
      dryRun: false,
      guardrails: [],
      reason,
    },
  };
}

function decision(request: AdmissionRequest, result: Decision["result"], guardrails: readonly string[]): Decision {
  return {
    uid: request.uid,
    result,
    operation: request.operation,
    kind: request.kind.kind,
    namespace: request.namespace,
    name: objectName(request),
    user: request.userInfo.name,
    dryRun: request.dryRun,
    guardrails,
  };
}

function named(request: AdmissionRequest): ObjectName {
  return { kind: request.kind.kind, namespace: request.namespace, name: objectName(request) };
}

/**
 * The request has no name for generateName, where the object has one in the validating phase, and for each object of a
 * deletion of many.
 */
function objectName({ name, object, oldObject }: AdmissionRequest): string {
  if (name !== "") return name;
  const metadata = (object ?? oldObject)?.["metadata"] as { name?: unknown; generateName?: unknown } | undefined;
  if (typeof metadata?.name === "string" && metadata.name !== "") return metadata.name;
  return typeof metadata?.generateName === "string" ? `${metadata.generateName}*` : "";
}

function slugs(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ guardrail }) => guardrail))];
}
