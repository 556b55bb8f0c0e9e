/**
 * @module Verified approvals, remembered. Checking a signature takes a while and waits; judging must not. So a place
 * first prepares the approvals that an object carries, and then asks what they are.
 *
 * What depends on the clock, on the object or on limits isn't decided here: see rego/lib/exceptions.rego.
 */
import { quote } from "../model/quote.ts";
import { MOST_APPROVALS } from "./annotations.ts";
import { isSignedBy, parseApproval } from "./approval.ts";
import { type ApprovalClaims, isSameName, LONGEST_APPROVAL_SECONDS, type Refusal } from "./approval-claims.ts";
import type { ApproverKeys, KeySource } from "./approver-keys.ts";

/** Approvals that are remembered: at most 8 kB each. */
const REMEMBERED = 2048;

export interface Revoked {
  /** `jti`s. */
  readonly ids: readonly string[];
  /** `kid`s. */
  readonly keys: readonly string[];
  /** Seconds since 1970: what was signed before then doesn't count. Null: no such time. */
  readonly issuedBefore: number | null;
}

export interface VerifierOptions {
  /** This cluster's name in approvals; null where none is set: no approval counts. */
  readonly audience: string | null;
  /** Null where no keys are set: no approval counts. */
  readonly keys: KeySource | null;
  readonly revoked: Revoked;
}

export type ApprovalStatus =
  | { readonly status: "verified"; readonly kid: string; readonly claims: ApprovalClaims }
  | {
      readonly status: Refusal;
      /** For logs and for `ringfence exception verify`; users of the cluster only see the class. */
      readonly detail: string;
      /** What the approval says of itself, where it has the form of one. Nothing of it is proven. */
      readonly claims: ApprovalClaims | null;
    };

interface Remembered {
  readonly keys: ApproverKeys;
  readonly status: ApprovalStatus;
}

export class ApprovalVerifier {
  readonly #options: VerifierOptions;
  readonly #revokedIds: ReadonlySet<string>;
  readonly #revokedKeys: ReadonlySet<string>;
  /** By exact text; the oldest use first. An entry counts only with the key set that it was made with. */
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#revokedIds = new Set(options.revoked.ids);
    this.#revokedKeys = new Set(options.revoked.keys);
  }

  /** Verifies approvals that aren't known yet. Never rejects: what can't be verified is remembered as refused. */
  async prepare(tokens: readonly string[]): Promise<void> {
    await this.#options.keys?.ready?.();
    const keys = this.#options.keys?.current() ?? null;
    if (keys === null || this.#options.audience === null) return;
    // An object with more of them is refused as a whole.
    for (const token of tokens.slice(0, MOST_APPROVALS)) {
      if (this.#remembered.get(token)?.keys === keys) continue;
      const status = await verify(token, keys, this.#options.audience);
      this.#remember(token, { keys, status });
    }
  }

  /** What an approval is, as far as the approval itself says. One that wasn't prepared doesn't count. */
  status(token: string): ApprovalStatus {
    const { audience, keys } = this.#options;
    if (audience === null || keys === null) {
      return refused("no-keys-configured", "the settings name no audience or no approvers' keys");
    }
    const current = keys.current();
    if (current === null) return refused("keys-unavailable", "the approvers' keys can't be read");
    const known = this.#remembered.get(token);
    if (known?.keys !== current) return refused("malformed", "it was not verified");
    this.#remember(token, known);
    return this.#unlessRevoked(known.status);
  }

  #remember(token: string, entry: Remembered): void {
    this.#remembered.delete(token);
    this.#remembered.set(token, entry);
    if (this.#remembered.size <= REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  #unlessRevoked(status: ApprovalStatus): ApprovalStatus {
    if (status.status !== "verified") return status;
    const { kid, claims } = status;
    const { issuedBefore } = this.#options.revoked;
    if (this.#revokedIds.has(claims.jti)) return refused("revoked", "its id is in exceptions.revoked.ids", claims);
    if (this.#revokedKeys.has(kid)) return refused("revoked", "its key is in exceptions.revoked.keys", claims);
    if (issuedBefore !== null && claims.iat < issuedBefore) {
      return refused("revoked", "it was signed before exceptions.revoked.issuedBefore", claims);
    }
    return status;
  }
}

async function verify(token: string, keys: ApproverKeys, audience: string): Promise<ApprovalStatus> {
  const approval = parseApproval(token);
  if (typeof approval === "string") return refused("malformed", approval);
  const { kid, claims } = approval;
  const key = keys.byId.get(kid);
  if (key === undefined) return refused("unknown-key", `no approver has the key ${kid}`, claims);
  // With the key's algorithm, whatever the approval says of its own.
  if (!(await isSignedBy(token, key.algorithm, key.key))) {
    return refused("bad-signature", `the key ${kid} didn't sign it`, claims);
  }
  if (claims.sub !== key.approver) return refused("bad-signature", "its approver is not the key's", claims);
  if (claims.aud !== audience) return refused("wrong-audience", `it is for ${quote(claims.aud)}`, claims);
  if (isSameName(claims.sub, claims.requester)) return refused("self-approved", "", claims);
  if (claims.exp - claims.iat > LONGEST_APPROVAL_SECONDS) return refused("too-long", "it is for over a year", claims);
  return { status: "verified", kid, claims };
}

function refused(status: Refusal, detail: string, claims: ApprovalClaims | null = null): ApprovalStatus {
  return { status, detail, claims };
}
