/**
 * @module Kubeconfigs for tests of the watch.
 */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface KubeconfigParts {
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

/** Makes a folder for the files of one test. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "ringfence-watch-"));
}

/**
 * Writes a kubeconfig with one context, `test`. JSON is YAML.
 * @param authority PEM of the server's authority
 * @returns its path
 */
export async function writeKubeconfig(
  folder: string,
  server: string,
  authority: string,
  { cluster = {}, user = { token: "secret-token" } }: KubeconfigParts = {},
): Promise<string> {
  const path = join(folder, "kubeconfig");
  const trust = { server, "certificate-authority-data": Buffer.from(authority).toString("base64") };
  await writeFile(
    path,
    JSON.stringify({
      clusters: [{ name: "scripted", cluster: { ...trust, ...cluster } }],
      users: [{ name: "watcher", user }],
      contexts: [{ name: "test", context: { cluster: "scripted", user: "watcher" } }],
      "current-context": "test",
    }),
  );
  return path;
}

/** A user whose token is in a file, as a service account's is. */
export function tokenFileUser(tokenFile: string): Readonly<Record<string, unknown>> {
  return { "auth-provider": { name: "tokenFile", config: { tokenFile } } };
}
