/**
 * @module Every object of the kinds that have a reader, listed once from the API server, page by page.
 */
import { READERS } from "../apis/registry.ts";
import type { ServedResource } from "../apis/reading.ts";
import type { JsonObject } from "../intake/json-value.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { ClusterError } from "./cluster-error.ts";
import { readListPage } from "./listed-objects.ts";

const PAGE = 500;
const NOT_FOUND = 404;

/**
 * Lists the objects of all namespaces. Kinds that the cluster doesn't serve have none.
 * @yields the objects with their apiVersion and kind, which a list leaves out
 * @throws ClusterError where a kind can't be listed: a list with a hole is none
 */
export async function* allObjects(client: Pick<ClusterClient, "request">): AsyncGenerator<JsonObject> {
  for (const { group, resources } of READERS) {
    for (const resource of resources) yield* objectsOf(client, group, resource);
  }
}

async function* objectsOf(
  client: Pick<ClusterClient, "request">,
  group: string,
  { kind, plural, versions }: ServedResource,
): AsyncGenerator<JsonObject> {
  // Every version serves the same objects: one is enough.
  for (const version of versions) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    const path = `${group === "" ? "/api" : "/apis"}/${apiVersion}/${plural}`;
    const first = await pageOf(client, path, "");
    if (first === undefined) continue;
    let page = first;
    for (;;) {
      for (const object of page.objects) yield { ...object, apiVersion, kind };
      if (page.continueToken === "") return;
      page = (await pageOf(client, path, page.continueToken)) ?? { ...first, objects: [], continueToken: "" };
    }
  }
}

/** Undefined where the cluster doesn't serve the path. */
async function pageOf(client: Pick<ClusterClient, "request">, path: string, continueToken: string) {
  try {
    const query = { limit: PAGE, ...(continueToken === "" ? {} : { continue: continueToken }) };
    const { json } = await client.request({ method: "GET", path, query });
    return readListPage(json, path);
  } catch (cause) {
    if (cause instanceof ClusterError && cause.status === NOT_FOUND) return undefined;
    throw cause;
  }
}
