/**
 * @module The load generator, a process of its own on the other core. Reads one job as JSON from its first argument and
 * writes the result as JSON.
 *
 * `count`: so many small reviews as fast as 16 connections go. `seconds` with `rate`: small reviews at independent
 * moments (exponential gaps), latency counted from the intended moment; `large` sends 1 MB each time. Small and large ones
 * come from two processes: who encrypts a megabyte can't measure milliseconds meanwhile.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { LARGE_REVIEW, SMALL_REVIEW } from "./review-body.ts";

export interface LoadJob {
  readonly port: number;
  readonly authority: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly rate?: number;
  readonly large?: boolean;
  /** A file with the review that is sent, instead of the small one. */
  readonly bodyFile?: string;
}

export interface LoadResult {
  readonly answers: number;
  /** Answers that were no allowed review. */
  readonly wrong: number;
  readonly seconds: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

const CONNECTIONS = 16;
const job = JSON.parse(process.argv[2] ?? "{}") as LoadJob;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: readFileSync(job.authority) });

const small = job.bodyFile === undefined ? SMALL_REVIEW : readFileSync(job.bodyFile, "utf8");
const latencies: number[] = [];
let answers = 0;
let wrong = 0;

function send(body: string): Promise<void> {
  return new Promise((resolve) => {
    const call = request(
      {
        host: "127.0.0.1",
        port: job.port,
        path: "/validate?timeout=10s",
        method: "POST",
        agent,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        let text = "";
        response.setEncoding("latin1");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => {
          answers += 1;
          if (response.statusCode !== 200 || !text.includes('"allowed":true')) wrong += 1;
          resolve();
        });
      },
    );
    call.on("error", () => {
      wrong += 1;
      resolve();
    });
    call.end(body);
  });
}

async function saturate(count: number): Promise<void> {
  let started = 0;
  const worker = async () => {
    while (started < count) {
      started += 1;
      const sentAt = performance.now();
      await send(small);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

async function arrivals(rate: number, seconds: number, body: string): Promise<void> {
  const start = performance.now();
  const calls: Promise<void>[] = [];
  let at = 0;
  for (;;) {
    at += (-Math.log(1 - Math.random()) / rate) * 1000;
    if (at > seconds * 1000) break;
    const wait = start + at - performance.now();
    if (wait > 1) await pause(wait);
    const intended = start + at;
    calls.push(
      send(body).then(() => {
        latencies.push(performance.now() - intended);
      }),
    );
  }
  await Promise.all(calls);
}

const startedAt = performance.now();
if (job.count !== undefined) await saturate(job.count);
else {
  const { seconds = 1, rate = 100, large = false } = job;
  await arrivals(rate, seconds, large ? LARGE_REVIEW : small);
}
latencies.sort((a, b) => a - b);
const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
const result: LoadResult = {
  answers,
  wrong,
  seconds: (performance.now() - startedAt) / 1000,
  p50Milliseconds: at(0.5),
  p99Milliseconds: at(0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
