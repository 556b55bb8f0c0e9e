/**
 * @module `ringfence rbac`: the rights that the webhook and the controller need, for `kubectl apply -f -`.
 */
import { chooseTemplate, readTemplates } from "../controller/default-deny-template.ts";
import {
  exceptionRights,
  FORECAST_RIGHTS,
  neededRights,
  type PolicyResource,
  rbacManifests,
} from "../controller/rbac.ts";
import { TemplateError } from "../controller/template-error.ts";
import { SHIPPED_DEFAULT_DENY } from "../engine/shipped-files.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS, loadBundle, loadSettings } from "./engine-options.ts";

// RFC 1123, as the API server checks names of namespaces and of service accounts without dots.
const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Prints roles and bindings. */
export const rbacCommand: Command = {
  name: "rbac",
  summary: "Print the least roles for `ringfence serve` and `ringfence controller`.",
  usage: "[OPTIONS]",
  description:
    "A ClusterRole, a Role for the Lease, and their bindings. Which policies may be written follows from `defaultDeny` in the\n" +
    "settings; while its mode is observe, Pods and NetworkPolicies may be listed too, to tell what would be cut off. Where\n" +
    "approvers have keys (exceptions.keys), every kind may be watched for exceptions that end; policies may be patched only\n" +
    "where exceptions.atEnd is remove.",
  options: {
    ...ENGINE_OPTIONS,
    namespace: {
      type: "string",
      value: "NAME",
      description: "The namespace of Ringfence.",
      default: "ringfence",
    },
    "service-account": {
      type: "string",
      value: "NAME",
      description: "The service account that gets the rights; the settings name it in defaultDeny.managers.",
      default: "ringfence-controller",
    },
  },
  async run(args, io) {
    if (args.positionals.length > 0) throw new CallError("rbac takes options only", "rbac");
    const { defaultDeny, exceptions } = await loadSettings(args, loadBundle(args));
    const rights = [
      ...neededRights(await policyResource(defaultDeny)),
      ...(defaultDeny.mode === "observe" ? FORECAST_RIGHTS : []),
      ...exceptionRights(exceptions),
    ];
    const manifests = rbacManifests(rights, nameOf(args, "namespace"), nameOf(args, "service-account"));
    const { stringify } = await import("yaml");
    // kubectl reads YAML 1.1, in which a namespace called "on" would be a boolean.
    const options = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;
    io.stdout.write(manifests.map((manifest) => `---\n${stringify(manifest, options)}`).join(""));
    return EXIT_OK;
  },
};

/** Where the template's objects are; `auto` is taken as the API that every cluster serves. */
async function policyResource(settings: Parameters<typeof chooseTemplate>[1]): Promise<PolicyResource> {
  try {
    const templates = await readTemplates(SHIPPED_DEFAULT_DENY);
    const { group, resource } = await chooseTemplate(templates, settings, () => true);
    return { group, resource: resource?.plural ?? "", scope: resource?.scope ?? "Namespaced" };
  } catch (cause) {
    if (cause instanceof TemplateError) throw new CallError(cause.message);
    throw cause;
  }
}

function nameOf(args: Arguments, option: string): string {
  const name = args.textOr(option, "");
  if (!NAME.test(name)) throw new CallError(`--${option} ${quote(name)} is no name that Kubernetes accepts`, "rbac");
  return name;
}
