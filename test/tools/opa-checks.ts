/**
 * @module Everything that can be checked about the guardrails with `opa`: `npm run test:rego`. Each check prints one
 * line; a failed one says what to do, and the exit code is 1.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { buildBundle } from "../../src/engine/bundle-build.ts";
import { ROOT, SHIPPED_BUNDLE, SHIPPED_REGO } from "../../src/engine/shipped-files.ts";
import { findOpa, NO_OPA } from "./find-opa.ts";

/** Percent of the lines of Rego, tests included. */
const LOWEST_COVERAGE = 95;

const IGNORE_SAMPLES = ["--ignore", "*.yaml"];

/** What a check found: a sentence for its line, and the problems, which are none where all is well. */
interface Result {
  readonly says: string;
  readonly problems: readonly string[];
}

type Opa = (args: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>;

const CHECKS: readonly (readonly [name: string, check: (opa: Opa, program: string) => Promise<Result>])[] = [
  ["opa fmt", checkFormat],
  ["opa check", checkStrict],
  ["opa test", checkTests],
  ["coverage", checkCoverage],
  ["METADATA", checkMetadata],
  ["bundle", checkBundle],
];

const program = findOpa();
if (program === undefined) {
  console.error(NO_OPA);
  process.exitCode = 1;
} else {
  process.exitCode = (await runAll(program)) ? 0 : 1;
}

async function runAll(opaProgram: string): Promise<boolean> {
  let good = true;
  for (const [name, check] of CHECKS) {
    const { says, problems } = await check((args) => runOpa(opaProgram, args), opaProgram).catch(unfinished);
    console.log(`${problems.length === 0 ? "good" : "BAD "}  ${name.padEnd(10)} ${says}`);
    for (const problem of problems) console.log(`      ${problem.replaceAll("\n", "\n      ")}`);
    if (problems.length > 0) good = false;
  }
  return good;
}

/** A check that could not be finished has failed, mostly because of what an earlier one says. */
function unfinished(cause: unknown): Result {
  return { says: "could not be checked", problems: [cause instanceof Error ? cause.message : String(cause)] };
}

async function runOpa(opaProgram: string, args: readonly string[]) {
  try {
    const { stdout } = await promisify(execFile)(opaProgram, [...args], { cwd: ROOT, maxBuffer: 1 << 28 });
    return { code: 0, output: stdout };
  } catch (cause) {
    const { code, stdout, stderr } = cause as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== "number") throw cause;
    return { code, output: `${stderr ?? ""}${stdout ?? ""}`.trim() };
  }
}

async function checkFormat(opa: Opa): Promise<Result> {
  const { code, output } = await opa(["fmt", "--list", "rego"]);
  const files = output.split("\n").filter((line) => line !== "");
  const problems = code === 0 ? files.map((file) => `${file}: opa fmt --write ${file}`) : [output];
  return { says: "every file is formatted", problems };
}

async function checkStrict(opa: Opa): Promise<Result> {
  const { code, output } = await opa(["check", "--strict", ...IGNORE_SAMPLES, "rego"]);
  return { says: "every file compiles, strictly", problems: code === 0 ? [] : [output] };
}

async function checkTests(opa: Opa): Promise<Result> {
  const { code, output } = await opa(["test", ...IGNORE_SAMPLES, "rego"]);
  return {
    says: output.split("\n").at(-1) || (/PASS: .*/.exec(output)?.[0] ?? ""),
    problems: code === 0 ? [] : [output],
  };
}

async function checkCoverage(opa: Opa): Promise<Result> {
  const { code, output } = await opa(["test", "--coverage", ...IGNORE_SAMPLES, "rego"]);
  if (code !== 0) return { says: "unknown while tests fail", problems: ["see opa test"] };
  const { coverage = 0, files = {} } = JSON.parse(output) as {
    coverage?: number;
    files?: Readonly<
      Record<string, { readonly not_covered?: readonly { readonly start: { readonly row: number } }[] }>
    >;
  };
  const missing = Object.entries(files).flatMap(([file, { not_covered: ranges = [] }]) =>
    ranges.map(({ start }) => `${file}:${start.row}: no test gets here`),
  );
  const says = `${coverage.toFixed(1)} % of the lines, at least ${LOWEST_COVERAGE} % are needed`;
  return { says, problems: coverage >= LOWEST_COVERAGE ? [] : missing };
}

interface Annotation {
  readonly location: { readonly file: string; readonly row: number };
  readonly path?: readonly { readonly value: string }[];
  readonly annotations: {
    readonly scope: string;
    readonly title?: string;
    readonly description?: string;
    readonly custom?: { readonly slug?: string; readonly compliance?: readonly string[] };
  };
}

interface Module {
  readonly package: { readonly path: readonly { readonly value: string }[] };
  readonly rules?: readonly { readonly head: { readonly ref: readonly { readonly value: string }[] } }[];
}

/** Titles and descriptions on packages and public rules; slug and folder; compliance; package and folder. */
async function checkMetadata(opa: Opa): Promise<Result> {
  const { code, output } = await opa(["inspect", "--annotations", "--format", "json", "rego"]);
  if (code !== 0) return { says: "unknown while opa inspect fails", problems: [output] };
  const inspected = JSON.parse(output) as {
    readonly annotations?: readonly Annotation[];
    readonly namespaces: Readonly<Record<string, readonly string[]>>;
  };
  const annotations = inspected.annotations ?? [];
  const files = [...new Set(Object.values(inspected.namespaces).flat())].filter((file) => file.endsWith(".rego"));
  const problems: string[] = [];
  for (const file of files.toSorted()) {
    const parsed = JSON.parse((await opa(["parse", "--format", "json", file])).output) as Module;
    const name = parsed.package.path.map(({ value }) => value).join(".");
    problems.push(...packageProblems(file, name));
    if (file.endsWith("_test.rego")) continue;
    const own = annotations.filter(({ location }) => location.file === file);
    problems.push(...annotationProblems(file, name, own), ...undocumentedRules(file, name, parsed, own));
  }
  return { says: `${files.length} files have the package of their folder, and say what they are`, problems };
}

/** `rego/guardrails/any_any/any_any.rego` is `data.ringfence.guardrails.any_any`; `rego/lib/traffic.rego` is `data.ringfence.lib.traffic`. */
function packageProblems(file: string, name: string): readonly string[] {
  const path = relative(SHIPPED_REGO, join(ROOT, file))
    .replace(/\.rego$/, "")
    .split(sep);
  if (path[0] === "guardrails") path.splice(1, 1);
  const wanted = ["data", "ringfence", ...path].join(".");
  return name === wanted ? [] : [`${file}: the package is ${name}, and should be ${wanted}`];
}

function annotationProblems(file: string, name: string, annotations: readonly Annotation[]): readonly string[] {
  const problems = annotations
    .filter(({ annotations: { title, description } }) => !title || !description)
    .map(({ location }) => `${file}:${location.row}: METADATA needs a title and a description`);
  const custom = annotations.find(({ annotations: { scope } }) => scope === "package")?.annotations.custom;
  if (!name.startsWith("data.ringfence.guardrails.")) return problems;
  const slug = dirname(file).split("/").at(-1)?.replaceAll("_", "-");
  if (custom?.slug !== slug)
    problems.push(`${file}: the slug is ${custom?.slug}, and should be ${slug}, as the folder`);
  if (custom?.compliance === undefined || custom.compliance.length === 0) problems.push(`${file}: compliance is empty`);
  return problems;
}

function undocumentedRules(
  file: string,
  name: string,
  { rules = [] }: Module,
  annotations: readonly Annotation[],
): readonly string[] {
  const documented = new Set(annotations.map(({ path = [] }) => path.map(({ value }) => value).join(".")));
  const names = new Set(rules.map(({ head }) => head.ref[0]?.value ?? ""));
  const problems = [...names]
    .filter((rule) => !rule.startsWith("_") && !documented.has(`${name}.${rule}`))
    .map((rule) => `${file}: ${rule} is public and has no METADATA`);
  return documented.has(name) ? problems : [`${file}: the package has no METADATA`, ...problems];
}

/** The committed bundle is what the sources compile to, byte for byte. */
async function checkBundle(_opa: Opa, opaProgram: string): Promise<Result> {
  const fresh = await mkdtemp(join(tmpdir(), "ringfence-drift-"));
  try {
    const { revision } = await buildBundle({ shipped: SHIPPED_REGO, own: [], output: fresh, opa: opaProgram });
    const problems: string[] = [];
    for (const file of ["manifest.json", "policy.wasm"]) {
      const [committed, built] = await Promise.all([readFile(join(SHIPPED_BUNDLE, file)), readFile(join(fresh, file))]);
      if (!committed.equals(built)) {
        problems.push(`policies/bundle/${file} is not what rego/ compiles to: npm run bundle, and commit it`);
      }
    }
    return { says: `policies/bundle is what rego/ compiles to (${revision})`, problems };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
