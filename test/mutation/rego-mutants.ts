/**
 * @module Mutation testing of the guardrails: changes each line of their Rego in small wrong ways and sees whether
 * `opa test` notices. Prints the changes that no test noticed, and the score: `node test/mutation/rego-mutants.ts`
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { SHIPPED_REGO } from "../../src/engine/shipped-files.ts";
import { findOpa, NO_OPA } from "../tools/find-opa.ts";
import { type Mutant, mutantsOf } from "./rego-mutations.ts";

/** Percent of the mutants that the tests must notice. */
const LOWEST_SCORE = 95;

/** Exit codes of `opa test`. */
const TESTS_FAILED = 2;
const ALL_PASSED = 0;

interface Trial extends Mutant {
  /** Path below rego/. */
  readonly file: string;
}

type Outcome = "noticed" | "survived" | "not Rego";

/** Runs all mutants. @returns whether the score is high enough */
async function run(opa: string): Promise<boolean> {
  const trials = await allTrials();
  const outcomes = new Map<Trial, Outcome>();
  const queue = [...trials];
  await Promise.all(Array.from({ length: availableParallelism() }, () => worker(opa, queue, outcomes)));
  const count = (wanted: Outcome) => [...outcomes.values()].filter((outcome) => outcome === wanted).length;
  for (const trial of trials) {
    if (outcomes.get(trial) === "survived") console.log(`survived  rego/${trial.file}:${trial.line}  ${trial.change}`);
  }
  const valid = count("noticed") + count("survived");
  const score = (100 * count("noticed")) / valid;
  console.log(
    `${valid} mutants (${count("not Rego")} more are no valid Rego): ${count("noticed")} noticed, ` +
      `score ${score.toFixed(1)} %, at least ${LOWEST_SCORE} % are needed`,
  );
  return score >= LOWEST_SCORE;
}

async function allTrials(): Promise<readonly Trial[]> {
  const files = (await readdir(SHIPPED_REGO, { recursive: true }))
    .filter((file) => file.endsWith(".rego") && !file.endsWith("_test.rego"))
    .toSorted();
  const trials: Trial[] = [];
  for (const file of files) {
    const source = await readFile(join(SHIPPED_REGO, file), "utf8");
    for (const mutant of mutantsOf(source)) trials.push({ ...mutant, file });
  }
  return trials;
}

/** Takes mutants from the queue until it is empty, in a copy of rego/ of its own. */
async function worker(opa: string, queue: Trial[], outcomes: Map<Trial, Outcome>): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), "ringfence-mutants-"));
  try {
    await cp(SHIPPED_REGO, copy, { recursive: true, filter: (file) => !file.endsWith(".yaml") });
    for (let trial = queue.shift(); trial !== undefined; trial = queue.shift()) {
      const file = join(copy, trial.file);
      const original = await readFile(file, "utf8");
      await writeFile(file, trial.text);
      outcomes.set(trial, await judge(opa, copy, trial.file));
      await writeFile(file, original);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** What a guardrail does is tested beside it; what lib does, everywhere. */
async function judge(opa: string, copy: string, file: string): Promise<Outcome> {
  const paths = file.startsWith("lib") ? ["."] : ["lib", join(file, "..")];
  const code = await new Promise<number>((resolve) => {
    execFile(opa, ["test", ...paths], { cwd: copy }, (error) => resolve(error === null ? 0 : Number(error.code)));
  });
  if (code === ALL_PASSED) return "survived";
  return code === TESTS_FAILED ? "noticed" : "not Rego";
}

const opa = findOpa();
if (opa === undefined) console.error(NO_OPA);
process.exitCode = opa !== undefined && (await run(opa)) ? 0 : 1;
