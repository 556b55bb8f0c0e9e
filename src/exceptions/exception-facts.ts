/**
 * @module The exception of an object as facts: what it asks for, and what is known of each approval that it carries.
 *
 * Mechanics only. Whether an approval counts for a finding is decided in rego/lib/exceptions.rego.
 */
import type { ObjectReading } from "../apis/reading.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import {
  type AnnotationDefect,
  type ExceptionAnnotations,
  metadataPointers,
  MOST_APPROVALS,
  PREFIX,
  readException,
} from "./annotations.ts";
import type { ApprovalClaims, ApprovedFinding, Refusal, Renewal } from "./approval-claims.ts";
import type { ApprovalStatus, ApprovalVerifier } from "./approval-verifier.ts";
import { approvedAs, type Carrier, type ClaimedObject } from "./approved-object.ts";
import { formatInstant } from "./instant.ts";
import { coveredRules, policyTraffic, type PolicyTraffic } from "./policy-traffic.ts";
import { readTrafficScope } from "./traffic-scope.ts";
import { ledgerKey, type UnsignedLedger } from "./unsigned-ledger.ts";

/** The annotation that holds the approvals. */
export const APPROVAL_KEY = `${PREFIX}exception-approval`;

export interface ExceptionFact {
  readonly requested: {
    /** JSON Pointer of the annotations. */
    readonly pointer: string;
    readonly guardrails: readonly string[];
    readonly reason: string;
    /** Seconds since 1970, and the same in RFC 3339; null and "" where the object doesn't say. */
    readonly expires: number | null;
    readonly expiresAt: string;
    /** Seconds; null where the object doesn't say. */
    readonly ttl: number | null;
    readonly requester: string;
  };
  readonly defects: readonly AnnotationDefect[];
  readonly approvals: readonly ApprovalFact[];
  /** What is known for an exception without approvals; null is "not known". */
  readonly unsigned: {
    /** Whether the user may make such exceptions. */
    readonly allowedByVerb: boolean | null;
    /** Seconds since 1970. */
    readonly firstSeen: number | null;
  };
}

/** Times are seconds since 1970. What an approval says is proven only where its status is `verified`. */
export interface ApprovalFact {
  readonly id: string;
  readonly approver: string;
  readonly requester: string;
  readonly guardrails: readonly string[];
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expires: number;
  /** `expires` in RFC 3339. */
  readonly expiresAt: string;
  readonly renewal: Renewal | null;
  readonly reason: string;
  readonly status: "verified" | Refusal;
  /** JSON Pointers of the object's rules whose whole traffic was approved. */
  readonly coveredRules: readonly string[];
  readonly findings: readonly ApprovedFinding[];
  /** The workload that the approval is for, where a controller brought it here; null where it is for the object itself. */
  readonly controller: Carrier | null;
}

/** What exceptions are judged by besides the object. */
export interface ExceptionSources {
  readonly approvals: Pick<ApprovalVerifier, "status">;
  /** Users that may bring a workload's exception to what they make of it. */
  readonly controllers: readonly string[];
  readonly ledger: UnsignedLedger | null;
}

export interface ExceptionRequest extends ClaimedObject {
  /** Whether the user may make exceptions without an approval; null where nobody asked. */
  readonly mayExcuse?: boolean | null;
}

/**
 * The exception of an object.
 * @returns undefined for an object that asks for none
 */
export function exceptionFact(
  request: ExceptionRequest,
  reading: ObjectReading,
  sources: ExceptionSources,
): ExceptionFact | undefined {
  const exception = readException(request.object, metadataPointers(reading));
  if (exception === null) return undefined;
  const { annotations, defects } = exception;
  const { pointer, guardrails, reason, expires, ttl, requester } = annotations;
  const traffic = new TrafficOnce(request, reading);
  return {
    requested: {
      pointer,
      guardrails,
      reason,
      expires,
      expiresAt: expires === null ? "" : formatInstant(expires),
      ttl,
      requester,
    },
    defects,
    approvals: annotations.approvals.map((token) => approvalFact(sources, request, traffic, token)),
    unsigned: { allowedByVerb: request.mayExcuse ?? null, firstSeen: firstSeen(request, annotations, sources) },
  };
}

/**
 * The tokens that must be verified before an object is judged; none for most. Found by their key, wherever the metadata
 * stands, so that no reader has to look at the object for it.
 */
export function approvalsIn(object: JsonObject): readonly string[] {
  const tokens = new Set<string>();
  collectApprovals(object, tokens);
  return [...tokens].slice(0, MOST_APPROVALS);
}

function collectApprovals(value: JsonValue | undefined, tokens: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value) && Object.hasOwn(value, APPROVAL_KEY)) {
    const text = (value as JsonObject)[APPROVAL_KEY];
    if (typeof text === "string") for (const token of text.split(" ", MOST_APPROVALS)) tokens.add(token);
  }
  for (const part of Object.values(value)) collectApprovals(part, tokens);
}

/** The policy's traffic, computed when the first approval asks for it. */
class TrafficOnce {
  readonly #request: ExceptionRequest;
  readonly #reading: ObjectReading;
  #traffic: PolicyTraffic | undefined;

  constructor(request: ExceptionRequest, reading: ObjectReading) {
    this.#request = request;
    this.#reading = reading;
  }

  coveredBy(scope: ApprovalClaims["excuses"]["traffic"]): readonly string[] {
    const { policy } = this.#reading;
    const allowed = readTrafficScope(scope);
    if (policy === undefined || allowed === undefined) return [];
    this.#traffic ??= policyTraffic(policy, this.#request.object);
    return [...coveredRules(this.#traffic, allowed)];
  }
}

function approvalFact(
  { approvals, controllers }: ExceptionSources,
  request: ExceptionRequest,
  traffic: TrafficOnce,
  token: string,
): ApprovalFact {
  const result = approvals.status(token);
  if (result.status !== "verified") return refusedFact(result);
  const { claims } = result;
  const as = approvedAs(claims.object, request, controllers);
  if (as === undefined) return { ...claimedFact(claims), status: "wrong-object" };
  return {
    ...claimedFact(claims),
    status: "verified",
    coveredRules: traffic.coveredBy(claims.excuses.traffic),
    findings: claims.excuses.findings,
    controller: as === "own" ? null : as,
  };
}

function refusedFact(result: Exclude<ApprovalStatus, { status: "verified" }>): ApprovalFact {
  const { status, claims } = result;
  if (claims !== null) return { ...claimedFact(claims), status };
  const nothing = { id: "", approver: "", requester: "", guardrails: [], renewal: null, reason: "", findings: [] };
  return {
    ...nothing,
    issuedAt: 0,
    notBefore: 0,
    expires: 0,
    expiresAt: "",
    status,
    coveredRules: [],
    controller: null,
  };
}

/** What an approval says of itself, which excuses nothing yet. */
function claimedFact(claims: ApprovalClaims): Omit<ApprovalFact, "status"> {
  const { jti, sub, requester, guardrails, iat, nbf, exp, renewal, reason } = claims;
  return {
    id: jti,
    approver: sub,
    requester,
    guardrails,
    issuedAt: iat,
    notBefore: nbf,
    expires: exp,
    expiresAt: formatInstant(exp),
    renewal: renewal ?? null,
    reason,
    coveredRules: [],
    findings: [],
    controller: null,
  };
}

/** The earliest record; null where one of the guardrails has none. */
function firstSeen(
  request: ExceptionRequest,
  { guardrails }: ExceptionAnnotations,
  { ledger }: ExceptionSources,
): number | null {
  if (ledger === null || guardrails.length === 0) return null;
  const key = ledgerKey(request);
  const seen = guardrails.flatMap((guardrail) => ledger.firstSeen(key, guardrail) ?? []);
  return seen.length < guardrails.length ? null : Math.min(...seen);
}
