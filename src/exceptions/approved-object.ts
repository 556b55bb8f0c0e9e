/**
 * @module Whether an approval is for this object: its own name, or the workload whose controller made it.
 *
 * Who may create a Pod may write any owner into it, so an owner's approval counts only where the controller itself sent
 * the object, and only for the chain of owners that the controller makes.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import type { ApprovedObject } from "./approval-claims.ts";

/** An object and who sends it, as far as approvals are concerned. */
export interface ClaimedObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  /** `metadata.name`, or `generateName` followed by `*`. */
  readonly name: string;
  readonly user: { readonly name: string };
  readonly object: JsonObject;
}

/** The workload whose approval an object made by its controller carries. */
export interface Carrier {
  readonly kind: string;
  readonly name: string;
}

/**
 * Whether an approval names this object.
 * @param controllers users that may bring a workload's approval to what they make of it
 * @returns `own`, the workload that the approval is for, or undefined where it is for something else
 */
export function approvedAs(
  approved: ApprovedObject,
  claimed: ClaimedObject,
  controllers: readonly string[],
): "own" | Carrier | undefined {
  if (approved.namespace !== claimed.namespace) return undefined;
  if (approved.group === claimed.group && approved.kind === claimed.kind && isNamed(approved.name, claimed))
    return "own";
  if (!controllers.includes(claimed.user.name)) return undefined;
  const isOwner = ownersOf(claimed).some(
    (owner) => owner.group === approved.group && owner.kind === approved.kind && owner.matches(approved.name),
  );
  return isOwner ? { kind: approved.kind, name: approved.name } : undefined;
}

/** The name itself, or a generated one: then the prefix must be the object's own, to the letter. */
function isNamed(approved: string, { name, object }: ClaimedObject): boolean {
  if (approved === name) return true;
  if (!approved.endsWith("*") || approved.length < 2) return false;
  const prefix = approved.slice(0, -1);
  return field(field(object, "metadata"), "generateName") === prefix && name.startsWith(prefix);
}

interface Owner {
  readonly group: string;
  readonly kind: string;
  matches(name: string): boolean;
}

/** The owner that controls the object, and the owner behind it where its name tells. */
function ownersOf({ group, kind, object }: ClaimedObject): readonly Owner[] {
  const owner = controllingOwner(object);
  if (owner === undefined) return [];
  const is = (ownerGroup: string, ownerKind: string) => owner.group === ownerGroup && owner.kind === ownerKind;
  const direct: Owner = { ...owner, matches: (name) => name === owner.name };
  if (group === "apps" && kind === "ReplicaSet") return is("apps", "Deployment") ? [direct] : [];
  if (group === "batch" && kind === "Job") return is("batch", "CronJob") ? [direct] : [];
  if (group !== "" || kind !== "Pod") return [];
  if (is("apps", "ReplicaSet")) {
    return [direct, { group: "apps", kind: "Deployment", matches: (name) => isReplicaSetOf(name, owner.name, object) }];
  }
  if (is("batch", "Job")) {
    return [direct, { group: "batch", kind: "CronJob", matches: (name) => isJobOf(name, owner.name) }];
  }
  const isPodMaker = is("apps", "StatefulSet") || is("apps", "DaemonSet") || is("", "ReplicationController");
  return isPodMaker ? [direct] : [];
}

// The alphabet of k8s.io/apimachinery/pkg/util/rand, in which pod-template-hash is written.
const TEMPLATE_HASH = /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/;

/** A Deployment's ReplicaSet is called after it and its template's hash, which is also a label of every Pod. */
function isReplicaSetOf(deployment: string, replicaSet: string, pod: JsonObject): boolean {
  const hash = field(field(field(pod, "metadata"), "labels"), "pod-template-hash");
  return typeof hash === "string" && TEMPLATE_HASH.test(hash) && replicaSet === `${deployment}-${hash}`;
}

/** A CronJob's Job is called after it and the minute for which it is. */
function isJobOf(cronJob: string, job: string): boolean {
  return job.startsWith(`${cronJob}-`) && /^[0-9]{1,11}$/.test(job.slice(cronJob.length + 1));
}

function controllingOwner(object: JsonObject): (Carrier & { readonly group: string }) | undefined {
  const references = field(field(object, "metadata"), "ownerReferences");
  if (!Array.isArray(references)) return undefined;
  const controlling = (references as readonly JsonValue[]).filter((owner) => field(owner, "controller") === true);
  const [owner] = controlling;
  // The API server allows one.
  if (controlling.length !== 1) return undefined;
  const [apiVersion, kind, name] = ["apiVersion", "kind", "name"].map((key) => field(owner, key));
  if (typeof apiVersion !== "string" || typeof kind !== "string" || typeof name !== "string") return undefined;
  const slash = apiVersion.indexOf("/");
  return { group: slash === -1 ? "" : apiVersion.slice(0, slash), kind, name };
}

function field(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
