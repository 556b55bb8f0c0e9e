/**
 * @module The claims of the next approval of an object: a first one, one more approver's in the same round, or a renewal.
 */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ExceptionAnnotations } from "./annotations.ts";
import { parseApproval } from "./approval.ts";
import {
  type ApprovalClaims,
  type ApprovedObject,
  CLOCK_SKEW_SECONDS,
  isSameName,
  ISSUER,
  LONGEST_APPROVAL_SECONDS,
  type Renewal,
} from "./approval-claims.ts";

export interface ApprovalRequest {
  readonly annotations: ExceptionAnnotations;
  readonly object: ApprovedObject;
  readonly excuses: ApprovalClaims["excuses"];
  readonly approver: string;
  readonly audience: string;
  /** Seconds since 1970 that the approver chose; null leaves it to what was asked for. */
  readonly until: number | null;
  readonly now: number;
}

export interface NextApproval {
  readonly claims: ApprovalClaims;
  /** Approvals that stay beside the new one: other approvers' of the same round. */
  readonly kept: readonly string[];
}

interface Earlier {
  readonly token: string;
  readonly claims: ApprovalClaims;
}

/**
 * Works out what is to be signed.
 * @returns the claims, or why there is nothing that could be signed: one sentence
 */
export function nextApproval(request: ApprovalRequest): NextApproval | string {
  const { annotations, approver, now } = request;
  if (annotations.requester === "") return "the exception doesn't say who asks for it (exception-requester)";
  if (isSameName(approver, annotations.requester)) {
    return `${approver} asks for this exception, and nobody approves their own: another approver has to`;
  }
  if (annotations.reason === "") return "the exception gives no reason (exception-reason)";
  const earlier = earlierApprovals(request);
  const round = earlier.filter(({ claims }) => isSameRound(claims, request));
  if (round.some(({ claims }) => isSameName(claims.sub, approver))) {
    return `${approver} has approved exactly this already; for a longer time, it has to be asked for anew`;
  }
  const [first] = round;
  const exp = request.until ?? first?.claims.exp ?? endOf(annotations, now);
  if (exp === null) return "the exception doesn't say for how long (exception-ttl); add --until TIME";
  if (exp <= now) return "the exception would have ended already: ask for it anew, or add --until TIME";
  if (exp - now > LONGEST_APPROVAL_SECONDS) return "no exception is for more than a year";
  const renewal = first === undefined ? renewalOf(earlier) : first.claims.renewal;
  return {
    kept: round.map(({ token }) => token),
    claims: {
      iss: ISSUER,
      sub: approver,
      requester: annotations.requester,
      aud: request.audience,
      jti: randomUUID(),
      iat: now,
      nbf: now - CLOCK_SKEW_SECONDS,
      exp,
      guardrails: annotations.guardrails,
      object: request.object,
      reason: annotations.reason,
      excuses: request.excuses,
      ...(renewal === undefined ? {} : { renewal }),
    },
  };
}

/** Approvals of this very object for one of these guardrails, whoever signed them: they only make the new one count more. */
function earlierApprovals({ annotations, object }: ApprovalRequest): readonly Earlier[] {
  return annotations.approvals.flatMap((token) => {
    const approval = parseApproval(token);
    if (typeof approval === "string" || !isDeepStrictEqual(approval.claims.object, object)) return [];
    const { claims } = approval;
    return claims.guardrails.some((slug) => annotations.guardrails.includes(slug)) ? [{ token, claims }] : [];
  });
}

/** Whether another approver has agreed to the same thing until the same time. A new request takes the end away. */
function isSameRound(claims: ApprovalClaims, { annotations, excuses, audience, now }: ApprovalRequest): boolean {
  return (
    claims.exp === annotations.expires &&
    claims.exp > now &&
    claims.aud === audience &&
    claims.requester === annotations.requester &&
    claims.reason === annotations.reason &&
    isDeepStrictEqual(claims.guardrails, annotations.guardrails) &&
    isDeepStrictEqual(claims.excuses, excuses)
  );
}

function renewalOf(earlier: readonly Earlier[]): Renewal | undefined {
  const [last] = earlier.toSorted((one, other) => other.claims.iat - one.claims.iat);
  if (last === undefined) return undefined;
  return {
    count: Math.max(...earlier.map(({ claims }) => claims.renewal?.count ?? 0)) + 1,
    first: Math.min(...earlier.map(({ claims }) => claims.renewal?.first ?? claims.iat)),
    previous: last.claims.jti,
  };
}

function endOf({ ttl, expires }: ExceptionAnnotations, now: number): number | null {
  return ttl === null ? expires : now + ttl;
}
