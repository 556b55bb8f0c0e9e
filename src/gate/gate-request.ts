/**
 * @module What the gate asks the engine about one document: the same as admission does, for a write by nobody in particular.
 */
import type { JudgeRequest } from "../engine/judge-request.ts";
import type { Document } from "../intake/document.ts";
import type { Subject } from "./subject.ts";

interface Circumstances {
  /** Tells the judgements of one run apart. */
  readonly uid: string;
  /** Null where they aren't known. */
  readonly namespaceLabels: JudgeRequest["namespaceLabels"];
  /** Seconds since 1970. */
  readonly now: number;
  /** For Namespaces: whether the input has default deny for it. */
  readonly defaultDeny?: NonNullable<JudgeRequest["defaultDeny"]>;
}

/** The request for the engine, see {@link JudgeRequest}. */
export function gateRequest(document: Document, subject: Subject, circumstances: Circumstances): JudgeRequest {
  return {
    ...subject,
    ...circumstances,
    place: "gate",
    operation: "CREATE",
    subresource: "",
    user: { name: "", groups: [] },
    object: document.value,
    oldObject: null,
  };
}
