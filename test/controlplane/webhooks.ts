/**
 * @module Webhook configurations for tests: installed, waited for, removed.
 */
import type { ApiAnswer } from "./api-request.ts";
import type { ControlPlane } from "./control-plane.ts";
import { eventually } from "./eventually.ts";

const ADMISSION_API = "/apis/admissionregistration.k8s.io/v1";
const DEFAULT_TIMEOUT_SECONDS = 5;

/** Which requests a webhook is called for, as Kubernetes spells it. */
interface WebhookRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

export interface WebhookInstallation {
  /** Name of the configuration and of its one webhook: at least three parts, `allow.ringfence.test`. */
  readonly name: string;
  /** Default "validating". */
  readonly kind?: "validating" | "mutating";
  /** Where the webhook listens, `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** Path below the URL, `/validate`. */
  readonly path?: string;
  /** Authority that verifies the webhook, PEM. */
  readonly caBundle: string;
  readonly rules: readonly WebhookRule[];
  /** Default "Fail". */
  readonly failurePolicy?: "Fail" | "Ignore";
  /** Default 5. */
  readonly timeoutSeconds?: number;
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly namespaceSelector?: object;
  readonly objectSelector?: object;
}

/** An object that the webhook is known to refuse, or to let through, and the collection that it is posted to. */
export interface Probe {
  /** Such as `/apis/networking.k8s.io/v1/namespaces/default/networkpolicies`. */
  readonly path: string;
  readonly object: unknown;
}

/**
 * Creates a webhook configuration or replaces the one of the same name. It takes a moment to be effective.
 * @throws Error with the server's answer when the configuration is refused
 */
export async function installWebhook(controlPlane: ControlPlane, installation: WebhookInstallation): Promise<void> {
  const { name, url, path = "", caBundle, rules, failurePolicy = "Fail" } = installation;
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, matchConditions, namespaceSelector, objectSelector } = installation;
  const mutating = installation.kind === "mutating";
  const answer = await controlPlane.request(
    "PATCH",
    `${configurationPath(installation)}?fieldManager=ringfence-test&force=true`,
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: mutating ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration",
      metadata: { name },
      webhooks: [
        {
          name,
          clientConfig: { url: url + path, caBundle: Buffer.from(caBundle).toString("base64") },
          rules,
          failurePolicy,
          timeoutSeconds,
          matchConditions,
          namespaceSelector,
          objectSelector,
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    },
    { "content-type": "application/apply-patch+yaml" },
  );
  if (answer.status >= 300) throw new Error(`the webhook ${name} could not be installed: ${answer.body}`);
}

/**
 * Waits until a webhook that was installed decides: posts a dry run of an object until the answer is the expected one.
 * @param holds by default: the object is denied by a webhook
 */
export function waitUntilEffective(
  controlPlane: ControlPlane,
  probe: Probe,
  holds: (answer: ApiAnswer) => boolean = isDeniedByWebhook,
): Promise<ApiAnswer> {
  return eventually(
    "the webhook to be effective",
    () => controlPlane.request("POST", `${probe.path}?dryRun=All`, probe.object),
    holds,
  );
}

/**
 * Deletes a webhook configuration and waits until it decides no more.
 * @param probe an object that it refused and that is valid otherwise
 */
export async function removeWebhook(
  controlPlane: ControlPlane,
  installation: Pick<WebhookInstallation, "name" | "kind">,
  probe: Probe,
): Promise<void> {
  await controlPlane.request("DELETE", configurationPath(installation));
  await waitUntilEffective(controlPlane, probe, (answer) => answer.status < 300);
}

function configurationPath({ name, kind = "validating" }: Pick<WebhookInstallation, "name" | "kind">): string {
  return `${ADMISSION_API}/${kind}webhookconfigurations/${name}`;
}

function isDeniedByWebhook(answer: ApiAnswer): boolean {
  return answer.status >= 400 && answer.body.includes("denied the request");
}
