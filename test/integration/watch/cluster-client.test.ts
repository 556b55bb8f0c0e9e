import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { createAuthority } from "../../../src/certs/issue-certificate.ts";
import { type ClusterClient, connectCluster } from "../../../src/controller/cluster-client.ts";
import { ClusterError } from "../../../src/controller/cluster-error.ts";
import { quote } from "../../../src/model/quote.ts";
import { eventually } from "../../controlplane/eventually.ts";
import { type KubeconfigParts, temporaryFolder, tokenFileUser, writeKubeconfig } from "./kubeconfigs.ts";
import { ScriptedApiServer } from "./scripted-api-server.ts";

interface BadKubeconfig extends KubeconfigParts {
  readonly name: string;
  readonly missing?: true;
  readonly text?: string;
  readonly context?: string;
  readonly message: string;
}

const table = join(import.meta.dirname, "../../tables/watch/kubeconfigs.yaml");
const GET = { method: "GET", path: "/api/v1/namespaces/shop" } as const;

jest.setTimeout(30_000);

let folder: string;
let server: ScriptedApiServer;
let clients: ClusterClient[];

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  server = await ScriptedApiServer.start();
  server.namespaces.set("shop", { team: "shop" });
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.stop();
});

async function connect(parts: KubeconfigParts = {}, address = server.url): Promise<ClusterClient> {
  const client = await connectCluster({ kubeconfig: await writeKubeconfig(folder, address, server.authority, parts) });
  clients.push(client);
  return client;
}

async function failure(work: Promise<unknown>): Promise<ClusterError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof ClusterError) return error;
  throw new Error("no ClusterError", { cause: error });
}

describe("configuration", () => {
  test.each(parse(readFileSync(table, "utf8")) as BadKubeconfig[])("$name: refused", async (row) => {
    let kubeconfig = await writeKubeconfig(folder, server.url, server.authority, row);
    if (row.text !== undefined) await writeFile(kubeconfig, row.text);
    if (row.missing) kubeconfig = "/nowhere/kubeconfig";
    const error = await failure(connectCluster({ kubeconfig, context: row.context }));
    expect(error.reason).toBe("NotConfigured");
    expect(error.message).toBe(row.message.replace("PATH", quote(kubeconfig)));
    expect(error.message).not.toContain("hunter2");
  });

  test("no configuration anywhere is told as such", async () => {
    const before = { ...process.env };
    process.env["HOME"] = folder;
    delete process.env["KUBECONFIG"];
    try {
      const error = await failure(connectCluster());
      expect(error.message).toBe(
        "no cluster is configured: there is no $KUBECONFIG, no ~/.kube/config and no service account; name a kubeconfig",
      );
    } finally {
      process.env = before;
    }
  });
});

describe("trust", () => {
  test("a server of another authority is refused, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    const other = await createAuthority({ commonName: "other", days: 1 });
    const kubeconfig = await writeKubeconfig(folder, server.url, other.certificate);
    // In a process of its own: Node reads the variable from the real environment, which jest keeps away from tests.
    const source = join(import.meta.dirname, "../../../src/controller/cluster-client.ts");
    const script = `import { connectCluster } from ${JSON.stringify(source)};
      const client = await connectCluster({ kubeconfig: ${JSON.stringify(kubeconfig)} });
      const answer = await client.request(${JSON.stringify(GET)}).catch((error) => error);
      console.log(JSON.stringify({ reason: answer.reason, message: answer.message, status: answer.status }));
      client.close();`;
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const node = spawn(process.execPath, ["--input-type=module", "-e", script], { env });
    const { reason, message } = JSON.parse(await text(node.stdout)) as ClusterError;
    expect(reason).toBe("Untrusted");
    expect(message).toContain("can't be verified: unable to verify the first certificate");
    expect(server.requests).toEqual([]);
  });

  test("a certificate for another host is refused", async () => {
    const client = await connect({}, server.url.replace("127.0.0.1", "localhost"));
    expect((await failure(client.request(GET))).reason).toBe("Untrusted");
  });

  test("a token is read again after 401", async () => {
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, "old\n");
    server.token = "old";
    const client = await connect({ user: tokenFileUser(tokenFile) });
    await client.request(GET);
    server.token = "new";
    await writeFile(tokenFile, "new\n");
    const error = await failure(client.request(GET));
    expect(error).toMatchObject({ status: 401, reason: "Unauthorized" });
    expect(error.message).toBe(
      "the API server answered GET /api/v1/namespaces/shop with 401: scripted 401; the token or certificate is not accepted: renew it",
    );
    const ask = async () => (await client.request(GET).catch((cause: ClusterError) => cause)).status;
    await eventually("the new token to be used", ask, (status) => status === 200, 10_000);
  });

  test("a token file that is gone is told, without a request", async () => {
    const client = await connect({ user: tokenFileUser(join(folder, "missing")) });
    const error = await failure(client.request(GET));
    expect(error.reason).toBe("Credentials");
    expect(error.message).toContain("ENOENT");
  });

  test("a credential plugin that hangs doesn't outlive the limit", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sleep", args: ["2"] };
    const client = await connect({ user: { exec } });
    expect((await failure(client.request({ ...GET, timeoutMs: 100 }))).reason).toBe("Timeout");
  });
});

describe("calls", () => {
  test("answers are given as they are on the wire", async () => {
    const { status, headers, json } = await (await connect()).request(GET);
    expect(status).toBe(200);
    expect(headers["date"]).toBeDefined();
    expect(json).toEqual({ metadata: { name: "shop", labels: { team: "shop" }, resourceVersion: "2" } });
  });

  test("connections are kept", async () => {
    const client = await connect();
    for (let call = 0; call < 5; call += 1) await client.request(GET);
    expect(server.openSockets).toBe(1);
  });

  test("server-side apply, guarded deletion: method, query, type and body arrive", async () => {
    const client = await connect();
    await client.request({
      method: "PATCH",
      path: "/apis/x/v1/things/a",
      query: { fieldManager: "ringfence controller", force: true, dryRun: undefined },
      contentType: "application/apply-patch+yaml",
      body: { kind: "Thing", text: "ä" },
    });
    const preconditions = { uid: "u-1", resourceVersion: "7" };
    await client.request({ method: "DELETE", path: "/apis/x/v1/things/a", body: { preconditions } });
    const [apply, deletion] = server.requests;
    expect(apply?.method).toBe("PATCH");
    expect(Object.fromEntries(apply?.url.searchParams ?? [])).toEqual({
      fieldManager: "ringfence controller",
      force: "true",
    });
    expect(apply?.headers["content-type"]).toBe("application/apply-patch+yaml");
    expect(JSON.parse(apply?.body ?? "")).toEqual({ kind: "Thing", text: "ä" });
    expect(deletion?.method).toBe("DELETE");
    expect(JSON.parse(deletion?.body ?? "")).toEqual({ preconditions });
  });

  test("a server with a path before the API is called below it, and dots in a name stay dots", async () => {
    const client = await connect({}, `${server.url}/k8s/clusters/c-1/`);
    await client.request({ method: "GET", path: "/api/v1/nodes/.." });
    // The URL of the scripted server resolves dots, so the raw path is looked at.
    expect(server.requests[0]?.rawUrl).toBe("/k8s/clusters/c-1/api/v1/nodes/..");
  });

  test("a proxy of the kubeconfig is used", async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on("connect", (request: IncomingMessage, socket: Duplex) => {
      asked.push(request.url ?? "");
      const target = connectTcp(Number(new URL(server.url).port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(target).pipe(socket);
      });
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const client = await connect({ cluster: { "proxy-url": `http://127.0.0.1:${port}` } });
    expect((await client.request(GET)).status).toBe(200);
    expect(asked).toEqual([new URL(server.url).host]);
    proxy.close();
  });

  test("a connection that the server closed while idle is replaced without a word", async () => {
    const client = await connect();
    await client.request(GET);
    server.next = [{ to: "get", do: "reset" }];
    expect((await client.request(GET)).status).toBe(200);
    // But a request that changes something is never sent twice.
    server.next = [{ to: "other", do: "reset" }];
    expect((await failure(client.request({ ...GET, method: "PUT", body: {} }))).reason).toBe("Unreachable");
    expect(server.count("other")).toBe(1);
  });
});

describe("failures", () => {
  test("a refusal tells status, reason, the server's words and what to do", async () => {
    server.next = [{ to: "get", status: 403 }];
    const error = await failure((await connect()).request(GET));
    expect(error).toMatchObject({ status: 403, reason: "Forbidden", retryAfter: undefined });
    expect(error.message).toBe(
      "the API server answered GET /api/v1/namespaces/shop with 403: scripted 403; grant it by RBAC",
    );
    server.next = [{ to: "get", status: 429, retryAfter: 7 }];
    expect(await failure((await connect()).request(GET))).toMatchObject({ status: 429, retryAfter: 7 });
  });

  test("nobody listens", async () => {
    const client = await connect();
    const { host } = new URL(server.url);
    await server.stop();
    expect((await failure(client.request(GET))).message).toBe(
      `the API server at ${host} can't be reached: ECONNREFUSED`,
    );
  });

  test("no answer in time; the connection is dropped", async () => {
    server.next = [{ to: "get", do: "hang" }];
    const error = await failure((await connect()).request({ ...GET, timeoutMs: 100 }));
    expect(error.message).toBe("the API server didn't answer GET /api/v1/namespaces/shop in 0.1 s");
    await eventually(
      "no socket",
      async () => server.openSockets,
      (open) => open === 0,
      10_000,
    );
  });

  test("a host that accepts connections and says nothing; no socket stays", async () => {
    const silent = createServer();
    let open = 0;
    silent.on("connection", (socket) => {
      open += 1;
      socket
        .on("error", () => {})
        .on("close", () => (open -= 1))
        .resume();
    });
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const client = await connect({}, `https://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    expect((await failure(client.request({ ...GET, timeoutMs: 100 }))).reason).toBe("Timeout");
    await eventually(
      "no socket",
      async () => open,
      (count) => count === 0,
      10_000,
    );
    silent.close();
  });

  test("an answer that breaks off, is no JSON, or has no end", async () => {
    const client = await connect();
    server.next = [{ to: "get", do: "truncated" }];
    expect((await failure(client.request(GET))).reason).toBe("Interrupted");
    server.next = [{ to: "get", do: "garbage" }];
    expect((await failure(client.request(GET))).reason).toBe("Malformed");
    server.next = [{ to: "get", do: "endless" }];
    const error = await failure(client.request({ ...GET, limitBytes: 100_000 }));
    expect(error.message).toBe("the API server's answer to GET /api/v1/namespaces/shop is larger than 100000 bytes");
  });

  test("the caller gives up, before or during the call", async () => {
    const client = await connect();
    expect((await failure(client.request({ ...GET, signal: AbortSignal.abort() }))).reason).toBe("Aborted");
    server.next = [{ to: "get", do: "hang" }];
    const caller = new AbortController();
    setTimeout(() => caller.abort(), 50);
    expect((await failure(client.request({ ...GET, signal: caller.signal }))).reason).toBe("Aborted");
  });

  test("no failure shows the token", async () => {
    const client = await connect({ user: { token: "hunter2" } });
    for (const status of [400, 401, 403, 500]) {
      server.next = [{ to: "get", status }];
      const error = await failure(client.request(GET));
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain("hunter2");
    }
  });
});
