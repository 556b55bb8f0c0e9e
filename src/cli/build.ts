/**
 * @module Builds dist/, or the folder that is named: one file per entry point and a launcher. `npm install` runs it.
 *
 * Files of the CommonJS kind, because they start faster: an ECMAScript module that imports a built-in one makes Node
 * load all of it. An entry point must therefore do without a top-level `await`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { readBundle } from "../engine/bundle.ts";
import type { PreparedSettings } from "../engine/prepared-settings.ts";
import { parseSettings } from "../engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../engine/shipped-files.ts";
import { readSpellingTables, SPELLING_TABLES } from "../engine/spellings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const OUTPUT = resolve(process.argv[2] ?? join(ROOT, "dist"));

/** Names in dist/, and where they come from: the program, and the workers that it starts. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  program: "src/cli/ringfence.ts",
  serve: "src/cli/serve.ts",
  controller: "src/cli/controller.ts",
  "judging-worker": "src/server/judging-worker.ts",
};

/** Libraries that are needed at start, built in so that it is fast. All others stay in node_modules. */
const BUILT_IN: ReadonlySet<string> = new Set(["js-yaml", "@cfworker/json-schema", "express", "prom-client", "pino"]);

/** Server and controller are files of their own, so that the gate doesn't read them. */
const PROGRAMS_APART: Plugin = {
  name: "programs-apart",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\.\/(?:serve|controller)\.ts$/ }, ({ path }) => ({
      path: path.replace(".ts", ".js"),
      external: true,
    }));
  },
};

/**
 * The compiled code is kept beside the program, where only who installed it can write; the folder that Node would choose
 * is shared by everyone on the machine. It has to be switched on before the program is loaded.
 */
const LAUNCHER = `#!/usr/bin/env node
require("node:module").enableCompileCache?.(require("node:path").join(__dirname, ".compile-cache"));
require("./program.js");
`;

/** Judged once after the build, so that the compiled code of what a check does is there for the first user. */
const FIRST_RUN = `apiVersion: v1
kind: Pod
metadata:
  name: first-run
spec:
  hostNetwork: true
`;
const DENIED = 1;

/** A build with settings that can't be used fails, and says where they are wrong. */
function prepareSettings(): PreparedSettings {
  const { manifest } = readBundle(SHIPPED_BUNDLE);
  const bytes = readFileSync(SHIPPED_SETTINGS);
  return {
    text: bytes.toString("utf8"),
    revision: manifest.revision,
    settings: parseSettings(bytes, SHIPPED_SETTINGS, manifest),
  };
}

const { dependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
  dependencies: Readonly<Record<string, string>>;
};

await rm(OUTPUT, { recursive: true, force: true });
await build({
  absWorkingDir: ROOT,
  entryPoints: Object.entries(ENTRY_POINTS)
    .filter(([, source]) => existsSync(join(ROOT, source)))
    .map(([out, source]) => ({ out, in: source })),
  outdir: OUTPUT,
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  external: Object.keys(dependencies).filter((name) => !BUILT_IN.has(name)),
  define: {
    "import.meta.url": "moduleUrl",
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
    PREPARED_SETTINGS: JSON.stringify(prepareSettings()),
  },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  plugins: [PROGRAMS_APART],
  // Half of the text is white space and comments, and all of it is read at every start.
  minifyWhitespace: true,
  legalComments: "linked",
  logLevel: "warning",
});
await writeFile(join(OUTPUT, "package.json"), '{"type":"commonjs"}\n');
if (existsSync(SPELLING_TABLES)) {
  await writeFile(join(OUTPUT, "spellings.json"), JSON.stringify(readSpellingTables(SPELLING_TABLES)));
}
const launcher = join(OUTPUT, "ringfence.js");
await writeFile(launcher, LAUNCHER);
await chmod(launcher, 0o755);

const { status, stderr } = spawnSync(process.execPath, [launcher, "check", "-"], {
  input: FIRST_RUN,
  encoding: "utf8",
});
if (status !== DENIED) throw new Error(`the built program doesn't judge as it should (exit code ${status}): ${stderr}`);
