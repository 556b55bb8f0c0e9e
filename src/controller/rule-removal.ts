/**
 * @module Takes the allow rules that an ended exception excused out of a policy: those and nothing else, and only where
 * that can't let more through.
 */
import { readerFor } from "../apis/registry.ts";
import type { Engine } from "../engine/engine.ts";
import type { Finding } from "../engine/verdict.ts";
import { coveredRules, policyTraffic } from "../exceptions/policy-traffic.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { PolicyReading } from "../model/traffic.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { judgeStored, type LapsedFinding } from "./exception-state.ts";
import type { ExcusedObject } from "./exception-watch.ts";
import { objectIdentity } from "./object-identity.ts";

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: "test" | "remove";
  readonly path: string;
  readonly value?: JsonValue;
  readonly [key: string]: JsonValue | undefined;
}

/** The patch, or why there is none. */
export type RemovalPlan =
  | { readonly patch: readonly PatchOperation[]; readonly rules: readonly string[] }
  | { readonly refused: string };

/**
 * Works out how to take the rules of ended exceptions out of an object.
 * @param now seconds since 1970
 */
export function planRemoval(
  engine: Engine,
  excused: ExcusedObject["object"],
  namespaceLabels: Readonly<Record<string, string>> | null,
  lapsed: readonly LapsedFinding[],
  now: number,
): RemovalPlan {
  const { group, kind, uid, resourceVersion } = objectIdentity(excused);
  const reader = readerFor(group, kind);
  const before = reader?.read(excused).policy;
  if (reader === undefined || before === undefined) return { refused: "it is no policy" };
  if (uid === "" || resourceVersion === "") return { refused: "it has no uid or resourceVersion" };
  const rules = [...new Set(lapsed.flatMap(({ finding }) => finding.rules ?? []))].toSorted(lastFirst);
  const unfit = rules.find((pointer) => !isAllowRule(pointer, before, excused));
  if (rules.length === 0) return { refused: "it is not a rule that is too wide" };
  if (unfit !== undefined) return { refused: `${unfit} is not an allow rule of a list` };
  const object = rules.reduce(without, excused);
  const after = reader.read(object).policy;
  if (after === undefined || letsMoreThrough(before, excused, after, object)) {
    return { refused: "without the rule the policy would isolate less, or let something else through" };
  }
  const known = new Set(judgeStored(engine, { object: excused, namespaceLabels }, now).findings.map(wordsOf));
  const worse = judgeStored(engine, { object, namespaceLabels }, now).findings.find((one) => !known.has(wordsOf(one)));
  if (worse !== undefined) return { refused: `without the rule it would break ${worse.guardrail}` };
  return {
    rules,
    patch: [
      { op: "test", path: "/metadata/uid", value: uid },
      { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
      ...rules.flatMap((path): PatchOperation[] => [
        { op: "test", path, value: valueAt(excused, path) ?? null },
        { op: "remove", path },
      ]),
    ],
  };
}

/**
 * Sends the patch. The API server refuses it where anything about the object has changed.
 * @throws ClusterError where it isn't taken
 */
export async function removeRules(
  client: Pick<ClusterClient, "request">,
  { kind, object }: ExcusedObject,
  patch: readonly PatchOperation[],
): Promise<void> {
  const { namespace, name } = objectIdentity(object);
  const base = kind.path.slice(0, -kind.plural.length);
  const place = namespace === "" ? "" : `namespaces/${encodeURIComponent(namespace)}/`;
  await client.request({
    method: "PATCH",
    path: `${base}${place}${kind.plural}/${encodeURIComponent(name)}`,
    query: { fieldManager: "ringfence" },
    contentType: "application/json-patch+json",
    body: [...patch],
  });
}

/** `/spec/ingress/10` goes before `/spec/ingress/2`, so that no removal moves the rule of another. */
function lastFirst(a: string, b: string): number {
  const [left, right] = [a, b].map((pointer) => Number(pointer.slice(pointer.lastIndexOf("/") + 1)));
  return (right ?? 0) - (left ?? 0);
}

/** Every rule of the model that stands there must allow: a Cilium rule may hold several, and a deny is never taken away. */
function isAllowRule(pointer: string, { rules }: PolicyReading, object: JsonObject): boolean {
  const there = rules.filter((rule) => rule.pointer === pointer || rule.pointer.startsWith(`${pointer}/`));
  const list = valueAt(object, pointer.slice(0, pointer.lastIndexOf("/")));
  const isElement = /\/(?:0|[1-9][0-9]*)$/.test(pointer) && Array.isArray(list);
  return isElement && there.length > 0 && there.every(({ action, staged }) => action === "allow" && !staged);
}

function letsMoreThrough(
  before: PolicyReading,
  beforeObject: JsonObject,
  after: PolicyReading,
  afterObject: JsonObject,
): boolean {
  if (before.isolates.ingress && !after.isolates.ingress) return true;
  if (before.isolates.egress && !after.isolates.egress) return true;
  const traffic = policyTraffic(after, afterObject);
  const covered = coveredRules(traffic, policyTraffic(before, beforeObject));
  return traffic.flows.some(({ pointer }) => !covered.has(pointer));
}

/** The place of a finding moves with the rules before it; its words don't. */
function wordsOf({ guardrail, rawMessage }: Finding): string {
  return `${guardrail}\0${rawMessage}`;
}

function without(object: JsonObject, pointer: string): JsonObject {
  const copy = structuredClone(object);
  const list = valueAt(copy, pointer.slice(0, pointer.lastIndexOf("/"))) as JsonValue[];
  list.splice(Number(pointer.slice(pointer.lastIndexOf("/") + 1)), 1);
  return copy;
}

function valueAt(object: JsonObject, pointer: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = (value as readonly JsonValue[])[Number(key)];
    else if (isJsonObject(value) && Object.hasOwn(value, key)) value = value[key];
    else return undefined;
  }
  return value;
}
