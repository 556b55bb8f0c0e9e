/**
 * @module The processes of one control plane and the folder that they live in: however the process that started them
 * ends, they end and the folder goes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

const LOG_TAIL_CHARACTERS = 2_000;
// Below the range from which systems take the ports of outgoing connections: a port that is free now stays free.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const PORT_TRIES = 100;

// Its standard input ends when the owner calls stop or dies, even by SIGKILL. A killed process may still be writing.
const GUARD = `
cat >/dev/null
for file in "$1"/*.pid; do [ -e "$file" ] && kill -KILL "$(cat "$file")"; done
for attempt in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done
`;

/** A program that runs in the background. */
export interface RunningProgram {
  readonly name: string;
  readonly processId: number;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** @throws Error with the end of its log, when it has ended by itself */
  assertRunning(): Promise<void>;
}

export interface Supervisor {
  /** Starts a program; its output goes to `NAME.log`. */
  start(name: string, program: string, args: readonly string[]): Promise<RunningProgram>;
  /** Ends every program and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Supervises the programs that work in a folder.
 * @param folder removed at the end
 * @param logFolder where logs go; outside of the folder they stay
 */
export function supervise(folder: string, logFolder: string): Supervisor {
  const guard = spawn("sh", ["-c", GUARD, "guard", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  const guardEnd = once(guard, "exit");
  // Nothing here keeps a test run alive whose author forgot to stop the control plane.
  guard.unref();
  if ("unref" in guard.stdin && typeof guard.stdin.unref === "function") guard.stdin.unref();
  const running = new Set<RunningProgram>();

  return {
    async start(name, program, args) {
      const logFile = join(logFolder, `${name}.log`);
      const log = openSync(logFile, "a");
      const child = spawn(program, args, { cwd: folder, stdio: ["ignore", log, log] });
      closeSync(log);
      await once(child, "spawn");
      child.unref();
      // What the guard kills. The id of a process that has ended may belong to another one.
      const processFile = join(folder, `${name}.pid`);
      writeFileSync(processFile, String(child.pid));
      child.once("exit", () => rmSync(processFile, { force: true }));
      const started = describeProgram(name, child, logFile);
      running.add(started);
      return started;
    },
    async stop() {
      await Promise.all([...running].map((program) => program.kill()));
      guard.ref();
      guard.stdin.end();
      await guardEnd;
    },
  };
}

function describeProgram(name: string, child: ChildProcess, logFile: string): RunningProgram {
  const ended = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    processId: child.pid ?? 0,
    async kill() {
      child.ref();
      if (!hasEnded()) child.kill("SIGKILL");
      await ended;
    },
    async assertRunning() {
      if (!hasEnded()) return;
      const tail = (await readFile(logFile, "utf8")).slice(-LOG_TAIL_CHARACTERS);
      throw new Error(`${name} ended by itself (${child.signalCode ?? child.exitCode}); its log ends with:\n${tail}`);
    },
  };
}

/** Finds a TCP port that is free on 127.0.0.1. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORT_TRIES; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      server.close();
      await once(server, "close");
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1`);
}
