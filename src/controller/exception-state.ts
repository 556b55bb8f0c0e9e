/**
 * @module How far the exceptions of an object have come: what is excused and until when, and what was until the exception
 * ended. Worked out from object, settings and moment alone, so that restarts and clock steps change nothing.
 */
import { metadataPointers, readException } from "../exceptions/annotations.ts";
import { readerFor } from "../apis/registry.ts";
import type { Engine } from "../engine/engine.ts";
import { type JudgeRequest, splitApiVersion } from "../engine/judge-request.ts";
import type { Finding } from "../engine/verdict.ts";
import { parseApproval } from "../exceptions/approval.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { objectIdentity } from "./object-identity.ts";

/** A finding that would deny, and that an approval excused until it ended. */
export interface LapsedFinding {
  readonly finding: Finding;
  /** Ids of the approvals. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly ended: number;
}

export interface ExceptionState {
  /** Findings that are excused now. */
  readonly excused: readonly Finding[];
  readonly lapsed: readonly LapsedFinding[];
}

type JudgeParts = Pick<JudgeRequest, "object" | "namespaceLabels">;

/**
 * Judges an object as it is.
 * @param now seconds since 1970
 */
export function judgeStored(engine: Engine, { object, namespaceLabels }: JudgeParts, now: number) {
  const { apiVersion, kind, namespace, name } = objectIdentity(object);
  return engine.judge({
    uid: "sweep",
    place: "audit",
    operation: "CREATE",
    ...splitApiVersion(apiVersion),
    kind,
    namespace,
    name,
    subresource: "",
    user: { name: "", groups: [] },
    object,
    oldObject: null,
    namespaceLabels,
    now,
  });
}

/** Approvals are verified first; what a revocation or the limits of the settings take away was never excused. */
export async function exceptionState(engine: Engine, parts: JudgeParts, now: number): Promise<ExceptionState> {
  await engine.prepare({ object: parts.object, oldObject: null });
  const { findings } = judgeStored(engine, parts, now);
  const excused = findings.filter((finding) => finding.excused !== null);
  const open = new Map(findings.flatMap((one) => (one.level === "deny" ? [[keyOf(one), one] as const] : [])));
  const lapsed: LapsedFinding[] = [];
  if (open.size === 0) return { excused, lapsed };
  // In the second before an end, what it ended was excused still. The latest end speaks for a finding.
  for (const end of endsBefore(parts.object, now)) {
    for (const before of judgeStored(engine, parts, end - 1).findings) {
      const finding = open.get(keyOf(before));
      if (before.excused === null || finding === undefined) continue;
      open.delete(keyOf(before));
      lapsed.push({ finding, id: before.excused.id, ended: end });
    }
  }
  return { excused, lapsed };
}

function keyOf({ guardrail, pointer, rawMessage, rules = [] }: Finding): string {
  return JSON.stringify([guardrail, pointer, rawMessage, rules]);
}

/** The ends that are over, written or signed, latest first; an object carries few approvals, so these are few too. */
function endsBefore(object: JsonObject, now: number): readonly number[] {
  const { group, kind } = objectIdentity(object);
  const reading = readerFor(group, kind)?.read(object);
  const annotations = reading === undefined ? undefined : readException(object, metadataPointers(reading))?.annotations;
  if (annotations === undefined) return [];
  const signed = annotations.approvals
    .map(parseApproval)
    .flatMap((one) => (typeof one === "string" ? [] : [one.claims.exp]));
  const ends = annotations.expires === null ? signed : [...signed, annotations.expires];
  return [...new Set(ends)].filter((end) => end <= now).toSorted((a, b) => b - a);
}
