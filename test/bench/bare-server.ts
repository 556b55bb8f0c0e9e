/**
 * @module The floor: node:https that collects the body and answers the same bytes to everybody.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

const [certificate = "", key = ""] = process.argv.slice(2);
const ANSWER =
  '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","allowed":true}}';

const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key), minVersion: "TLSv1.3", keepAliveTimeout: 120_000 },
  (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      outgoing.writeHead(200, { "Content-Type": "application/json", "Content-Length": ANSWER.length });
      outgoing.end(ANSWER);
    });
  },
);
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on https://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
);
