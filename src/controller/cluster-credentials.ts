/**
 * @module Where the cluster is and how to prove who we are: kubeconfig or service account, read by the Kubernetes
 * client library. The library takes 0.4 s to load and is loaded at the first use.
 */
import type { RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { quote } from "../model/quote.ts";
import { ClusterError, describeCause, ownError } from "./cluster-error.ts";

/** Which cluster; without `kubeconfig`: $KUBECONFIG, ~/.kube/config, then the service account of the Pod. */
export interface ClusterChoice {
  /** Path of a kubeconfig. */
  readonly kubeconfig?: string | undefined;
  /** A context of it; by default its current one. */
  readonly context?: string | undefined;
}

/** Address, identity and trust for one request. */
export interface Connection {
  readonly server: URL;
  /** Certificates, keys and headers; an agent only where the kubeconfig names a proxy. Never log them. */
  readonly options: RequestOptions;
}

// Credentials that fail are read again, but a server that refuses everything must not make us read files all the time.
const SHORTEST_RELOAD_MS = 1_000;
// What the library makes up where it finds no configuration.
const MADE_UP = { context: "loaded-context", server: "http://localhost:8080" };

export class ClusterCredentials {
  readonly #choice: ClusterChoice;
  readonly #library: typeof KubeConfig;
  #configuration: KubeConfig;
  #loadedAt = performance.now();
  #distrusted = false;

  private constructor(choice: ClusterChoice, library: typeof KubeConfig) {
    this.#choice = choice;
    this.#library = library;
    this.#configuration = readConfiguration(library, choice);
  }

  /**
   * Reads the configuration.
   * @throws ClusterError `NotConfigured` where there is none or it can't be used
   */
  static async load(choice: ClusterChoice): Promise<ClusterCredentials> {
    return new ClusterCredentials(choice, await loadLibrary());
  }

  /**
   * What the next request needs. Files, tokens and plugins are asked again whenever they may have changed.
   * @throws ClusterError `Credentials` where they can't be had
   */
  async connection(): Promise<Connection> {
    try {
      if (this.#distrusted && performance.now() - this.#loadedAt >= SHORTEST_RELOAD_MS) this.#reload();
      return await connectionOf(this.#configuration);
    } catch (cause) {
      this.#distrusted = true;
      throw credentialError(cause);
    }
  }

  /** Tells that a request failed in a way that new credentials may cure; they are read anew for one of the next. */
  distrust(): void {
    this.#distrusted = true;
  }

  #reload(): void {
    this.#loadedAt = performance.now();
    this.#configuration = readConfiguration(this.#library, this.#choice);
    this.#distrusted = false;
  }
}

async function loadLibrary(): Promise<typeof KubeConfig> {
  try {
    return (await import("@kubernetes/client-node")).KubeConfig;
  } catch (cause) {
    throw ownError(
      "NotConfigured",
      `the Kubernetes client library can't be loaded by Node ${process.version}: ${describeCause(cause).message}; ` +
        "access to a cluster needs Node 22.19 or later",
    );
  }
}

function readConfiguration(library: typeof KubeConfig, { kubeconfig, context }: ClusterChoice): KubeConfig {
  const configuration = new library();
  try {
    if (kubeconfig === undefined) configuration.loadFromDefault();
    else configuration.loadFromFile(kubeconfig);
  } catch (cause) {
    const what = kubeconfig === undefined ? "the kubeconfig" : `the kubeconfig ${quote(kubeconfig)}`;
    const why = cause instanceof TypeError ? "it is no kubeconfig" : describeCause(cause).message;
    throw ownError("NotConfigured", `${what} can't be used: ${why}`);
  }
  if (context !== undefined) configuration.setCurrentContext(context);
  checkConfiguration(configuration);
  return configuration;
}

function checkConfiguration(configuration: KubeConfig): void {
  // Not always a string, whatever its type says.
  const name = configuration.getCurrentContext() as string | undefined;
  if (name === undefined) throw ownError("NotConfigured", "the kubeconfig has no current-context; name a context");
  const where = `the context ${quote(name)} of the kubeconfig`;
  if (configuration.getContextObject(name) === null) throw ownError("NotConfigured", `${where} doesn't exist`);
  const cluster = configuration.getCurrentCluster();
  if (name === MADE_UP.context && cluster?.server === MADE_UP.server) {
    throw ownError(
      "NotConfigured",
      "no cluster is configured: there is no $KUBECONFIG, no ~/.kube/config and no service account; name a kubeconfig",
    );
  }
  if (cluster === null) throw ownError("NotConfigured", `${where} names a cluster that doesn't exist`);
  // Without a user the library leaves out the certificate authority as well.
  if (configuration.getCurrentUser() === null) throw ownError("NotConfigured", `${where} names no user that exists`);
  if (!URL.canParse(cluster.server) || new URL(cluster.server).protocol !== "https:") {
    throw ownError("NotConfigured", `${where} has the server ${quote(cluster.server)}; it must be an https:// URL`);
  }
  if (cluster.skipTLSVerify) {
    throw ownError(
      "NotConfigured",
      `${where} has insecure-skip-tls-verify: verdicts depend on what the server says, so it must be verified; ` +
        "set certificate-authority instead",
    );
  }
}

async function connectionOf(configuration: KubeConfig): Promise<Connection> {
  const options: RequestOptions = {};
  await configuration.applyToHTTPSOptions(options);
  const cluster = configuration.getCurrentCluster();
  // The library's agent keeps the first certificate that it saw; only a proxy needs it.
  if (!cluster?.proxyUrl) delete options.agent;
  // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  options.rejectUnauthorized = true;
  return { server: new URL(cluster?.server ?? ""), options: withTrimmedToken(options) };
}

// A token file written by hand ends with a line feed, which no header may hold.
function withTrimmedToken(options: RequestOptions): RequestOptions {
  const headers = { ...(options.headers as Record<string, string> | undefined) };
  const token = headers["Authorization"];
  if (token !== undefined) headers["Authorization"] = token.trim();
  return { ...options, headers };
}

function credentialError(cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  return ownError("Credentials", `the credentials for the cluster can't be had: ${describeCause(cause).message}`);
}
