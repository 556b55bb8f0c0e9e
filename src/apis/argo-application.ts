/**
 * @module Application and ApplicationSet of Argo CD: which project they put themselves in.
 *
 * Every start and end of a sync and every status is an update of an Application, repeated until it succeeds (gitops.md
 * 1.3). So only a changed spec is looked at, nothing of it is a defect, and no finding denies.
 */
import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { AllowanceReading, ApiReader, ObjectReading } from "./reading.ts";

/** Who names none is in this project, which Argo CD makes with everything allowed. */
const DEFAULT_PROJECT = "default";
/** How templates of ApplicationSets begin: of Go, and of the older kind. */
const TEMPLATE = "{{";

/** Reader of Applications. */
export const applicationReader: ApiReader = {
  group: "argoproj.io",
  kinds: ["Application"],
  resources: [
    { kind: "Application", plural: "applications", versions: ["v1alpha1"], scope: "Namespaced", subresources: [] },
  ],
  read: (object) => reading(object, ["spec"]),
  readUpdate: (object, oldObject) =>
    isDeepStrictEqual(object["spec"], oldObject["spec"]) ? undefined : reading(object, ["spec"]),
};

/** Reader of ApplicationSets, whose templates are Applications. */
export const applicationSetReader: ApiReader = {
  group: "argoproj.io",
  kinds: ["ApplicationSet"],
  resources: [
    {
      kind: "ApplicationSet",
      plural: "applicationsets",
      versions: ["v1alpha1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) => reading(object, ["spec", "template", "spec"]),
};

function reading(object: JsonObject, path: readonly string[]): ObjectReading {
  const spec = path.reduce<JsonValue | undefined>(child, object);
  const project = child(spec, "project");
  const allowance = readProject(typeof project === "string" ? project : "", `/${path.join("/")}`);
  return { family: "delivery", labels: labelsOf(object), allowances: [allowance], defects: [] };
}

function readProject(project: string, at: string): AllowanceReading {
  const common = { aspect: "project", pointer: at, adviceOnly: true } as const;
  if (project.includes(TEMPLATE)) {
    const words = `whatever project the input of the generator names (${quote(project)})`;
    return { ...common, pointer: `${at}/project`, reach: "any", words };
  }
  const isDefault = project === "" || project === DEFAULT_PROJECT;
  const words = isDefault ? 'the project "default", which allows everything' : `the project ${quote(project)}`;
  return { ...common, pointer: project === "" ? at : `${at}/project`, reach: isDefault ? "any" : "some", words };
}

function labelsOf(object: JsonObject): Readonly<Record<string, string>> {
  const labels = child(child(object, "metadata"), "labels");
  if (!isJsonObject(labels)) return {};
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
}

function child(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
