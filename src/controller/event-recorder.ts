/**
 * @module Events of the cluster: what the controller tells people beside an object (`kubectl describe`, `kubectl get events`).
 * Source of the fields: k8s.io/api/core/v1 types.go.
 */
import { hostname } from "node:os";
import type { ClusterClient } from "./cluster-client.ts";
import type { ClusterError } from "./cluster-error.ts";

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
}

export interface EventRecorder {
  /** Sends an Event in the background. One that can't be sent is reported and forgotten: Events decide nothing. */
  record(event: ClusterEvent): void;
}

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
      client
        .request({ method: "POST", path: pathFor(event), body: eventObject(event), timeoutMs: LIMIT_MS })
        .catch(failed)
        .finally(() => {
          underWay -= 1;
        });
    },
  };
}

function pathFor({ about }: ClusterEvent): string {
  return `/api/v1/namespaces/${encodeURIComponent(about.namespace)}/events`;
}

function eventObject({ type, reason, message, about }: ClusterEvent) {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const { apiVersion, kind, namespace, name, uid } = about;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace, generateName: `${name}.`.slice(-200) },
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
