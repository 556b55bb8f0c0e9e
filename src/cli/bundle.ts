/**
 * @module `ringfence bundle build` and `ringfence bundle verify`.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundle, BundleError } from "../engine/bundle.ts";
import { buildBundle } from "../engine/bundle-build.ts";
import { BundleBuildError } from "../engine/bundle-build-error.ts";
import type { BundleManifest } from "../engine/bundle-manifest.ts";
import { SHIPPED_BUNDLE, SHIPPED_REGO } from "../engine/shipped-files.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, type CommandGroup, EXIT_DENIED, EXIT_OK, type Options } from "./command.ts";

const SOURCES: Options = {
  guardrails: {
    type: "string",
    value: "DIR",
    multiple: true,
    description: "A folder with an organisation's own guardrails, beside the shipped ones",
  },
  opa: { type: "string", value: "PATH", description: "The opa program.", default: "opa" },
};

const build: Command = {
  name: "bundle build",
  summary: "Compile guardrails to a bundle; needs opa.",
  usage: "[OPTIONS]",
  description: "The same sources give the same bytes.",
  options: {
    ...SOURCES,
    output: {
      type: "string",
      short: "o",
      value: "DIR",
      description: "Where policy.wasm and manifest.json are written, instead of the shipped policies/bundle.",
      environment: "RINGFENCE_BUNDLE_OUTPUT",
    },
  },
  async run(args, io) {
    if (args.positionals.length > 0) throw new CallError("folders are named with --guardrails DIR", "bundle build");
    const output = args.textOr("output", SHIPPED_BUNDLE);
    const manifest = await compile(args, output);
    io.stdout.write(`${output}: ${manifest.guardrails.length} guardrails, revision ${manifest.revision}\n`);
    return EXIT_OK;
  },
};

const verify: Command = {
  name: "bundle verify",
  summary: "Check that a bundle is whole, and on request that it is what the sources compile to.",
  usage: "[OPTIONS] [DIR]",
  description: "Exit code 1 where the bundle is damaged or differs from its sources.",
  options: {
    ...SOURCES,
    "against-sources": {
      type: "boolean",
      description: "Compile the sources and compare byte for byte; needs opa.",
    },
  },
  async run(args, io) {
    const [folder = SHIPPED_BUNDLE, ...others] = args.positionals;
    if (others.length > 0) throw new CallError("one bundle at a time", "bundle verify");
    if (!existsSync(folder)) throw new CallError(`${folder}: there is no such folder`, "bundle verify");
    const problems = wholeness(folder);
    if (problems.length === 0 && args.flag("against-sources")) problems.push(...(await drift(args, folder)));
    io.stdout.write(problems.length === 0 ? `${folder}: good\n` : `${problems.join("\n")}\n`);
    return problems.length === 0 ? EXIT_OK : EXIT_DENIED;
  },
};

/** The two commands for bundles. */
export const bundleCommands: CommandGroup = {
  name: "bundle",
  summary: "Build and verify policy bundles.",
  commands: [build, verify],
};

function wholeness(folder: string): string[] {
  try {
    readBundle(folder);
    return [];
  } catch (cause) {
    if (cause instanceof BundleError) return [cause.message];
    throw cause;
  }
}

async function drift(args: Arguments, folder: string): Promise<string[]> {
  const fresh = await mkdtemp(join(tmpdir(), "ringfence-verify-"));
  try {
    await compile(args, fresh);
    const problems: string[] = [];
    for (const name of ["manifest.json", "policy.wasm"]) {
      const [committed, built] = await Promise.all([readFile(join(folder, name)), readFile(join(fresh, name))]);
      if (!committed.equals(built)) {
        problems.push(`${join(folder, name)}: differs from what the sources compile to; run ringfence bundle build`);
      }
    }
    return problems;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function compile(args: Arguments, output: string): Promise<BundleManifest> {
  try {
    return await buildBundle({
      shipped: SHIPPED_REGO,
      own: args.texts("guardrails"),
      output,
      opa: args.textOr("opa", "opa"),
    });
  } catch (cause) {
    if (cause instanceof BundleBuildError) throw new CallError(cause.message);
    throw cause;
  }
}
