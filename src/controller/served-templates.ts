/**
 * @module The template that the settings choose, for a cluster that says what it serves.
 */
import type { DefaultDenySettings } from "../engine/default-deny-settings.ts";
import { SHIPPED_DEFAULT_DENY } from "../engine/shipped-files.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError } from "./cluster-error.ts";
import { chooseTemplate, type DefaultDenyTemplate, readTemplates } from "./default-deny-template.ts";
import { asObject } from "./listed-objects.ts";
import { type ManagedPolicy, managedPolicy } from "./managed-policy.ts";

/**
 * Reads the templates and takes the one that the settings choose.
 * @throws TemplateError where there is none, or where it doesn't do what a default deny must
 * @throws ClusterError where the cluster doesn't say what it serves; asked only for `auto`
 */
export async function choosePolicy(
  client: Pick<ClusterClient, "request">,
  settings: Pick<DefaultDenySettings, "template" | "templateFile">,
): Promise<ManagedPolicy> {
  const templates = await readTemplates(SHIPPED_DEFAULT_DENY);
  return managedPolicy(await chooseTemplate(templates, settings, (template) => isServed(client, template)));
}

async function isServed(
  client: Pick<ClusterClient, "request">,
  { group, version, resource }: DefaultDenyTemplate,
): Promise<boolean> {
  try {
    const { json } = await client.request({ method: "GET", path: `/apis/${group}/${version}` });
    const served = asObject(json)?.["resources"];
    return Array.isArray(served) && served.some((one) => asObject(one)?.["name"] === resource?.plural);
  } catch (cause) {
    if (cause instanceof ClusterError && cause.status === 404) return false;
    throw cause;
  }
}
