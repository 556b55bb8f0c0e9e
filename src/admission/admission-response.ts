/**
 * @module The answers: small constructors of AdmissionReview responses as text.
 *
 * A validating answer can't carry a patch (the API server calls such a response invalid): only the mutating one has a
 * place for it.
 * A denial is always code 403: clients delete and create anew on 409 and 422.
 */

const PREFIX = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":';

/** kubectl prints each; the API server cuts all of them to 256 characters once they exceed 4,096 together. */
const MOST_WARNINGS = 15;
const LONGEST_WARNING = 256;

export interface Annotations {
  readonly bundle: string;
  /** Slugs of the findings, joined by commas. */
  readonly guardrails?: string;
  /** Ids of the exceptions that excuse findings, joined by commas. */
  readonly exceptions?: string;
}

export function allowed(uid: string, annotations?: Annotations, warnings: readonly string[] = []): string {
  return `${PREFIX}${JSON.stringify(uid)},"allowed":true${tail(annotations, warnings)}}}`;
}

/**
 * An allowance with a change, for the mutating webhook alone.
 * @param patch JSON Patch operations; none is no change, because the API server refuses an empty patch with a type
 */
export function allowedWithPatch(uid: string, patch: readonly object[]): string {
  if (patch.length === 0) return allowed(uid);
  const encoded = Buffer.from(JSON.stringify(patch)).toString("base64");
  return `${PREFIX}${JSON.stringify(uid)},"allowed":true,"patchType":"JSONPatch","patch":"${encoded}"}}`;
}

export function denied(
  uid: string,
  message: string,
  annotations?: Annotations,
  warnings: readonly string[] = [],
): string {
  const status = JSON.stringify({ status: "Failure", code: 403, reason: "Forbidden", message });
  return `${PREFIX}${JSON.stringify(uid)},"allowed":false,"status":${status}${tail(annotations, warnings)}}}`;
}

function tail(annotations: Annotations | undefined, warnings: readonly string[]): string {
  const auditAnnotations = annotations === undefined ? "" : `,"auditAnnotations":${JSON.stringify(annotations)}`;
  return warnings.length === 0
    ? auditAnnotations
    : `${auditAnnotations},"warnings":${JSON.stringify(bounded(warnings))}`;
}

function bounded(warnings: readonly string[]): string[] {
  const distinct = [...new Set(warnings)];
  const shown = distinct
    .slice(0, MOST_WARNINGS)
    .map((warning) => (warning.length > LONGEST_WARNING ? `${warning.slice(0, LONGEST_WARNING - 3)}...` : warning));
  if (distinct.length > MOST_WARNINGS) shown.push(`... and ${distinct.length - MOST_WARNINGS} more warnings`);
  return shown;
}
