/**
 * @module What many end-to-end tests do with objects of the cluster.
 */
import type { ApiAnswer } from "./api-request.ts";
import type { ControlPlane } from "./control-plane.ts";
import { eventually } from "./eventually.ts";

/**
 * Creates a namespace in which Pods can be created: the API server refuses them before a controller has made the
 * ServiceAccount that they run as.
 */
export async function createNamespace(
  controlPlane: ControlPlane,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const answer = await controlPlane.request("POST", "/api/v1/namespaces", { metadata: { name, labels } });
  if (answer.status !== 201) throw new Error(`the namespace ${name} could not be created: ${answer.body}`);
  await untilRead(controlPlane, `/api/v1/namespaces/${name}/serviceaccounts/default`, ({ status }) => status === 200);
}

/** Reads a path until the answer is the one that is waited for. */
export function untilRead(
  controlPlane: ControlPlane,
  path: string,
  holds: (answer: ApiAnswer) => boolean,
): Promise<ApiAnswer> {
  return eventually(`${path} to be as expected`, () => controlPlane.request("GET", path), holds);
}
