/**
 * @module What a reader makes of an object: the traffic model for policies, and small plain facts for the other kinds.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";

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
  readonly hostPorts: readonly { readonly pointer: string; readonly container: string; readonly port: number; readonly protocol: string }[];
  /** Containers of every list (init and ephemeral ones too) that gain capabilities or run privileged. */
  readonly capabilities: readonly {
    readonly pointer: string;
    readonly container: string;
    /** Upper case, without `CAP_`. */
    readonly added: readonly string[];
    readonly privileged: boolean;
  }[];
}

export interface ServiceReading {
  readonly type: string;
  readonly externalIPs: readonly string[];
}

export interface ObjectReading {
  readonly family: Family;
  readonly policy?: PolicyReading;
  readonly pods?: readonly PodReading[];
  readonly service?: ServiceReading;
  /** Labels of nested metadata that is not a Pod's (a CronJob's jobTemplate). */
  readonly defects: readonly Defect[];
}

/** The translation of one or more kinds of one API group; one file each. */
export interface ApiReader {
  /** API group, `""` for core. */
  readonly group: string;
  readonly kinds: readonly string[];
  /**
   * Reads an object that intake has accepted. Never throws: what can't be read is a defect.
   * @param object the whole object, apiVersion and metadata included
   */
  read(object: JsonObject): ObjectReading;
}
