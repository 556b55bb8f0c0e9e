/**
 * @module A whole collection of the cluster, page by page, so that memory holds one page at a time.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { ClusterClient, Query } from "./cluster-client.ts";
import { readListPage } from "./listed-objects.ts";

const PAGE_SIZE = 500;

/**
 * Lists the objects of a collection.
 * @throws ClusterError where a page can't be had
 */
export async function* listObjects(
  client: Pick<ClusterClient, "request">,
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): AsyncGenerator<JsonObject> {
  let continueToken = "";
  do {
    const { json } = await client.request({
      method: "GET",
      path,
      query: { ...query, limit: PAGE_SIZE, continue: continueToken || undefined },
      ...(signal === undefined ? {} : { signal }),
    });
    const page = readListPage(json, path);
    yield* page.objects;
    continueToken = page.continueToken;
  } while (continueToken !== "");
}
