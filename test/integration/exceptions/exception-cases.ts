/**
 * @module Cases of test/tables/exceptions: an object is approved with real keys, something happens to it, and the shipped
 * bundle judges what has become of it.
 *
 * `approve` lists approvals of the object as it is in `objects`; `change` is a merge patch over it after that (RFC 7386).
 * Times are seconds from the approval (2026-12-01T00:00:00Z).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { readerFor } from "../../../src/apis/registry.ts";
import { readBundle } from "../../../src/engine/bundle.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { type JudgeRequest, splitApiVersion } from "../../../src/engine/judge-request.ts";
import { parseSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE } from "../../../src/engine/shipped-files.ts";
import type { Verdict } from "../../../src/engine/verdict.ts";
import { metadataPointers } from "../../../src/exceptions/annotations.ts";
import { parseKeySet } from "../../../src/exceptions/approver-keys.ts";
import { excusesOf } from "../../../src/exceptions/excuses.ts";
import { subjectOf } from "../../../src/gate/subject.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../../src/intake/json-value.ts";
import { type Approver, claims, header, ISSUED, keySet, makeApprover, signRaw } from "./forge.ts";

interface ApprovalRow {
  /** Who signs. `mallory` has a key that no cluster knows, under bob's name and key id. */
  readonly by?: string;
  /** When, and for how long. */
  readonly at?: number;
  readonly for?: number;
  readonly claims?: JsonObject;
  readonly header?: JsonObject;
  /** What is done to the token afterwards. */
  readonly spelling?: keyof typeof SPELLINGS;
}

export interface ExceptionCase {
  readonly id: string;
  readonly title: string;
  /** The id of a case of the same file: what this one doesn't say is said there. */
  readonly like?: string;
  readonly object: string;
  /** Slugs; any-any unless said. */
  readonly from?: readonly string[];
  readonly approve?: readonly ApprovalRow[];
  /** Over the annotations that ask for it, before the approval. */
  readonly asked?: JsonObject;
  readonly change?: JsonObject;
  /** The object that carries the annotations in the end, where it is another one: a Pod of the approved Deployment. */
  readonly carriedBy?: string;
  /** `approved`: an update of the approved object; an object: of that with the change. */
  readonly stored?: "approved" | JsonObject;
  readonly request?: JsonObject;
  readonly exceptions?: JsonObject;
  readonly settings?: JsonObject;
  readonly withoutKeys?: boolean;
  readonly firstSeen?: number;
  readonly at?: number;
  readonly expect: {
    readonly allowed: boolean;
    /** Guardrails that deny. */
    readonly deny?: readonly string[];
    /** Guardrails whose findings are excused. */
    readonly excused?: readonly string[];
    readonly says?: readonly string[];
    readonly ends?: number;
  };
}

/** What is done to an object, without what is expected of it. */
export type Case = Omit<ExceptionCase, "expect">;

const FOLDER = join(import.meta.dirname, "../../tables/exceptions");
const OBJECTS = load(readFileSync(join(FOLDER, "objects.yaml"), "utf8")) as Readonly<Record<string, JsonObject>>;

/** The cases of a file. */
export function exceptionCases(file: string): readonly ExceptionCase[] {
  const rows = load(readFileSync(join(FOLDER, file), "utf8")) as readonly ExceptionCase[];
  return rows.map((row) => (row.like === undefined ? row : { ...rows.find(({ id }) => id === row.like), ...row }));
}

const BUNDLE = readBundle(SHIPPED_BUNDLE);
const approvers = new Map(
  (["bob", "carol", "alice"] as const).map((name) => [name as string, makeApprover(name)] as const),
);
const stranger = makeApprover("bob");
const bob = approvers.get("bob") as Approver;
approvers.set("mallory", { ...stranger, kid: bob.kid });
const KEYS = parseKeySet(
  keySet(...["bob", "carol", "alice"].map((name) => (approvers.get(name) as Approver).publicJwk)),
);

const SPELLINGS = {
  padded: (token: string) => `${token}==`,
  "with a line break": (token: string) => token.replace(".", ".\n"),
  "in capitals": (token: string) => token.toUpperCase(),
  "cut off": (token: string) => token.slice(0, -1),
  "with another payload": (token: string) => {
    const [head = "", payload = "", signature = ""] = token.split(".");
    const longer = Buffer.from(payload, "base64url")
      .toString()
      .replace(/"exp":[0-9]+/, '"exp":1893456000');
    return `${head}.${Buffer.from(longer).toString("base64url")}.${signature}`;
  },
  "longer than 8 kB": (token: string) => token + "A".repeat(8192),
  "with a claim twice": (token: string) => {
    const [, payload = ""] = token.split(".");
    const twice = Buffer.from(payload, "base64url").toString().replace("{", '{"exp":1893456000,');
    return signRaw(bob, header(bob), twice);
  },
} as const;

/** Judges a case. */
export async function judgeCase(row: ExceptionCase): Promise<Verdict> {
  const { engine, request } = makeCase(row);
  await engine.prepare(request);
  return engine.judge(request);
}

/** The object of a case with its approvals, and an engine that knows the keys. */
export function makeCase(row: Case): { engine: Engine; request: JudgeRequest } {
  const engine = engineFor(row);
  const asking = withAnnotations(objectNamed(row.object), { ...requestAnnotations(row), ...row.asked });
  const tokens = (row.approve ?? [{}]).map((approval) => sign(approval, row, asking, engine));
  const approval = tokens.length === 0 ? {} : { "ringfence.dev/exception-approval": tokens.join(" ") };
  const approved = withAnnotations(asking, approval);
  const carrier = row.carriedBy === undefined ? approved : carry(approved, objectNamed(row.carriedBy));
  const object = patched(carrier, row.change ?? {}) as JsonObject;
  const request: JudgeRequest = {
    ...requestFor(object),
    ...storedPart(row, carrier),
    ...(row.request as Partial<JudgeRequest> | undefined),
    now: ISSUED + (row.at ?? 3600),
  };
  return { engine, request };
}

function storedPart(row: Case, carrier: JsonObject): Partial<JudgeRequest> {
  if (row.stored === undefined) return {};
  const oldObject = row.stored === "approved" ? carrier : (patched(carrier, row.stored) as JsonObject);
  return { operation: "UPDATE", oldObject };
}

function objectNamed(name: string): JsonObject {
  const object = OBJECTS[name];
  if (object === undefined) throw new Error(`no object ${name}`);
  return object;
}

function engineFor({ exceptions, settings, withoutKeys, firstSeen }: Case): Engine {
  const document = {
    apiVersion: "ringfence.dev/v1alpha1",
    kind: "Guardrails",
    metadata: { name: "test" },
    exceptions: { audience: "prod", ...exceptions },
    ...settings,
  };
  const text = JSON.stringify(document).replace("KID_OF_BOB", bob.kid);
  const complete = parseSettings(new TextEncoder().encode(text), "settings.yaml", BUNDLE.manifest);
  return new Engine(BUNDLE, complete, {
    ...(withoutKeys === true ? {} : { keys: { current: () => KEYS } }),
    ...(firstSeen === undefined ? {} : { ledger: { firstSeen: () => ISSUED + firstSeen } }),
  });
}

function requestAnnotations({ from = ["any-any"] }: Case): JsonObject {
  return {
    "ringfence.dev/exception": from.join(","),
    "ringfence.dev/exception-reason": "SEC-123: a migration",
    "ringfence.dev/exception-requester": "alice",
  };
}

/** On every metadata of the object, as `ringfence exception request` writes them. */
function withAnnotations(object: JsonObject, annotations: JsonObject): JsonObject {
  const { group, kind } = requestFor(object);
  const reading = readerFor(group, kind)?.read(object);
  const pointers = reading === undefined ? ["/metadata"] : metadataPointers(reading);
  return pointers.reduce((changed, pointer) => {
    const patch = pointer
      .slice(1)
      .split("/")
      .reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), { annotations });
    return patched(changed, patch) as JsonObject;
  }, object);
}

/** What a controller copies from a workload's Pod template to the Pod. */
function carry(workload: JsonObject, pod: JsonObject): JsonObject {
  const { annotations } = workload["metadata"] as { annotations: JsonObject };
  return withAnnotations(pod, annotations);
}

function requestFor(object: JsonObject): JudgeRequest {
  const subject = subjectOf(object, "default");
  if (subject === undefined) throw new Error("the object names no namespace");
  return {
    ...splitApiVersion(subject.apiVersion),
    uid: "case",
    place: "admission",
    operation: "CREATE",
    kind: subject.kind,
    namespace: subject.namespace,
    name: subject.name,
    subresource: "",
    user: { name: "alice", groups: ["system:authenticated"] },
    object,
    oldObject: null,
    namespaceLabels: null,
    now: ISSUED,
  };
}

/** Signs what the approver sees: the findings of the object as it is then. */
function sign(row: ApprovalRow, { from = ["any-any"] }: Case, object: JsonObject, engine: Engine): string {
  const approver = approvers.get(row.by ?? "bob") as Approver;
  const request = requestFor(object);
  const { group, kind, namespace, name } = request;
  const reading = readerFor(group, kind)?.read(object);
  if (reading === undefined) throw new Error(`${kind} has no reader`);
  const findings = engine.judge(request).findings.filter(({ guardrail }) => from.includes(guardrail));
  const issued = ISSUED + (row.at ?? 0);
  const good = claims({
    sub: approver.name,
    iat: issued,
    nbf: issued,
    exp: issued + (row.for ?? 86_400),
    guardrails: from,
    object: { group, kind, namespace, name },
    reason: "SEC-123: a migration",
    excuses: excusesOf(findings, reading, object),
  });
  const payload = patched(good as unknown as JsonObject, row.claims ?? {});
  const token = signRaw(approver, header(approver, row.header ?? {}), JSON.stringify(payload));
  return row.spelling === undefined ? token : SPELLINGS[row.spelling](token);
}

function patched(value: JsonValue, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result = new Map(Object.entries(isJsonObject(value) ? value : {}));
  for (const [key, part] of Object.entries(patch)) {
    if (part === null) result.delete(key);
    else result.set(key, patched(result.get(key) ?? null, part ?? null));
  }
  return Object.fromEntries<JsonValue | undefined>(result);
}

export { ISSUED };
