/**
 * @module What a reader makes of an object: the traffic model for policies, and small plain facts for the other kinds.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect, PeerSet, PolicyReading } from "../model/traffic.ts";
import type { MeshSetting } from "./mesh-setting.ts";

/**
 * The kind group: which entrypoint of the bundle judges an object (the WASM target has no rule index).
 * `service` is what leads traffic in (Services, their endpoints, Gateways, routes, Ingresses), `delivery` what writes to
 * the cluster from outside (Argo CD, Flux), `definition` the CustomResourceDefinitions of policy groups.
 */
export type Family = "network" | "workload" | "service" | "namespace" | "delivery" | "definition";

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
  /** Addresses that the Service's status claims, with their places; whoever writes them takes the traffic over. */
  readonly statusAddresses: readonly { readonly pointer: string; readonly address: string }[];
  /** Fields and annotations by which the Service asks for an address or a name of somebody else. */
  readonly claims: readonly { readonly pointer: string; readonly words: string }[];
  /** Only for load balancers: who may connect. */
  readonly clients?: {
    readonly pointer: string;
    readonly peers: PeerSet;
    /** Short annotations, by which providers know a load balancer that is not public. */
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** Addresses behind a Service, as Endpoints and EndpointSlices write them. */
export interface EndpointsReading {
  /** The Service that sends traffic there; `""` where none does. */
  readonly service: string;
  readonly pointer: string;
  readonly addresses: readonly string[];
  /** Who says that he made the object: a label, which anybody can write. */
  readonly managedBy: string;
}

/** A door from outside: a listener of a Gateway, or a route or Ingress that publishes something through one. */
export interface OpeningReading {
  readonly pointer: string;
  /** Host names that it is for: `all` where nothing narrows them. */
  readonly hosts: "all" | "some";
  /** Only for listeners: the namespaces whose routes may use it, as the Pods in them. */
  readonly users?: PeerSet;
}

/** A reference that leaves the object's namespace, or a grant of such references. */
export interface CrossingReading {
  readonly pointer: string;
  /** `uses`: the object reaches out; `grants`: it lets others reach in. */
  readonly role: "uses" | "grants";
  /** What is reached, in words. */
  readonly target: string;
  /** A grant that names no object, so that every one of the kind can be reached. */
  readonly everything: boolean;
}

/** One thing that a deployment tool is allowed, and whether that is limited at all. */
export interface AllowanceReading {
  readonly aspect:
    | "source"
    | "server"
    | "namespace"
    | "cluster-kind"
    | "namespaced-kind"
    | "application-namespace"
    | "project"
    | "identity"
    | "reference";
  readonly pointer: string;
  readonly reach: "any" | "some";
  readonly words: string;
  /** Refusing such a write would stop the tool itself. */
  readonly adviceOnly: boolean;
}

/** What a CustomResourceDefinition does to a policy API. */
export interface DefinitionReading {
  readonly group: string;
  readonly kind: string;
  readonly doors: readonly {
    readonly aspect: "kind" | "name" | "version" | "schema" | "default" | "conversion";
    readonly pointer: string;
    readonly words: string;
  }[];
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
  readonly endpoints?: EndpointsReading;
  readonly openings?: readonly OpeningReading[];
  readonly crossings?: readonly CrossingReading[];
  readonly allowances?: readonly AllowanceReading[];
  readonly definition?: DefinitionReading;
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
  /**
   * Reads an update, for kinds where the stored object matters. Never throws.
   * @returns undefined where the update changes nothing that is judged
   */
  readUpdate?(object: JsonObject, oldObject: JsonObject): ObjectReading | undefined;
}
