/**
 * @module Events of the cluster: what the controller tells people beside an object (`kubectl describe`, `kubectl get events`).
 * Source of the fields: k8s.io/api/core/v1 types.go.
 */
import { hostname } from "node:os";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError } from "./cluster-error.ts";

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

export interface ClusterEvent {
  readonly type: "Normal" | "Warning";
  /** One word for programs: `DefaultDenyRestored`. */
  readonly reason: string;
  /** Printable text. */
  readonly message: string;
  readonly about: EventSubject;
  /** Makes the Event one that is there at most once, whoever writes it: 24 hexadecimal digits. */
  readonly id?: string;
}

export interface EventRecorder {
  /** Sends an Event in the background. One that can't be sent is reported and forgotten: Events decide nothing. */
  record(event: ClusterEvent): void;
}

const ALREADY_EXISTS = 409;
// Where Events on objects of the cluster are kept, as the API server asks for.
const NAMESPACE_OF_CLUSTER_OBJECTS = "default";
const LIMIT_MS = 5_000;
const LONGEST_MESSAGE = 1_024;
// A server that answers slowly must not make them pile up.
const MOST_UNDER_WAY = 20;

/** @param failed told of Events that couldn't be sent */
export function createEventRecorder(
  client: Pick<ClusterClient, "request">,
  failed: (error: ClusterError) => void,
): EventRecorder {
  let underWay = 0;
  return {
    record(event) {
      if (underWay >= MOST_UNDER_WAY) return;
      underWay += 1;
      sendEvent(client, event)
        .catch(failed)
        .finally(() => {
          underWay -= 1;
        });
    },
  };
}

/**
 * Sends an Event; one whose id is there already is told already.
 * @throws ClusterError where it can't be written
 */
export async function sendEvent(client: Pick<ClusterClient, "request">, event: ClusterEvent): Promise<void> {
  try {
    await client.request({ method: "POST", path: pathFor(event), body: eventObject(event), timeoutMs: LIMIT_MS });
  } catch (cause) {
    const isThere = cause instanceof ClusterError && cause.status === ALREADY_EXISTS && event.id !== undefined;
    if (!isThere) throw cause;
  }
}

function pathFor({ about }: ClusterEvent): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespaceOf(about))}/events`;
}

function namespaceOf({ namespace }: EventSubject): string {
  return namespace === "" ? NAMESPACE_OF_CLUSTER_OBJECTS : namespace;
}

function eventObject({ type, reason, message, about, id }: ClusterEvent) {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const { apiVersion, kind, namespace, name, uid } = about;
  const prefix = `${name}.`.slice(-200);
  const named = id === undefined ? { generateName: prefix } : { name: prefix + id };
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: namespaceOf(about), ...named },
    type,
    reason,
    message: message.slice(0, LONGEST_MESSAGE),
    involvedObject: { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
    source: { component: "ringfence", host: hostname() },
    reportingComponent: "ringfence",
    reportingInstance: hostname(),
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}
