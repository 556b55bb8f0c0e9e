/**
 * @module AdmissionReview v1, the part of it that Ringfence reads. Source: k8s.io/api/admission/v1 types.go.
 */
import { OmittedPaths } from "../intake/json-proof.ts";
import { parseStrictJson } from "../intake/strict-json.ts";
import { IntakeError } from "../intake/document.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource: string;
  readonly name: string;
  readonly namespace: string;
  readonly operation: Operation;
  readonly userInfo: { readonly name: string; readonly groups: readonly string[] };
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
  readonly dryRun: boolean;
}

/** A body that is no AdmissionReview v1. Without a uid there is no review to answer: HTTP 400. */
export class MalformedReview extends Error {
  /** The uid, where one could be read: then the answer is a denial. */
  readonly uid: string | undefined;

  constructor(message: string, uid?: string) {
    super(message);
    this.name = "MalformedReview";
    this.uid = uid;
  }
}

/** No reader looks at who wrote which field, and it is up to half of an object: it is not even parsed. */
const OMITTED = new OmittedPaths(["object", "oldObject"].map((name) => ["request", name, "metadata", "managedFields"]));

const OPERATIONS: readonly Operation[] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/**
 * Reads the body of a webhook call.
 * @throws MalformedReview for anything that is not exactly one AdmissionReview v1 with a request
 */
export function parseAdmissionReview(body: Uint8Array): AdmissionRequest {
  let review: JsonValue;
  try {
    review = parseStrictJson(body, { omitted: OMITTED }).value;
  } catch (cause) {
    if (cause instanceof IntakeError)
      throw new MalformedReview(`the body is not one unambiguous JSON document: ${cause.message}`);
    throw cause;
  }
  if (!isJsonObject(review) || review["apiVersion"] !== "admission.k8s.io/v1" || review["kind"] !== "AdmissionReview") {
    throw new MalformedReview("the body is not an AdmissionReview of admission.k8s.io/v1");
  }
  const request = review["request"];
  if (!isJsonObject(request)) throw new MalformedReview("the AdmissionReview has no request");
  const uid = request["uid"];
  if (typeof uid !== "string" || uid === "") throw new MalformedReview("the request has no uid");
  return readRequest(request, uid);
}

function readRequest(request: JsonObject, uid: string): AdmissionRequest {
  const operation = OPERATIONS.find((known) => known === request["operation"]);
  if (operation === undefined)
    throw new MalformedReview("the request's operation is none of CREATE, UPDATE, DELETE, CONNECT", uid);
  const kind = part(request, "kind", uid);
  const resource = part(request, "resource", uid);
  const userInfo = request["userInfo"];
  const groups =
    isJsonObject(userInfo) && Array.isArray(userInfo["groups"]) ? (userInfo["groups"] as readonly JsonValue[]) : [];
  return {
    uid,
    kind: { group: text(kind, "group"), version: text(kind, "version"), kind: text(kind, "kind") },
    resource: {
      group: text(resource, "group"),
      version: text(resource, "version"),
      resource: text(resource, "resource"),
    },
    subResource: text(request, "subResource"),
    name: text(request, "name"),
    namespace: text(request, "namespace"),
    operation,
    userInfo: {
      name: isJsonObject(userInfo) ? text(userInfo, "username") : "",
      groups: groups.filter((group): group is string => typeof group === "string"),
    },
    object: objectOrNull(request, "object", uid),
    oldObject: objectOrNull(request, "oldObject", uid),
    dryRun: request["dryRun"] === true,
  };
}

function part(request: JsonObject, name: string, uid: string): JsonObject {
  const value = request[name];
  if (!isJsonObject(value)) throw new MalformedReview(`the request has no ${name}`, uid);
  return value;
}

function text(object: JsonObject, name: string): string {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === "string" ? value : "";
}

function objectOrNull(request: JsonObject, name: string, uid: string): JsonObject | null {
  const value = request[name];
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value)) throw new MalformedReview(`the request's ${name} is not an object`, uid);
  return value;
}
