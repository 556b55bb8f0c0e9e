/**
 * @module The files that the programs of a control plane read: certificates, keys, kubeconfigs.
 */
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PemPair } from "../../src/certs/pem-pair.ts";
import type { CertificateAuthority } from "./certificates.ts";

const RSA_BITS = 2048;
const WEBHOOK_PLUGINS = ["ValidatingAdmissionWebhook", "MutatingAdmissionWebhook"];

/** A user of the cluster, known by a client certificate. */
export interface ClusterUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** May do everything: the group is built into the API server. */
export const administrator: ClusterUser = { name: "admin", groups: ["system:masters"] };

/** Writes what the API server proves itself with, and what it signs and checks service account tokens with. */
export async function writeServerFiles(folder: string, authority: CertificateAuthority): Promise<void> {
  const serving = await authority.issueServer(["127.0.0.1", "localhost", "kubernetes.default.svc"]);
  const serviceAccounts = generateKeyPairSync("rsa", {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const files = {
    "ca.crt": authority.certificate,
    "apiserver.crt": serving.certificate,
    "apiserver.key": serving.key,
    "sa.pub": serviceAccounts.publicKey,
    "sa.key": serviceAccounts.privateKey,
  };
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
}

/**
 * Gives a function that writes the kubeconfig of a user, once per user, and returns its path. The text is JSON, which is
 * YAML.
 */
export function kubeconfigWriter(
  folder: string,
  server: string,
  authority: CertificateAuthority,
): (user?: ClusterUser) => Promise<string> {
  const written = new Map<string, Promise<string>>();
  const write = async ({ name, groups }: ClusterUser, path: string): Promise<string> => {
    const identity = await authority.issueClient(name, groups);
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(authority.certificate) } }],
      users: [{ name, user: clientCertificate(identity) }],
      contexts: [{ name: "test", context: { cluster: "test", user: name } }],
      "current-context": "test",
    });
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return (user = administrator) => {
    const id = JSON.stringify([user.name, user.groups]);
    const path = written.get(id) ?? write(user, join(folder, `user-${written.size}.kubeconfig`));
    written.set(id, path);
    return path;
  };
}

/**
 * Writes the configuration by which the API server authenticates itself to webhooks.
 * @returns the path of the AdmissionConfiguration
 */
export async function writeWebhookClientFiles(folder: string, identity: PemPair): Promise<string> {
  const kubeConfigFile = join(folder, "webhook-client.kubeconfig");
  // The entry is chosen by the webhook's host:port; the star stands for every webhook without an entry of its own.
  const users = [{ name: "*", user: clientCertificate(identity) }];
  await writeFile(kubeConfigFile, JSON.stringify({ apiVersion: "v1", kind: "Config", users }));
  const configuration = join(folder, "admission.yaml");
  const plugin = { apiVersion: "apiserver.config.k8s.io/v1", kind: "WebhookAdmissionConfiguration", kubeConfigFile };
  await writeFile(
    configuration,
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: WEBHOOK_PLUGINS.map((name) => ({ name, configuration: plugin })),
    }),
  );
  return configuration;
}

function clientCertificate(identity: PemPair): Record<string, string> {
  return { "client-certificate-data": base64(identity.certificate), "client-key-data": base64(identity.key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
