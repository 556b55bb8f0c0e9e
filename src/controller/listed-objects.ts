/**
 * @module What list and watch of the Kubernetes API answer, read from raw JSON. Whatever isn't understood is an error:
 * a line that is skipped is a change that is missed.
 */
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import { ownError, refusal } from "./cluster-error.ts";

/** One page of a list. */
export interface ListPage {
  readonly objects: readonly JsonObject[];
  /** Where a watch has to begin. */
  readonly resourceVersion: string;
  /** Asks for the next page; empty on the last one. */
  readonly continueToken: string;
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: "changed" | "deleted" | "bookmark";
  readonly object: JsonObject;
  /** Where a watch may begin after this event. */
  readonly resourceVersion: string;
}

/** @throws ClusterError `Malformed` */
export function readListPage(answer: JsonValue, path: string): ListPage {
  const list = asObject(answer);
  const metadata = asObject(list?.["metadata"]);
  const resourceVersion = textOf(metadata?.["resourceVersion"]);
  // Go writes an empty list as null where nobody made it.
  const items = list?.["items"] ?? [];
  if (resourceVersion === "" || !Array.isArray(items)) {
    throw ownError("Malformed", `the answer to GET ${path} is no list`);
  }
  return {
    objects: (items as readonly JsonValue[]).map(namedObject),
    resourceVersion,
    continueToken: textOf(metadata?.["continue"]),
  };
}

const EVENT_TYPES = new Map<unknown, WatchEvent["type"]>([
  ["ADDED", "changed"],
  ["MODIFIED", "changed"],
  ["DELETED", "deleted"],
  ["BOOKMARK", "bookmark"],
]);

/** @throws ClusterError `Malformed`, or what an ERROR event says (`Expired` with 410 where history is gone) */
export function readWatchEvent(line: string, path: string): WatchEvent {
  const event = asObject(parseLine(line));
  const type = EVENT_TYPES.get(event?.["type"]);
  if (type === undefined) throw notAnEvent(event, path);
  // A bookmark has no name, only the version.
  const object = type === "bookmark" ? asObject(event?.["object"]) : namedObject(event?.["object"]);
  const resourceVersion = textOf(asObject(object?.["metadata"])?.["resourceVersion"]);
  if (object === undefined || resourceVersion === "") {
    throw ownError("Malformed", `an event of the watch of ${path} has no resourceVersion`);
  }
  return { type, object, resourceVersion };
}

function notAnEvent(event: JsonObject | undefined, path: string): Error {
  if (event?.["type"] !== "ERROR") return ownError("Malformed", `a line of the watch of ${path} is no event`);
  const status = event["object"];
  const code = asObject(status)?.["code"];
  return refusal(`GET ${path} (watch event)`, typeof code === "number" ? code : 0, JSON.stringify(status ?? null));
}

function parseLine(line: string): JsonValue | undefined {
  try {
    return JSON.parse(line) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The key of an object that has a name: `namespace/name`, or `name` where it is of the cluster. */
export function objectKey(object: JsonObject): string {
  const metadata = asObject(object["metadata"]);
  const [namespace, name] = [textOf(metadata?.["namespace"]), textOf(metadata?.["name"])];
  return namespace === "" ? name : `${namespace}/${name}`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The value as an object; undefined where it is none. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function namedObject(value: JsonValue | undefined): JsonObject {
  const object = asObject(value);
  if (object === undefined || textOf(asObject(object["metadata"])?.["name"]) === "") {
    throw ownError("Malformed", "the API server sent an object without a name");
  }
  return object;
}
