/**
 * @module What tests do to etcd itself, through its HTTP gateway.
 */

/** Says whether etcd answers that it is healthy, as an HTTP status. */
export async function etcdHealth(url: string): Promise<number> {
  return (await fetch(`${url}/health`)).status;
}

/**
 * Makes etcd forget every revision but the current one.
 * @returns the current revision
 */
export async function compactEtcd(url: string): Promise<number> {
  // Any read tells the current revision; the key (base64 of one zero byte) need not exist.
  const { header } = (await post(`${url}/v3/kv/range`, { key: "AA==" })) as { header: { revision: string } };
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
  return Number(header.revision);
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd refused ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}
