/**
 * @module When an exception that nobody signed was first seen: its anchor, so that re-creating or editing the object
 * doesn't prolong it.
 */

/** Kept outside of the objects, where their authors can't write. Without one, no unsigned exception counts. */
export interface UnsignedLedger {
  /**
   * When the exception of an object from a guardrail was first seen.
   * @param objectKey see {@link ledgerKey}
   * @returns seconds since 1970; null where nothing is recorded
   */
  firstSeen(objectKey: string, guardrail: string): number | null;
}

/** `networking.k8s.io/NetworkPolicy/shop/web`: by name, not by uid, so that a new object of the same name is the same. */
export function ledgerKey(object: {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return [object.group, object.kind, object.namespace, object.name].join("/");
}
