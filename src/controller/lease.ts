/**
 * @module The Lease object (coordination.k8s.io/v1) by which processes agree on who works: read and written as JSON.
 * Source of the fields: k8s.io/api/coordination/v1 types.go.
 */
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { ownError } from "./cluster-error.ts";
import { asObject } from "./listed-objects.ts";

/** What a Lease says. */
export interface LeaseRecord {
  /** Who holds it; empty where nobody does. */
  readonly holder: string;
  /** How long a holder that isn't heard of keeps it. */
  readonly durationMs: number;
  /** How often it has changed hands. */
  readonly transitions: number;
  /** When the holder got it, as written: for people, never for decisions. */
  readonly acquireTime: string;
  /** Changes with every write. */
  readonly resourceVersion: string;
}

/** @throws ClusterError `Malformed` where the answer is no Lease */
export function readLease(answer: JsonValue): LeaseRecord {
  const lease = asObject(answer);
  const resourceVersion = asObject(lease?.["metadata"])?.["resourceVersion"];
  if (typeof resourceVersion !== "string" || resourceVersion === "") {
    throw ownError("Malformed", "the API server's answer is no Lease");
  }
  const spec = asObject(lease?.["spec"]) ?? {};
  return {
    holder: textOf(spec["holderIdentity"]),
    durationMs: numberOf(spec["leaseDurationSeconds"]) * 1000,
    transitions: numberOf(spec["leaseTransitions"]),
    acquireTime: textOf(spec["acquireTime"]),
    resourceVersion,
  };
}

/** The Lease to send; without a resourceVersion it is a new one. Times are this machine's, for people who look at it. */
export function writeLease(
  namespace: string,
  name: string,
  record: Omit<LeaseRecord, "resourceVersion"> & { readonly resourceVersion?: string },
): JsonObject {
  const metadata = { name, namespace };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata:
      record.resourceVersion === undefined ? metadata : { ...metadata, resourceVersion: record.resourceVersion },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
      leaseTransitions: record.transitions,
      ...(record.acquireTime === "" ? {} : { acquireTime: record.acquireTime }),
      renewTime: microTime(),
    },
  };
}

/** Now, as Kubernetes' MicroTime wants it: exactly six digits of a second. */
export function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}
