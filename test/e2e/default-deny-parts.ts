/**
 * @module What the end-to-end tests of default deny share: the parts as `serve --controller` starts them, with settings of
 * the test, and looks at the cluster.
 */
import { Registry } from "prom-client";
import { type ClusterParts, startClusterParts } from "../../src/cli/cluster-parts.ts";
import { neededRights, rbacManifests, type Right } from "../../src/controller/rbac.ts";
import { readBundle } from "../../src/engine/bundle.ts";
import { parseSettings, type Settings } from "../../src/engine/settings.ts";
import { SHIPPED_BUNDLE } from "../../src/engine/shipped-files.ts";
import { createLogger } from "../../src/server/log.ts";
import type { ApiAnswer } from "../controlplane/api-request.ts";
import type { ClusterUser } from "../controlplane/cluster-files.ts";
import type { ControlPlane } from "../controlplane/control-plane.ts";
import { eventually } from "../controlplane/eventually.ts";

/** Where Ringfence is, in tests: it gets no default deny, though no setting says so. */
export const OWN_NAMESPACE = "ringfence";
export const POLICIES =
  "/apis/networking.k8s.io/v1/networkpolicies?fieldSelector=metadata.name%3Dringfence-default-deny";

export interface TestParts extends ClusterParts {
  /** Lines of the log so far. */
  readonly log: string[];
  readonly registry: Registry;
  /** Changes the settings while it runs. */
  use(settings: Settings): Promise<void>;
}

const { manifest } = readBundle(SHIPPED_BUNDLE);

/** Settings with a `defaultDeny`, and the namespaces of the control plane exempt. */
export function settingsWith(defaultDeny: object, exempt: readonly string[] = ["kube-*", "default"]): Settings {
  const settings = {
    apiVersion: "ringfence.dev/v1alpha1",
    kind: "Guardrails",
    metadata: { name: "test" },
    exempt: { namespaces: exempt },
    defaultDeny,
  };
  return parseSettings(Buffer.from(JSON.stringify(settings)), "test settings", manifest);
}

/** Starts the parts as a user of the cluster; a leader too unless `leads` is false. */
export async function startParts(
  controlPlane: ControlPlane,
  settings: Settings,
  { user, leads = true }: { readonly user?: ClusterUser; readonly leads?: boolean } = {},
): Promise<TestParts> {
  const log: string[] = [];
  const registry = new Registry();
  let current = settings;
  const parts = await startClusterParts({
    choice: { kubeconfig: await controlPlane.kubeconfig(user) },
    settings: () => current,
    ownNamespace: OWN_NAMESPACE,
    leads,
    leaderTiming: { leaseMs: 3_000, renewDeadlineMs: 2_000, retryMs: 300 },
    registry,
    log: createLogger("info", { write: (line: string) => void log.push(line) }),
  });
  return {
    ...parts,
    log,
    registry,
    use: async (changed) => {
      current = changed;
      await parts.settingsChanged();
    },
  };
}

/** Grants rights to a service account of its own. @returns the user that it is */
export async function grantRights(
  controlPlane: ControlPlane,
  account: string,
  rights: readonly Right[] = neededRights(),
): Promise<ClusterUser> {
  for (const manifest of rbacManifests(rights, OWN_NAMESPACE, account)) {
    const applied = await controlPlane.kubectl(["apply", "-f", "-"], { input: JSON.stringify(manifest) });
    if (applied.code !== 0) throw new Error(applied.stderr);
  }
  return { name: `system:serviceaccount:${OWN_NAMESPACE}:${account}` };
}

/** Installs a custom resource that takes anything, and fills in what it is told to. */
export async function installPolicyApi(
  controlPlane: ControlPlane,
  {
    group,
    version,
    kind,
    plural,
    scope,
  }: { group: string; version: string; kind: string; plural: string; scope: string },
  defaults: object = {},
): Promise<void> {
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: { ...open, properties: defaults } } } };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      annotations: { "api-approved.kubernetes.io": "unapproved, for a test" },
    },
    spec: { group, scope, names: { kind, plural }, versions: [{ name: version, served: true, storage: true, schema }] },
  };
  await controlPlane.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  const list = () => controlPlane.request("GET", `/apis/${group}/${version}/${plural}`);
  await eventually(`${plural}.${group} to be served`, list, ({ status }) => status === 200);
}

export function policyPath(namespace: string): string {
  return `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/ringfence-default-deny`;
}

/** Waits until the managed policy of a namespace is as expected. */
export function untilPolicy(
  controlPlane: ControlPlane,
  namespace: string,
  holds: (answer: ApiAnswer) => boolean = ({ status }) => status === 200,
  limit?: number,
): Promise<ApiAnswer> {
  const look = () => controlPlane.request("GET", policyPath(namespace));
  return eventually(`the default deny of ${namespace}`, look, holds, limit);
}

/** Makes a namespace; nothing is waited for. */
export async function makeNamespace(controlPlane: ControlPlane, name: string): Promise<void> {
  const { status, body } = await controlPlane.request("POST", "/api/v1/namespaces", { metadata: { name } });
  if (status !== 201) throw new Error(body);
}
