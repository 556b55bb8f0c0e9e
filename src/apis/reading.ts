/**
 * @module What a reader makes of an object: the traffic model for policies, and small plain facts for the other kinds.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import type { MeshSetting } from "./mesh-setting.ts";

/** The kind group: which entrypoint of the bundle judges an object (the WASM target has no rule index). */
export type Family = "network" | "workload" | "service" | "namespace";

/** One Pod, or the Pod inside a workload, whatever the workload's shape. */
export interface PodReading {
  /** JSON Pointer of the PodSpec: `/spec`, `/spec/template/spec`, ... */
  readonly pointer: string;
  /** JSON Pointer of the Pod's metadata: `/metadata`, `/spec/template/metadata`, ... */
  readonly metadataPointer: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly hostPorts: readonly {
    readonly pointer: string;
    readonly container: string;
    readonly port: number;
    readonly protocol: string;
  }[];
  /** Containers of every list (init and ephemeral ones too) that gain capabilities or run privileged. */
  readonly capabilities: readonly {
    readonly pointer: string;
    readonly container: string;
    /** Upper case, without `CAP_`. */
    readonly added: readonly string[];
    readonly privileged: boolean;
  }[];
  /** Settings by which the Pod leaves a mesh or the policies of its CNI. */
  readonly mesh: readonly MeshSetting[];
}

export interface ServiceReading {
  readonly type: string;
  readonly externalIPs: readonly string[];
}

/** The metadata in the middle of a CronJob: its labels end up on every Job. */
export interface JobTemplateReading {
  /** JSON Pointer of the metadata. */
  readonly pointer: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ObjectReading {
  readonly family: Family;
  /** Labels of the object itself (`/metadata/labels`); values that are no text are left out and are defects. */
  readonly labels: Readonly<Record<string, string>>;
  /** What carries the labels in the end: the object itself if absent, or the Pod that a Binding is for. */
  readonly labelsRole?: "bound-pod";
  readonly policy?: PolicyReading;
  readonly pods?: readonly PodReading[];
  readonly jobTemplate?: JobTemplateReading;
  readonly service?: ServiceReading;
  /** Settings by which traffic leaves a mesh, its mutual TLS or its policies; those of Pods are in `pods`. */
  readonly mesh?: readonly MeshSetting[];
  /** Defects outside of the policy (metadata, Pods, Services); a policy's own are in `policy.defects`. */
  readonly defects: readonly Defect[];
}

/** A kind as the API server serves it: what a webhook has to register for. */
export interface ServedResource {
  readonly kind: string;
  /** `networkpolicies`, as in `rules[].resources` of a webhook configuration. */
  readonly plural: string;
  readonly versions: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  /** Subresources through which a whole object of this kind arrives; a webhook must name each one. */
  readonly subresources: readonly string[];
  /** Another resource through which the kind arrives: `pods/binding`. */
  readonly parent?: string;
}

/** The translation of one or more kinds of one API group; one file each. */
export interface ApiReader {
  /** API group, `""` for core. */
  readonly group: string;
  readonly kinds: readonly string[];
  /** The kinds again, as the API server serves them. */
  readonly resources: readonly ServedResource[];
  /**
   * Reads an object that intake has accepted. Never throws: what can't be read is a defect.
   * @param object the whole object, apiVersion and metadata included
   */
  read(object: JsonObject): ObjectReading;
}
