/**
 * @module A real Kubernetes control plane for tests: etcd, API server and controller manager on free ports of
 * 127.0.0.1. There is no scheduler and no kubelet: Pods stay Pending, NetworkPolicies are stored and enforced by nobody.
 */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApiClient, type ApiClient } from "./api-request.ts";
import { ensureControlPlane } from "./build.ts";
import { createAuthority, type CertificateAuthority } from "./certificates.ts";
import {
  administrator,
  kubeconfigWriter,
  writeServerFiles,
  writeWebhookClientFiles,
  type ClusterUser,
} from "./cluster-files.ts";
import { compactEtcd, etcdHealth } from "./etcd.ts";
import { eventually } from "./eventually.ts";
import { apiServerFlags, controllerManagerFlags, etcdFlags, type FlagOptions } from "./flags.ts";
import { runKubectl, type CommandResult } from "./kubectl.ts";
import { freePort, supervise, type RunningProgram, type Supervisor } from "./processes.ts";

const START_LIMIT_MS = 60_000;

export interface ControlPlaneOptions extends FlagOptions {
  /** Folder of the programs; by default the one of `ensureControlPlane`. */
  readonly folder?: string;
  /** Makes the API server prove itself to webhooks by a client certificate. */
  readonly webhookClientCertificates?: boolean;
  /** Without it (false) no default ServiceAccount appears, Deployments make no Pods and namespaces never go. */
  readonly controllerManager?: boolean;
}

export interface ControlPlane {
  /** Base URL of the API server. */
  readonly server: string;
  /** Its certificate authority; issues certificates for test webhooks as well. */
  readonly authority: CertificateAuthority;
  /** Issuer (PEM) of the certificate that the API server shows to webhooks; undefined without the option. */
  readonly webhookClientAuthority: string | undefined;
  /** Programs that run now, for looking at their memory. */
  programs(): readonly RunningProgram[];
  /** Writes a kubeconfig for a user (by default the administrator) and gives its path. */
  kubeconfig(user?: ClusterUser): Promise<string>;
  /** Runs kubectl as a user, by default the administrator. */
  kubectl(
    args: readonly string[],
    options?: {
      readonly user?: ClusterUser;
      readonly input?: string;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<CommandResult>;
  /** Sends a raw request as the administrator. */
  readonly request: ApiClient["request"];
  /**
   * Makes etcd forget all old revisions: what asks for one of them gets 410. The API server may still answer from its
   * own cache, which a restart empties and `--watch-cache=false` switches off.
   * @returns the revision at which history now begins
   */
  compact(): Promise<number>;
  /**
   * Kills the API server (open connections are reset) and starts it again on the same port over the same etcd. Its watch
   * cache is empty then: watches from earlier revisions get 410.
   * @param whileDown runs in between
   */
  restartApiServer(whileDown?: () => Promise<void>): Promise<void>;
  /** Ends all programs and removes all files. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane and waits until it serves, about six seconds on two cores.
 * @throws ProgramUnavailable where it can't be built
 * @throws Error with the end of the log of a program that doesn't start
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = options.folder ?? (await ensureControlPlane()).folder;
  const folder = await mkdtemp(join(tmpdir(), "ringfence-controlplane-"));
  const logFolder = process.env["RINGFENCE_CONTROLPLANE_LOGS"] || folder;
  await mkdir(logFolder, { recursive: true });
  const supervisor = supervise(folder, logFolder);
  try {
    return await startPrograms(programs, folder, supervisor, options);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

async function startPrograms(
  programs: string,
  folder: string,
  supervisor: Supervisor,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const authority = await createAuthority("ringfence test cluster");
  await writeServerFiles(folder, authority);
  const webhookClients = options.webhookClientCertificates ? await prepareWebhookClients(folder) : undefined;
  const run = (name: string, flags: readonly string[]) => supervisor.start(name, join(programs, name), flags);

  const etcdUrl = `http://127.0.0.1:${await freePort()}`;
  const etcd = await run("etcd", etcdFlags(etcdUrl, `http://127.0.0.1:${await freePort()}`));
  await untilServing(etcd, () => etcdHealth(etcdUrl));

  const apiPort = await freePort();
  const server = `https://127.0.0.1:${apiPort}`;
  const identity = await authority.issueClient(administrator.name, administrator.groups);
  const client = createApiClient(server, authority.certificate, identity);
  const apiFlags = [...apiServerFlags(apiPort, etcdUrl, options), ...(webhookClients?.flags ?? [])];
  const startApiServer = async () => {
    const program = await run("kube-apiserver", apiFlags);
    await untilServing(program, async () => (await client.request("GET", "/readyz")).status);
    return program;
  };
  let apiServer = await startApiServer();

  const kubeconfig = kubeconfigWriter(folder, server, authority);
  const others = [etcd];
  if (options.controllerManager !== false) {
    const flags = controllerManagerFlags(await freePort(), await kubeconfig(), options);
    const controllerManager = await run("kube-controller-manager", flags);
    others.push(controllerManager);
    // The last sign that controllers work: without it the API server refuses every Pod.
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await untilServing(controllerManager, async () => (await client.request("GET", account)).status);
  }

  return {
    server,
    authority,
    webhookClientAuthority: webhookClients?.authority,
    programs: () => [apiServer, ...others],
    kubeconfig,
    kubectl: async (args, { user, input, env } = {}) =>
      runKubectl(join(programs, "kubectl"), args, { kubeconfig: await kubeconfig(user), home: folder, input, env }),
    request: (...request) => client.request(...request),
    compact: () => compactEtcd(etcdUrl),
    async restartApiServer(whileDown) {
      await apiServer.kill();
      // Connections that are kept alive are dead now, whether the client has noticed or not.
      client.close();
      await whileDown?.();
      apiServer = await startApiServer();
    },
    async stop() {
      client.close();
      await supervisor.stop();
    },
  };
}

// An authority of its own: whoever trusts it trusts the API server, not every user of the cluster.
async function prepareWebhookClients(folder: string): Promise<{ authority: string; flags: string[] }> {
  const authority = await createAuthority("ringfence test webhook clients");
  const file = await writeWebhookClientFiles(folder, await authority.issueClient("kube-apiserver"));
  return { authority: authority.certificate, flags: [`--admission-control-config-file=${file}`] };
}

// A refused connection is a program that doesn't listen yet, unless it has ended.
async function untilServing(program: RunningProgram, status: () => Promise<number>): Promise<void> {
  const look = async () => {
    await program.assertRunning();
    return status().catch((error: unknown) => String(error));
  };
  await eventually(`${program.name} to serve`, look, (answer) => answer === 200, START_LIMIT_MS);
}
