/**
 * @module `npm run bench`: the bounds of the design, as ratios measured in one run, printed as a table.
 *
 * Absolute times on a shared machine are noise; what counts is the ratio to a bare server (or a library alone) that ran
 * in turns with ours. Of several rounds the best one counts for both sides. Exit code 1 where a bound is missed.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureDevelopmentCertificates } from "../../src/certs/development-ca.ts";
import { manyGuardrails } from "./many-guardrails.ts";
import { generateManifests } from "./manifests.ts";
import { load, type MeasuredServer, startServer } from "./processes.ts";
import { signException } from "./signed-exception.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "dist/ringfence.js");
const ROUNDS = 5;
const REVIEWS_PER_ROUND = 6_000;
const MANIFESTS = 10_000;

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly bound: string;
  readonly met: boolean | undefined;
}

const rows: Row[] = [];
function ratio(what: string, value: number, limit: number, detail: string): void {
  rows.push({ what, measured: `${value.toFixed(2)}   (${detail})`, bound: `<= ${limit}`, met: value <= limit });
}
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), "ringfence-bench-"));
const {
  authorityCertificate: authority,
  certificate,
  key,
} = await ensureDevelopmentCertificates(join(folder, "certs"));
const SERVE = [PROGRAM, "serve", "--port", "0", "--log-level", "warn"];
const serve = (...args: string[]) => startServer([...SERVE, "--cert-dir", join(folder, "certs"), ...args]);
const bench = (file: string) => startServer([join(import.meta.dirname, file), certificate, key]);

/** Microseconds of server CPU per review. */
async function cpuPerReview(server: MeasuredServer): Promise<number> {
  const before = server.cpuSeconds();
  const { answers } = await load({ port: server.port, authority, count: REVIEWS_PER_ROUND });
  return ((server.cpuSeconds() - before) / answers) * 1e6;
}

async function inTurns(servers: Readonly<Record<string, MeasuredServer>>): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  for (const server of Object.values(servers)) await load({ port: server.port, authority, count: REVIEWS_PER_ROUND });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, server] of Object.entries(servers)) {
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, await cpuPerReview(server));
    }
  }
  return best;
}

async function measureServers(): Promise<void> {
  say("server CPU per review ...");
  const servers = {
    bare: await bench("bare-server.ts"),
    ringfence: await serve(),
    reference: await bench("reference-server.ts"),
  };
  const { bare = 0, ringfence = 0, reference = 0 } = await inTurns(servers);
  const micro = (value: number) => `${value.toFixed(0)} µs`;
  ratio(
    "server CPU per allowed Pod review ÷ bare node:https",
    ringfence / bare,
    4.5,
    `${micro(ringfence)} ÷ ${micro(bare)}`,
  );
  ratio("the same ÷ Express + json + SDK", ringfence / reference, 0.45, `${micro(ringfence)} ÷ ${micro(reference)}`);
  await Promise.all(Object.values(servers).map((server) => server.stop()));
}

async function measureGuardrails(): Promise<void> {
  const bundles = await manyGuardrails(folder);
  if (typeof bundles === "string") {
    rows.push({
      what: "30 guardrails ÷ 1 guardrail",
      measured: `not measured: ${bundles}`,
      bound: "<= 3.5",
      met: undefined,
    });
    return;
  }
  say("30 guardrails beside 1 ...");
  const servers = {
    one: await serve("--settings", bundles.settings, "--bundle", bundles.one),
    thirty: await serve("--settings", bundles.settings, "--bundle", bundles.thirty),
  };
  const { one = 0, thirty = 0 } = await inTurns(servers);
  ratio("30 guardrails ÷ 1 guardrail", thirty / one, 3.5, `${thirty.toFixed(0)} µs ÷ ${one.toFixed(0)} µs`);
  await Promise.all(Object.values(servers).map((server) => server.stop()));
}

async function measureExceptions(): Promise<void> {
  say("a Pod with a signed exception beside one without ...");
  const { settings, bodyFile } = signException(PROGRAM, folder);
  const server = await serve("--settings", settings);
  const cost = async (job: { readonly bodyFile?: string }) => {
    const before = server.cpuSeconds();
    const { answers } = await load({ port: server.port, authority, count: REVIEWS_PER_ROUND, ...job });
    return ((server.cpuSeconds() - before) / answers) * 1e6;
  };
  let plain = Number.POSITIVE_INFINITY;
  let excused = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [without, withOne] = [await cost({}), await cost({ bodyFile })];
    // The first round warms up.
    if (round > 0) [plain, excused] = [Math.min(plain, without), Math.min(excused, withOne)];
  }
  ratio(
    "Pod with a signed exception ÷ without",
    excused / plain,
    2,
    `${excused.toFixed(0)} µs ÷ ${plain.toFixed(0)} µs`,
  );
  await server.stop();
}

async function measureTail(): Promise<void> {
  say("small reviews beside large ones ...");
  const server = await serve();
  const job = { port: server.port, authority, seconds: 4, rate: 300 };
  await load(job);
  let alone = Number.POSITIVE_INFINITY;
  let beside = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    alone = Math.min(alone, (await load(job)).p99Milliseconds);
    const [small] = await Promise.all([load(job), load({ ...job, rate: 10, large: true })]);
    beside = Math.min(beside, small.p99Milliseconds);
  }
  ratio(
    "small-review p99 with 10 x 1 MB/s ÷ without",
    beside / alone,
    1.5,
    `${beside.toFixed(1)} ms ÷ ${alone.toFixed(1)} ms`,
  );
  await server.stop();
}

async function measureMemory(): Promise<void> {
  say("memory over 240,000 reviews ...");
  const server = await serve();
  await load({ port: server.port, authority, count: 120_000 });
  const half = server.residentMegabytes();
  await load({ port: server.port, authority, count: 120_000 });
  const whole = server.residentMegabytes();
  ratio(
    "memory after 240,000 ÷ after 120,000 reviews",
    whole / half,
    1.25,
    `${whole.toFixed(0)} MB ÷ ${half.toFixed(0)} MB`,
  );
  rows.push({
    what: "memory after 240,000 reviews",
    measured: `${whole.toFixed(0)} MB`,
    bound: "<= 256 MB",
    met: whole <= 256,
  });
  await server.stop();
}

async function measureStart(): Promise<void> {
  say("start ...");
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await serve();
    best = Math.min(best, server.startMilliseconds);
    await server.stop();
  }
  rows.push({ what: "ready after start", measured: `${best.toFixed(0)} ms`, bound: "<= 500 ms", met: best <= 500 });
}

/** Best wall time of a Node program in milliseconds; exit code 1 is a verdict, not a failure. */
function wall(args: readonly string[], rounds: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    try {
      execFileSync(process.execPath, args, { stdio: "ignore" });
    } catch (cause) {
      if ((cause as { status?: number }).status !== 1) throw cause;
    }
    best = Math.min(best, performance.now() - startedAt);
  }
  return best;
}

function measureGate(): void {
  say("the gate over 10,000 manifests ...");
  const file = join(folder, "manifests.yaml");
  writeFileSync(file, generateManifests(MANIFESTS));
  const library = `require("js-yaml").loadAll(require("node:fs").readFileSync(${JSON.stringify(file)}, "utf8"))`;
  let gate = Number.POSITIVE_INFINITY;
  let alone = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    gate = Math.min(gate, wall([PROGRAM, "check", file], 1));
    alone = Math.min(alone, wall(["-e", library], 1));
  }
  rows.push({
    what: "gate, 10,000 manifests",
    measured: `${(gate / 1000).toFixed(2)} s`,
    bound: "<= 5 s",
    met: gate <= 5_000,
  });
  ratio(
    "gate, 10,000 manifests ÷ the YAML library alone",
    gate / alone,
    3,
    `${(gate / 1000).toFixed(2)} s ÷ ${(alone / 1000).toFixed(2)} s`,
  );
  say("start of the gate ...");
  const small = join(ROOT, "docs/examples/allow-all.yaml");
  const start = wall([PROGRAM, "check", small], 15);
  const nothing = wall(["-e", "0"], 15);
  ratio("gate start-up ÷ node -e 0", start / nothing, 2, `${start.toFixed(0)} ms ÷ ${nothing.toFixed(0)} ms`);
}

process.chdir(ROOT);
const only = process.argv[2];
const PARTS = {
  servers: measureServers,
  guardrails: measureGuardrails,
  exceptions: measureExceptions,
  tail: measureTail,
  memory: measureMemory,
  start: measureStart,
  gate: measureGate,
};
try {
  for (const [name, measure] of Object.entries(PARTS)) if (only === undefined || only === name) await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const width = Math.max(...rows.map(({ what }) => what.length));
for (const { what, measured, bound, met } of rows) {
  const mark = met === undefined ? "-" : met ? "ok" : "MISSED";
  process.stdout.write(`${what.padEnd(width)}  ${bound.padEnd(9)}  ${mark.padEnd(6)}  ${measured}\n`);
}
process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;
