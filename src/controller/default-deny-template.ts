/**
 * @module Templates of the managed default deny: reading them, choosing one, and the object for a namespace.
 * What a template has to fulfil is checked in default-deny-check.ts before it is chosen.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readerFor } from "../apis/registry.ts";
import type { ServedResource } from "../apis/reading.ts";
import type { DefaultDenySettings } from "../engine/default-deny-settings.ts";
import { splitApiVersion } from "../engine/judge-request.ts";
import type { Document } from "../intake/document.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { readYaml } from "../intake/strict-yaml.ts";
import { quote } from "../model/quote.ts";
import { checkTemplate } from "./default-deny-check.ts";
import { GITOPS_ANNOTATIONS, MANAGED_LABELS, MANAGED_NAME, PLACEHOLDER } from "../engine/managed-object.ts";
import { TemplateError } from "./template-error.ts";

/** A template as it was read; nothing of it is checked yet. */
export interface DefaultDenyTemplate {
  /** `kubernetes`, as settings choose it; the file's path for an organisation's own. */
  readonly name: string;
  readonly document: Document;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** How the API server serves the kind; undefined for a kind that Ringfence can't read. */
  readonly resource: ServedResource | undefined;
}

/**
 * Reads the shipped templates.
 * @param folder policies/default-deny
 * @returns templates by name, without `.yaml`
 * @throws TemplateError where a file isn't one strict YAML document
 */
export async function readTemplates(folder: string): Promise<ReadonlyMap<string, DefaultDenyTemplate>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml")).toSorted();
  const templates = await Promise.all(files.map((file) => readTemplate(join(folder, file), basename(file, ".yaml"))));
  return new Map(templates.map((template) => [template.name, template]));
}

/**
 * Reads one template.
 * @param name what settings and messages call it
 * @throws TemplateError where the file can't be read or isn't one strict YAML document
 */
export async function readTemplate(file: string, name = file): Promise<DefaultDenyTemplate> {
  let text: Uint8Array;
  try {
    text = await readFile(file);
  } catch (cause) {
    throw new TemplateError([
      `${file}: the template can't be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`,
    ]);
  }
  const { documents, errors } = readYaml(text, file);
  const problems = errors.map(
    ({ position, message }) => `${file}${position === undefined ? "" : `:${position.line}`}: ${message}`,
  );
  const [document] = documents;
  if (document === undefined || documents.length > 1) {
    problems.push(`${file}: a template is one document, not ${documents.length}`);
  }
  if (problems.length > 0 || document === undefined) throw new TemplateError(problems);
  const { group, version } = splitApiVersion(document.value["apiVersion"] as string);
  const kind = document.value["kind"] as string;
  const resource = readerFor(group, kind)?.resources.find((served) => served.kind === kind);
  return { name, document, group, version, kind, resource };
}

/**
 * Every CNI that enforces its own policies enforces NetworkPolicy too, and CRDs stay behind when a CNI is replaced: what
 * is served says little about what is enforced. So a vendor's API comes after Kubernetes' own.
 */
const AUTOMATIC_ORDER = ["kubernetes", "cilium", "calico", "antrea", "cluster-network-policy"];

/**
 * The template that the settings choose, checked.
 * @param templates of {@link readTemplates}
 * @param isServed whether the cluster serves a template's kind in its version; asked only for `auto`
 * @throws TemplateError where there is none, or where it doesn't do what a default deny must
 */
export async function chooseTemplate(
  templates: ReadonlyMap<string, DefaultDenyTemplate>,
  { template: choice, templateFile }: Pick<DefaultDenySettings, "template" | "templateFile">,
  isServed: (template: DefaultDenyTemplate) => boolean | Promise<boolean>,
): Promise<DefaultDenyTemplate> {
  const template =
    templateFile === undefined ? await shippedTemplate(templates, choice, isServed) : await readTemplate(templateFile);
  checkTemplate(template);
  return template;
}

async function shippedTemplate(
  templates: ReadonlyMap<string, DefaultDenyTemplate>,
  choice: DefaultDenySettings["template"],
  isServed: (template: DefaultDenyTemplate) => boolean | Promise<boolean>,
): Promise<DefaultDenyTemplate> {
  for (const name of choice === "auto" ? AUTOMATIC_ORDER : [choice]) {
    const template = templates.get(name);
    if (template === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- in this order, and nearly always the first is the one
    if (choice !== "auto" || (template.resource !== undefined && (await isServed(template)))) return template;
  }
  throw new TemplateError([
    choice === "auto"
      ? `defaultDeny.template: the cluster serves none of the APIs that there are templates for (${AUTOMATIC_ORDER.join(", ")}); name a template of your own as defaultDeny.templateFile`
      : `defaultDeny.template: there is no template ${quote(choice)}; there are ${[...templates.keys()].join(", ")}`,
  ]);
}

/**
 * The managed object of a namespace, for a server-side apply. Name, labels and annotations are always Ringfence's.
 * @param template a checked one
 * @param namespace its name
 */
export function renderDefaultDeny(template: DefaultDenyTemplate, namespace: string): JsonObject {
  const object = replacePlaceholder(template.document.value, namespace) as JsonObject;
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  return {
    ...object,
    metadata: {
      ...metadata,
      name: managedName(template, namespace),
      ...(isNamespaced(template) ? { namespace } : {}),
      labels: { ...objectOrEmpty(metadata["labels"]), ...MANAGED_LABELS },
      annotations: { ...objectOrEmpty(metadata["annotations"]), ...GITOPS_ANNOTATIONS },
    },
  };
}

/** Where the API server has the managed object of a namespace: the path of GET, PATCH and DELETE. */
export function managedObjectPath(template: DefaultDenyTemplate, namespace: string): string {
  const { group, version, resource } = template;
  const place = isNamespaced(template) ? `namespaces/${encodeURIComponent(namespace)}/` : "";
  return `/apis/${group}/${version}/${place}${resource?.plural ?? ""}/${encodeURIComponent(managedName(template, namespace))}`;
}

/** The path that lists and watches the kind in all namespaces. */
export function managedObjectsPath({ group, version, resource }: DefaultDenyTemplate): string {
  return `/apis/${group}/${version}/${resource?.plural ?? ""}`;
}

function managedName(template: DefaultDenyTemplate, namespace: string): string {
  return isNamespaced(template) ? MANAGED_NAME : `${MANAGED_NAME}-${namespace}`;
}

function isNamespaced({ resource }: DefaultDenyTemplate): boolean {
  return resource?.scope !== "Cluster";
}

function replacePlaceholder(value: JsonValue, namespace: string): JsonValue {
  if (typeof value === "string") return value.replaceAll(PLACEHOLDER, () => namespace);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => replacePlaceholder(item, namespace));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replacePlaceholder(item ?? null, namespace)]),
  );
}

function objectOrEmpty(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
