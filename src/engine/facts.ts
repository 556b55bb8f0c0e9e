/**
 * @module Facts: the input contract of the guardrails (`input` in Rego), version 1. docs/facts.md describes it field
 * by field; adding a field is allowed in a version, removing or changing one is not.
 */
import type { MeshSetting } from "../apis/mesh-setting.ts";
import type { ExceptionFact } from "../exceptions/exception-facts.ts";
import type {
  AllowanceReading,
  CrossingReading,
  DefinitionReading,
  EndpointsReading,
  Family,
  OpeningReading,
  PodReading,
  ServiceReading,
} from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect } from "../model/traffic.ts";
import type { PeersFact, PeersWidth, PlaceFact, RuleFact, UnionFact } from "../model/width.ts";
import type { ManagedFact } from "./managed-fact.ts";

export type { RuleFact, UnionFact } from "../model/width.ts";

export interface PolicyFact {
  readonly scope: "namespace" | "cluster" | "mesh" | "host";
  readonly subject: {
    readonly reach: "nobody" | "selected" | "namespace" | "cluster";
    readonly pointer: string;
    /** Only where the organisation has written which domains may talk to each other. */
    readonly domains?: readonly PlaceFact[];
    readonly tenants?: readonly PlaceFact[];
  };
  readonly isolates: { readonly ingress: boolean; readonly egress: boolean };
  readonly rank?: { readonly tier: string; readonly order: number };
  readonly rules: readonly RuleFact[];
  readonly unions: readonly UnionFact[];
}

/** Labels with the place where they are written; `role` says what carries them. */
export interface LabelledFact {
  readonly role: "object" | "pod-template" | "job-template" | "bound-pod";
  readonly pointer: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the live object at the same place; null where there is none (CREATE, gate). */
  readonly oldLabels: Readonly<Record<string, string>> | null;
}

/** Whether policies isolate every Pod of a namespace, by direction. */
export interface DefaultDenyFact {
  readonly namespace: string;
  readonly ingress: boolean;
  readonly egress: boolean;
}

export type PodFact = Pick<PodReading, "pointer" | "hostNetwork" | "hostPorts" | "capabilities">;

/** A Service; who may connect is a width here. */
export type ServiceFact = Omit<ServiceReading, "clients"> & {
  readonly clients?: PeersFact & { readonly annotations: Readonly<Record<string, string>> };
};

export type OpeningFact = Omit<OpeningReading, "users"> & { readonly users?: PeersWidth };

export interface Facts {
  readonly version: 1;
  /** Echoed by the bundle; an answer without the same two values is no answer. */
  readonly uid: string;
  readonly digest: string;
  readonly place: "admission" | "gate" | "audit";
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  /** RFC 3339, UTC, whole seconds. */
  readonly now: string;
  /** The same moment in seconds since 1970. */
  readonly nowSeconds: number;
  readonly object: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly subresource: string;
    /** The kind group whose guardrails judge. */
    readonly family: Family;
    /** The newest upstream release whose fields Ringfence knows; absent where an API has none. */
    readonly knownRelease?: string;
    /** The owner that controls the object, when there is one (`ReplicaSet`), else "". */
    readonly controllerKind: string;
  };
  readonly user: { readonly name: string; readonly groups: readonly string[] };
  /** Labels of the object's namespace; null where the place can't know them (then guardrails that need them stay silent and are listed as inactive). */
  readonly namespaceLabels: Readonly<Record<string, string>> | null;
  readonly labelled: readonly LabelledFact[];
  readonly policy?: PolicyFact;
  readonly pods?: readonly PodFact[];
  /** Only for a managed default deny: what happens to it. */
  readonly managed?: ManagedFact;
  /** Only for a Namespace whose policies are all known: in the gate and in the audit. */
  readonly defaultDeny?: DefaultDenyFact;
  /** Settings by which traffic leaves a mesh, its mutual TLS or its policies; absent where there is none. */
  readonly mesh?: readonly MeshSetting[];
  readonly service?: ServiceFact;
  readonly endpoints?: EndpointsReading;
  readonly openings?: readonly OpeningFact[];
  readonly crossings?: readonly CrossingReading[];
  readonly allowances?: readonly AllowanceReading[];
  readonly definition?: DefinitionReading;
  readonly defects: readonly Defect[];
  /** Only for objects that ask for an exception. */
  readonly exception?: ExceptionFact;
  /** Only for bundles with a guardrail whose METADATA says `custom: {needs: [object]}`. */
  readonly source?: JsonObject;
}

/** A finding as a guardrail returns it. */
export interface RawFinding {
  readonly guardrail: string;
  readonly pointer: string;
  readonly message: string;
  /** Overrides the guardrail's fix where the guardrail can say something more exact. */
  readonly fix?: string;
  /** It is about who writes, not about what is written: that the stored object is no better is no excuse for a change. */
  readonly aboutWriter?: boolean;
  /** The rules that the finding is about: they must all be approved before it is excused. Only findings on widths. */
  readonly rules?: readonly string[];
  /** What excuses the finding: written by rego/lib/exceptions.rego alone. */
  readonly excused?: Excuse;
  /** The finding never denies, whatever the guardrail's mode. */
  readonly atMost?: "warn";
}

export interface Excuse {
  /** Ids of the approvals, joined by commas; `unsigned` where settings allow exceptions without one. */
  readonly id: string;
  /** Names of the approvers, joined by a comma and a space; empty for unsigned ones. */
  readonly approver: string;
  /** Seconds since 1970. */
  readonly expires: number;
}
