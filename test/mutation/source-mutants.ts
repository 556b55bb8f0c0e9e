/**
 * @module `npm run test:mutation`: changes the sources of the model and the NetworkPolicy readers in one place at a time
 * and runs their tests, which must notice. Prints the score; exit code 1 below the floor.
 *
 * MUTANTS=150 takes a sample, the same for the same SEED; MUTANTS=all takes every one. WORKERS=1 leaves a core to others.
 * It works on copies of the tree.
 */
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSync } from "@swc/core";

const ROOT = join(import.meta.dirname, "../..");
const FLOOR = 80;
const WORKERS = Number(process.env["WORKERS"] ?? "2");
const LIMIT_MS = 180_000;
const READERS = [
  "kubernetes-network-policy.ts",
  "network-policy-peers.ts",
  "network-policy-ports.ts",
  "label-selector.ts",
];
const TESTS = "src/model|src/apis/(kubernetes-network-policy|fields|any-object)|test/integration/bundle/verdicts";

interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly description: string;
  /** UTF-8 offsets, as the parser counts. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const SWAPS: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "&&": "||",
  "||": "&&",
  "??": "&&",
};

interface Node {
  readonly type?: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}

/** All places of a file where one small change can be made. */
function mutantsOf(file: string): Mutant[] {
  const bytes = readFileSync(join(ROOT, file));
  const source = bytes.toString("utf8");
  const tree = parseSync(source, { syntax: "typescript", target: "es2024" }) as unknown as Node;
  // Offsets count on over all files that were parsed, and begin at the first token: comments before it are not in.
  const first = tree.span?.start ?? 0;
  const lead = bytes.length - Buffer.from(source.trimStart()).length;
  const base = first - lead - leadingComments(source.trimStart());
  const mutants: Mutant[] = [];
  const slice = (start: number, end: number) => bytes.subarray(start, end).toString("utf8");
  const add = (
    node: Node,
    description: string,
    text: string,
    from = node.span?.start ?? 0,
    to = node.span?.end ?? 0,
  ) => {
    const start = from - base;
    mutants.push({ file, line: slice(0, start).split("\n").length, description, start, end: to - base, text });
  };
  walk(tree, (node) => {
    const original = node.span === undefined ? "" : slice(node.span.start - base, node.span.end - base);
    if (node.type === "BinaryExpression") {
      const swap = SWAPS[String(node["operator"])];
      const left = (node["left"] as Node).span;
      const right = (node["right"] as Node).span;
      if (swap !== undefined && left !== undefined && right !== undefined) {
        const between = slice(left.end - base, right.start - base);
        add(
          node,
          `${String(node["operator"])} becomes ${swap}`,
          between.replace(String(node["operator"]), swap),
          left.end,
          right.start,
        );
      }
    } else if (node.type === "BooleanLiteral") add(node, `${original} flipped`, original === "true" ? "false" : "true");
    else if (node.type === "NumericLiteral") add(node, `${original} plus one`, `(${original} + 1)`);
    else if (node.type === "UnaryExpression" && node["operator"] === "!") add(node, "! removed", original.slice(1));
    else if (node.type === "ConditionalExpression" || node.type === "IfStatement") {
      const condition = node["test"] as Node;
      if (condition.span !== undefined) {
        add(condition, "condition negated", `!(${slice(condition.span.start - base, condition.span.end - base)})`);
      }
    }
  });
  return mutants;
}

/** Length of the comments in front of the first token, in bytes. */
function leadingComments(source: string): number {
  const found = /^(?:\/\*[\s\S]*?\*\/\s*|\/\/[^\n]*\s*)*/.exec(source)?.[0] ?? "";
  return Buffer.byteLength(found);
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  else if (typeof value === "object" && value !== null) {
    // Types are erased: nothing in them can be noticed.
    const node = value as Node;
    if (typeof node.type === "string") {
      if (/^Ts(?!AsExpression|NonNull|Satisfies)/.test(node.type)) return;
      visit(node);
    }
    for (const [key, child] of Object.entries(node)) if (key !== "typeAnnotation") walk(child, visit);
  }
}

function sample(mutants: readonly Mutant[]): readonly Mutant[] {
  const wanted = process.env["MUTANTS"] ?? "150";
  if (wanted === "all") return mutants;
  let state = Number(process.env["SEED"] ?? "1");
  const keyed = mutants.map((mutant) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { mutant, state };
  });
  return keyed
    .toSorted((a, b) => a.state - b.state)
    .slice(0, Number(wanted))
    .map(({ mutant }) => mutant);
}

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-mutation-"));
  for (const part of ["src", "test", "policies", "rego", "package.json", "jest.config.js", "tsconfig.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Whether the tests fail, or don't end: both are noticed. The tests beside the source come first, as most fail there. */
async function isNoticed(folder: string, file?: string): Promise<boolean> {
  const own = file?.replace(/\.ts$/, "\\.test");
  const hasOwn = file !== undefined && existsSync(join(folder, file.replace(/\.ts$/, ".test.ts")));
  return (hasOwn && own !== undefined && (await fails(folder, own))) || fails(folder, TESTS);
}

function fails(folder: string, tests: string): Promise<boolean> {
  return new Promise((resolve) => {
    const args = [
      "--no-warnings",
      "--experimental-vm-modules",
      "node_modules/jest/bin/jest.js",
      "--selectProjects=unit",
      `--testPathPatterns=${tests}`,
      "--bail",
      "--silent",
      "--runInBand",
    ];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    child.stderr.on("data", (part: Buffer) => {
      output = (output + part.toString("utf8")).slice(-4_000);
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.once("exit", (code) => {
      clearTimeout(timer);
      lastOutput = output;
      resolve(code !== 0);
    });
  });
}

/** What the tests wrote last, for the case that they fail without any change. */
let lastOutput = "";

const files = [
  ...readdirSync(join(ROOT, "src/model"))
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => `src/model/${name}`),
  ...READERS.map((name) => `src/apis/${name}`),
];
const all = files.flatMap(mutantsOf);
const chosen = [...sample(all)];
process.stdout.write(`${all.length} mutants in ${files.length} files, ${chosen.length} are tried\n`);

const survivors: Mutant[] = [];
let done = 0;
async function work(): Promise<void> {
  const folder = copyTree();
  try {
    if (await isNoticed(folder)) {
      throw new Error(`the tests fail without any change, so no score can be had:\n${lastOutput}`);
    }
    for (let mutant = chosen.pop(); mutant !== undefined; mutant = chosen.pop()) {
      const path = join(folder, mutant.file);
      const original = readFileSync(path);
      writeFileSync(
        path,
        Buffer.concat([original.subarray(0, mutant.start), Buffer.from(mutant.text), original.subarray(mutant.end)]),
      );
      if (!(await isNoticed(folder, mutant.file))) {
        survivors.push(mutant);
        process.stdout.write(`survived  ${mutant.file}:${mutant.line}  ${mutant.description}\n`);
      }
      writeFileSync(path, original);
      done += 1;
      if (done % 10 === 0) process.stdout.write(`${done} tried, ${survivors.length} survived\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: WORKERS }, work));
const score = (100 * (done - survivors.length)) / done;
process.stdout.write(
  `sources: ${done - survivors.length} of ${done} mutants noticed, score ${score.toFixed(1)} % (floor ${FLOOR} %), ${Math.round((performance.now() - startedAt) / 1000)} s\n`,
);
if (score < FLOOR) process.exitCode = 1;
