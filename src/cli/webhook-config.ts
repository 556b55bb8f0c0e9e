/**
 * @module `ringfence webhook-config`: what the API server has to be told.
 */
import { readFile } from "node:fs/promises";
import { READERS } from "../apis/registry.ts";
import { parseCertificates } from "../certs/pem-pair.ts";
import type { Settings } from "../engine/settings.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS, loadBundle, loadSettings } from "./engine-options.ts";
import { mutatingWebhookConfiguration } from "./mutating-webhook-configuration.ts";
import { type ClientConfig, deletionsOf, webhookConfiguration } from "./webhook-configuration.ts";

const HTTPS_PORT = 443;
// RFC 1123, as the API server checks names of namespaces and Services.
const LABEL = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const NAMESPACE = new RegExp(`^${LABEL}$`);
const SERVICE = new RegExp(`^(${LABEL})/(${LABEL})(?::([0-9]{1,5}))?$`);

/** Prints a webhook configuration for `kubectl apply -f -`. */
export const webhookConfigCommand: Command = {
  name: "webhook-config",
  summary: "Print a webhook configuration for a running `ringfence serve`.",
  usage: "--ca-file FILE (--url URL | --service NAMESPACE/NAME[:PORT]) [OPTIONS]",
  description:
    "A ValidatingWebhookConfiguration; with --mutating the MutatingWebhookConfiguration for what the settings' mutate asks.\n" +
    "The rules name exactly the resources that Ringfence judges. Not sent: objects in the namespaces that the settings exempt,\n" +
    "in those of --exempt-namespace and in the webhook's own, so that a cluster can always start.",
  options: {
    ...ENGINE_OPTIONS,
    "ca-file": { type: "string", value: "FILE", description: "PEM: the CA that issued the webhook's certificate." },
    url: { type: "string", value: "URL", description: "Where a webhook outside of the cluster is: https://host:port." },
    service: {
      type: "string",
      value: "NAMESPACE/NAME",
      description: "The Service of a webhook inside of the cluster; its port, if it isn't 443, after a colon.",
    },
    mutating: {
      type: "boolean",
      description: "The MutatingWebhookConfiguration, for settings that ask for mutations.",
    },
    "exempt-namespace": {
      type: "string",
      value: "NAME",
      multiple: true,
      description: "A namespace whose objects are not sent",
    },
  },
  async run(args, io) {
    if (args.positionals.length > 0) throw new CallError("webhook-config takes options only", "webhook-config");
    const path = args.flag("mutating") ? "/mutate" : "/validate";
    const service = readService(args, path);
    const clientConfig = await readClientConfig(args, service, path);
    const bundle = loadBundle(args);
    const settings = await loadSettings(args, bundle);
    const target = { readers: READERS, clientConfig, exemptNamespaces: exemptNamespaces(args, settings, service) };
    const configuration = args.flag("mutating")
      ? mutatingWebhookConfiguration(target, settings.mutate)
      : webhookConfiguration({ ...target, deletions: deletionsOf(bundle.manifest.guardrails, settings) });
    if (configuration === undefined) {
      throw new CallError(
        "--mutating: the settings ask for no mutation; set mutate.policyTypes or mutate.labelsFromNamespace",
      );
    }
    const { stringify } = await import("yaml");
    // kubectl reads YAML 1.1, in which a namespace called "on" would be a boolean.
    io.stdout.write(stringify(configuration, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }));
    return EXIT_OK;
  },
};

type Service = Extract<ClientConfig, { service: unknown }>["service"];

function readService(args: Arguments, path: string): Service | undefined {
  const text = args.text("service");
  if (text === undefined) return undefined;
  const [, namespace = "", name = "", port = HTTPS_PORT] = SERVICE.exec(text) ?? [];
  if (namespace === "" || Number(port) < 1 || Number(port) > 65_535) {
    throw new CallError(
      `--service must be NAMESPACE/NAME or NAMESPACE/NAME:PORT, not ${quote(text)}`,
      "webhook-config",
    );
  }
  return { namespace, name, port: Number(port), path };
}

async function readClientConfig(args: Arguments, service: Service | undefined, path: string): Promise<ClientConfig> {
  const url = args.text("url");
  if ((url === undefined) === (service === undefined)) {
    throw new CallError("either --url or --service is needed, to say where the webhook is", "webhook-config");
  }
  const place = service === undefined ? { url: `${readUrl(url ?? "")}${path}` } : { service };
  return { ...place, caBundle: await readAuthority(args) };
}

/** The API server accepts https without user, query and fragment; the path is ours. */
function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== "https:" || `${url.origin}/` !== url.href) {
    throw new CallError(
      `--url must be https://HOST or https://HOST:PORT and nothing more, not ${quote(text)}`,
      "webhook-config",
    );
  }
  return url.origin;
}

async function readAuthority(args: Arguments): Promise<string> {
  const file = args.text("ca-file");
  if (file === undefined)
    throw new CallError("--ca-file is needed: the API server verifies the webhook with it", "webhook-config");
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (cause) {
    throw new CallError(
      `--ca-file ${quote(file)} can't be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`,
    );
  }
  return Buffer.from(certificatesOf(pem, file)).toString("base64");
}

/** Only the certificates: a key beside them in the file must not end up in the cluster. */
function certificatesOf(pem: string, file: string): string {
  try {
    const certificates = parseCertificates(pem);
    if (certificates.length > 0) return certificates.map((certificate) => certificate.toString()).join("");
  } catch {
    // Told below, with what to do.
  }
  throw new CallError(`--ca-file ${quote(file)} holds no readable PEM certificate; name the ca.crt`);
}

/** A pattern of the settings can't be said in a selector: such objects are sent, and exempt in the engine. */
function exemptNamespaces(args: Arguments, settings: Settings, service: Service | undefined): string[] {
  const asked = args.texts("exempt-namespace");
  const wrong = asked.find((name) => !NAMESPACE.test(name));
  if (wrong !== undefined)
    throw new CallError(`--exempt-namespace ${quote(wrong)} is no name of a namespace`, "webhook-config");
  const named = (settings.exempt.namespaces ?? []).filter((name) => NAMESPACE.test(name));
  return [...new Set([...named, ...asked, ...(service === undefined ? [] : [service.namespace])])];
}
