/**
 * @module What the kinds of Istio have in common: where an object stands, whom it selects, and how a reader of one is
 * made from a function that reads its spec.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Defect, PolicyReading } from "../model/traffic.ts";
import { ObjectNode, pointerInto } from "./fields.ts";
import { addMeshKeys, SERVICE_LABELS } from "./mesh-keys.ts";
import type { MeshSetting, MeshSettingName } from "./mesh-setting.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";

/** Objects in here are for the whole mesh (`rootNamespace` of MeshConfig, unless it was changed). */
export const ROOT_NAMESPACE = "istio-system";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SELECTOR_KEYS: ReadonlySet<string> = new Set(["matchLabels"]);

/** An object while it is read. */
export class IstioObject {
  readonly spec: ObjectNode;
  /** As far as it is written. */
  readonly namespace: string | undefined;
  readonly isRoot: boolean;
  readonly settings: MeshSetting[];

  constructor(spec: ObjectNode, namespace: string | undefined, settings: MeshSetting[]) {
    this.spec = spec;
    this.namespace = namespace;
    this.isRoot = namespace === ROOT_NAMESPACE;
    this.settings = settings;
  }

  /** Notes a setting for the guardrails of the mesh. */
  note(setting: MeshSettingName, pointer: string, words: string): void {
    this.settings.push({ setting, pointer, words });
  }
}

/** A kind as the API server serves it. */
export interface IstioKind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly versions: readonly string[];
  /** Default Namespaced. */
  readonly scope?: "Cluster";
  /** Whether the CRD requires a spec; default false. */
  readonly needsSpec?: boolean;
}

type ReadSpec = (object: IstioObject) => Omit<PolicyReading, "defects"> | undefined;

/**
 * A reader of one kind.
 * @param readSpec notes settings and defects; what it allows, for a kind that is a policy
 */
export function istioReader(description: IstioKind, readSpec: ReadSpec): ApiReader {
  const { group, kind, plural, versions, scope = "Namespaced", needsSpec = false } = description;
  return {
    group,
    kinds: [kind],
    resources: [{ kind, plural, versions, scope, subresources: [] }],
    read: (object) => readIstioObject(object, needsSpec, readSpec),
  };
}

function readIstioObject(object: JsonObject, needsSpec: boolean, readSpec: ReadSpec): ObjectReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const metadata = root.objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const settings = addMeshKeys(undefined, labels, SERVICE_LABELS, metadata.at("labels")) ?? [];
  // Of a spec that is no object nothing can be said: the API server refuses it.
  const isOptional = !needsSpec && !root.has("spec");
  const spec = isOptional ? root.objectOrEmpty("spec") : root.requiredObject("spec");
  const policy = spec === undefined ? undefined : readSpec(new IstioObject(spec, metadata.text("namespace"), settings));
  return {
    family: "network",
    labels,
    ...(policy === undefined ? {} : { policy: { ...policy, defects: [] } }),
    ...(settings.length === 0 ? {} : { mesh: settings }),
    defects,
  };
}

/** How many labels the `selector` of a spec names; 0 selects everything. */
export function readIstioSelector(spec: ObjectNode): number {
  const selector = spec.object("selector");
  if (selector === undefined) return 0;
  selector.checkKeys(SELECTOR_KEYS, "none");
  const labels = Object.entries(selector.textMap("matchLabels"));
  for (const [key, value] of labels) {
    if (key !== "" && !key.includes("*") && !value.includes("*")) continue;
    const detail = "a selector takes no wildcards and no empty key; Istio refuses it";
    selector.report("invalid-value", pointerInto(selector.at("matchLabels"), key), detail);
  }
  return labels.length;
}
