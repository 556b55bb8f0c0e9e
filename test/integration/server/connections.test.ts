import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type RunningServer, startServer, until } from "./running-server.ts";
import type { WebhookClient } from "./webhook-client.ts";

// Far more than any of these needs: a busy machine is no failure.
jest.setTimeout(60_000);

let running: RunningServer;
let resting: ReturnType<typeof restBetweenReviews>;
const sockets: Socket[] = [];

async function tls(server: RunningServer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({
    host: "localhost",
    port: server.server.port,
    ca: server.authority.certificate,
    ...options,
  });
  sockets.push(socket);
  await once(socket, "secureConnect");
  return socket;
}

/** All that the server says on a socket until it closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  socket.on("error", () => undefined);
  await once(socket, "close");
  return text;
}

/** Two reviews over one connection with a rest between them. */
async function restBetweenReviews(client: WebhookClient) {
  const first = await client.review("web");
  await sleep(6_100);
  return { first, second: await client.review("web") };
}

beforeAll(async () => {
  running = await startServer();
  // The connection rests while the other tests run.
  resting = restBetweenReviews(running.client());
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await running.stop();
});

describe("with short limits, a connection that dawdles is closed", () => {
  let hasty: RunningServer;

  beforeAll(async () => {
    hasty = await startServer({
      limits: { handshakeMs: 300, headersMs: 300, requestMs: 600, connectionCheckMs: 50, connections: 3 },
    });
  });

  afterAll(() => hasty.stop());

  test("before the handshake", async () => {
    const socket = connectTcp(hasty.server.port, "localhost");
    sockets.push(socket);
    expect(await untilClosed(socket)).toBe("");
    expect(await hasty.metric("ringfence_failures_total", { reason: "tls-handshake" })).toBeGreaterThan(0);
  });

  test.each<[where: string, sent: string]>([
    ["in the headers", "POST /validate HTTP/1.1\r\nHost: x\r\nContent-"],
    [
      "in the body",
      "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
    [
      "in a body in chunks",
      "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    ["in a body that is refused", "POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"],
  ])("%s", async (_where, sent) => {
    const socket = await tls(hasty);
    socket.write(sent);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 (408|415) /);
    await until("nothing is in flight", async () => (await hasty.metric("ringfence_reviews_in_flight")) === 0);
    expect(await hasty.metric("ringfence_review_bytes_in_flight")).toBe(0);
  });

  test("a resting connection doesn't count as one", async () => {
    const client = hasty.client();
    await client.review("web");
    await sleep(1_000);
    expect((await client.review("web")).reused).toBe(true);
    client.close();
  });

  test("and there are only so many of them", async () => {
    const open = await Promise.all([tls(hasty), tls(hasty), tls(hasty)]);
    await expect(tls(hasty)).rejects.toThrow();
    expect(await hasty.metric("ringfence_failures_total", { reason: "too-many-connections" })).toBeGreaterThan(0);
    for (const socket of open) socket.destroy();
    await until("there is room again", () =>
      tls(hasty).then(
        () => true,
        () => false,
      ),
    );
  });
});

describe("with the limits of production", () => {
  test("HTTP/1.1 is the only protocol that is offered", async () => {
    expect((await tls(running, { ALPNProtocols: ["h2", "http/1.1"] })).alpnProtocol).toBe("http/1.1");
    await expect(tls(running, { ALPNProtocols: ["h2"] })).rejects.toThrow(/no application protocol/);
  });

  test.each(["TLSv1.2", "TLSv1.1"] as const)("%s is refused", async (version) => {
    await expect(tls(running, { minVersion: version, maxVersion: version })).rejects.toThrow();
    expect((await tls(running)).getProtocol()).toBe("TLSv1.3");
  });

  test("plain HTTP is refused", async () => {
    const socket = connectTcp(running.server.port, "localhost");
    sockets.push(socket);
    socket.write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await untilClosed(socket)).not.toMatch(/HTTP/);
  });

  test("a connection that rests for six seconds, where Node's default is five, carries the next review", async () => {
    const { first, second } = await resting;
    expect(first.headers["keep-alive"]).toBe("timeout=120");
    expect([second.reused, second.response?.allowed]).toEqual([true, true]);
  });
});
