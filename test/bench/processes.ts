/**
 * @module Processes under measurement: pinned to a core, with their CPU time and memory from the kernel.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { LoadJob, LoadResult } from "./load-client.ts";

const SERVER_CORE = "0";
const CLIENT_CORE = "1";
// As the kernel counts CPU time on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;
const START_LIMIT_MS = 30_000;

/** taskset keeps server and client apart; where it is missing the scheduler decides, and the figures say less. */
const PIN = (() => {
  try {
    execFileSync("taskset", ["-c", CLIENT_CORE, "true"], { stdio: "ignore" });
    return (core: string) => ["taskset", "-c", core];
  } catch {
    return () => [];
  }
})();

export interface MeasuredServer {
  readonly port: number;
  /** From the start of the process until it listened. */
  readonly startMilliseconds: number;
  /** User and system time of all threads so far. */
  cpuSeconds(): number;
  residentMegabytes(): number;
  stop(): Promise<void>;
}

/** Starts a Node program that writes `listening on https://127.0.0.1:PORT` once it serves. */
export async function startServer(args: readonly string[]): Promise<MeasuredServer> {
  const startedAt = performance.now();
  const [program = process.execPath, ...rest] = [...PIN(SERVER_CORE), process.execPath, ...args];
  const child: ChildProcess = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    let output = "";
    const timer = setTimeout(() => reject(new Error(`${args.join(" ")} did not start:\n${output}`)), START_LIMIT_MS);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const found = /listening on https:\/\/127\.0\.0\.1:(\d+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(Number(found[1]));
    });
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}:\n${output}`)));
  });
  const startMilliseconds = performance.now() - startedAt;
  const { pid } = child;
  return {
    port,
    startMilliseconds,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    residentMegabytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024,
    stop: async () => {
      child.kill("SIGTERM");
      while (child.exitCode === null && child.signalCode === null) await pause(10);
    },
  };
}

/** Runs the load generator. @throws Error where an answer was wrong: a fast wrong answer is no result */
export async function load(job: LoadJob): Promise<LoadResult> {
  const [program, ...rest] = [
    ...PIN(CLIENT_CORE),
    process.execPath,
    new URL("load-client.ts", import.meta.url).pathname,
    JSON.stringify(job),
  ];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const part of child.stdout) output += String(part);
  const result = JSON.parse(output) as LoadResult;
  if (result.wrong > 0) throw new Error(`${result.wrong} of ${result.answers} answers were wrong`);
  return result;
}
