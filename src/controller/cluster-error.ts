/**
 * @module Why a call to the cluster failed, in words for people and a reason for code. Nothing in it is a secret.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isNativeError } from "node:util/types";

/**
 * Reasons of our own, beside those that the API server gives (`Forbidden`, `NotFound`, `Expired`, ...):
 * - `NotConfigured`: there is no usable kubeconfig and this is no Pod
 * - `Credentials`: the token, certificate or credential plugin of the kubeconfig can't be used
 * - `Untrusted`: the server's certificate can't be verified
 * - `Unreachable`: no connection, or it broke before an answer began
 * - `Interrupted`: the answer broke off
 * - `Silent`: a watch from which nothing came for too long
 * - `Timeout`: no complete answer in time
 * - `TooLarge`, `Malformed`: the answer can't be used
 * - `Aborted`: the caller gave up
 */
export type OwnReason =
  | "NotConfigured"
  | "Credentials"
  | "Untrusted"
  | "Unreachable"
  | "Interrupted"
  | "Silent"
  | "Timeout"
  | "TooLarge"
  | "Malformed"
  | "Aborted";

/** A call to the cluster that failed. */
export class ClusterError extends Error {
  /** An `OwnReason`, or the reason of the API server's Status object. */
  readonly reason: string;
  /** HTTP status, or the code of an ERROR event; undefined where the server said nothing. */
  readonly status: number | undefined;
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number | undefined;
  /** Details that the API server gives for its reason, such as `NamespaceTerminating` for `Forbidden`. */
  readonly causes: readonly string[];

  constructor(reason: string, message: string, status?: number, retryAfter?: number, causes: readonly string[] = []) {
    super(message);
    this.name = "ClusterError";
    this.reason = reason;
    this.status = status;
    this.retryAfter = retryAfter;
    this.causes = causes;
  }
}

/** A failure that the client itself sees. */
export function ownError(reason: OwnReason, message: string): ClusterError {
  return new ClusterError(reason, message);
}

const LONGEST_FOREIGN_TEXT = 300;

/** Makes text of a server, a file or a library harmless for a message: one line of printable ASCII, shortened. */
function plainText(text: string): string {
  return text.slice(0, LONGEST_FOREIGN_TEXT).replace(/[^\x20-\x7e]/gu, "?");
}

const HINTS = new Map([
  [401, "; the token or certificate is not accepted: renew it"],
  [403, "; grant it by RBAC"],
]);

/**
 * The error for an answer that isn't a success, or for the Status object of an ERROR event.
 * @param call what was asked: `GET /api/v1/namespaces`
 * @param body the answer's text; a Status object where the API server itself wrote it
 */
export function refusal(call: string, status: number, body: string, headers: IncomingHttpHeaders = {}): ClusterError {
  const { reason, message, causes } = readStatus(body);
  const said = message === "" ? "" : `: ${plainText(message)}`;
  return new ClusterError(
    reason === "" ? `HTTP ${status}` : reason,
    `the API server answered ${call} with ${status}${said}${HINTS.get(status) ?? ""}`,
    status,
    readRetryAfter(headers["retry-after"]),
    causes,
  );
}

interface ReadStatus {
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly string[];
}

function readStatus(body: string): ReadStatus {
  try {
    const { reason, message, details } = JSON.parse(body) as { reason?: unknown; message?: unknown; details?: unknown };
    return {
      reason: typeof reason === "string" ? plainText(reason) : "",
      message: typeof message === "string" ? message : "",
      causes: readCauses(details),
    };
  } catch {
    // A proxy's page or an empty body: the status has to do.
    return { reason: "", message: "", causes: [] };
  }
}

function readCauses(details: unknown): string[] {
  const { causes } = (details ?? {}) as { causes?: unknown };
  if (!Array.isArray(causes)) return [];
  const reasons = (causes as readonly unknown[]).map((cause) => (cause as { reason?: unknown } | null)?.reason);
  return reasons.filter((reason): reason is string => typeof reason === "string");
}

// Kubernetes sends seconds; a date is a proxy's and not worth a clock comparison.
function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

// ECONNREFUSED, EAI_AGAIN, ... as opposed to CERT_HAS_EXPIRED, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ERR_TLS_..., ERR_SSL_...
const NETWORK_ERROR = /^E(?!RR_)[A-Z0-9_]+$/;

/** The error for a request that got no answer. */
export function connectionError(host: string, cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const { code, message } = describeCause(cause);
  if (code === "" || NETWORK_ERROR.test(code)) {
    return ownError("Unreachable", `the API server at ${host} can't be reached: ${code || message}`);
  }
  return ownError(
    "Untrusted",
    `the API server at ${host} can't be verified: ${message} (${code}); its certificate must be valid, for this host ` +
      "and issued by the certificate-authority of the kubeconfig",
  );
}

/** The error for an answer that began and broke off; what isn't a failure of the connection stays what it is. */
export function interruption(call: string, cause: unknown): unknown {
  const { code } = describeCause(cause);
  return code === "" ? cause : ownError("Interrupted", `the API server's answer to ${call} broke off: ${code}`);
}

/**
 * What an error of a library or of Node says, for a message: its code, and the first line of its message. What YAML
 * parsers put below the first line is an excerpt of the file, perhaps a secret.
 */
export function describeCause(cause: unknown): { readonly code: string; readonly message: string } {
  if (!isNativeError(cause)) return { code: "", message: "unknown failure" };
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  return { code, message: plainText(cause.message.split("\n", 1)[0] ?? "") };
}

/** What a failed call says, for a message: whole where it is a ClusterError, which is bounded already. */
export function messageOf(cause: unknown): string {
  return cause instanceof ClusterError ? cause.message : describeCause(cause).message;
}
