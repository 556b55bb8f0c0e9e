/**
 * @module What the gate asks the engine about one document: the same as admission does, for a write by nobody in particular.
 */
import type { JudgeRequest } from "../engine/judge-request.ts";
import type { Document } from "../intake/document.ts";
import type { Subject } from "./subject.ts";

/**
 * @param uid tells the judgements of one run apart
 * @param namespaceLabels null where they aren't known
 */
export function gateRequest(
  document: Document,
  subject: Subject,
  uid: string,
  namespaceLabels: JudgeRequest["namespaceLabels"],
): JudgeRequest {
  return {
    ...subject,
    uid,
    place: "gate",
    operation: "CREATE",
    subresource: "",
    user: { name: "", groups: [] },
    object: document.value,
    oldObject: null,
    namespaceLabels,
  };
}
