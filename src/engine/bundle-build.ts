/**
 * @module Builds a bundle: Rego folders to `policy.wasm` and `manifest.json`, the same bytes for the same sources.
 *
 * Needs `opa` (the pinned release) and `tar`; nothing else in Ringfence does.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { WasmHost } from "./wasm-host.ts";
import { sha256 } from "./bundle.ts";
import { BundleBuildError } from "./bundle-build-error.ts";
import { mainModule } from "./bundle-main.ts";
import { type BundleManifest, DELETION, FAMILIES, type GuardrailMetadata } from "./bundle-manifest.ts";
import { type Annotation, toMetadata } from "./guardrail-metadata.ts";

export const OPA_VERSION = "1.22.0";

const ENTRYPOINTS: readonly string[] = [...FAMILIES, DELETION];

const run = promisify(execFile);

export interface BuildOptions {
  /** The shipped Rego sources (rego/). */
  readonly shipped: string;
  /** Folders with an organisation's own guardrails. */
  readonly own: readonly string[];
  /** Where policy.wasm and manifest.json go. */
  readonly output: string;
  /** The opa program. */
  readonly opa: string;
}

/**
 * Compiles the sources and writes the bundle.
 * @returns the manifest that was written
 * @throws BundleBuildError for wrong METADATA, a wrong opa release, or Rego that doesn't compile
 */
export async function buildBundle(options: BuildOptions): Promise<BundleManifest> {
  await requireOpaVersion(options.opa);
  const work = await mkdtemp(join(tmpdir(), "ringfence-bundle-"));
  try {
    const sources = await stage([options.shipped, ...options.own], work);
    const opa = (args: readonly string[]) => runOpa(options.opa, args, work, sources);
    await opa(["check", "--strict", "sources"]);
    const inspection = await inspect(opa);
    refuseForeignPackages(inspection, sources);
    const { guardrails, packages } = collect(inspection, sources);
    await requireFindings(packages, inspection, sources);
    await writeFile(join(work, "sources", "main.rego"), mainModule(guardrails, packages));
    const entrypoints = ENTRYPOINTS.flatMap((name) => ["--entrypoint", `ringfence/main/${name}`]);
    await opa(["build", "--target", "wasm", ...entrypoints, "--output", "bundle.tar.gz", "sources"]);
    await run("tar", ["-xzf", "bundle.tar.gz", "/policy.wasm"], { cwd: work });
    const wasm = await readFile(join(work, "policy.wasm"));
    requireRunnable(wasm);
    const manifest: BundleManifest = {
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "Bundle",
      revision: await sourcesDigest(sources),
      opa: OPA_VERSION,
      wasm: sha256(wasm),
      guardrails,
    };
    await mkdir(options.output, { recursive: true });
    await writeFile(join(options.output, "policy.wasm"), wasm);
    await writeFile(join(options.output, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A source file: where it came from, and its copy below the work folder. */
interface Source {
  readonly original: string;
  /** `sources/0/guardrails/any_any/any_any.rego`: the folder's number, then the path in the folder. */
  readonly staged: string;
}

/** Copies the Rego files, without tests and samples, so that nothing else in the folders reaches the compiler. */
async function stage(folders: readonly string[], work: string): Promise<Source[]> {
  const sources: Source[] = [];
  for (const [index, folder] of folders.entries()) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(".rego") && !entry.name.endsWith("_test.rego"))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .toSorted();
    if (files.length === 0) throw new BundleBuildError(`${folder}: no Rego file in this folder`);
    for (const file of files) {
      const staged = join("sources", String(index), file);
      await mkdir(dirname(join(work, staged)), { recursive: true });
      await copyFile(join(folder, file), join(work, staged));
      sources.push({ original: join(folder, file), staged });
    }
  }
  return sources;
}

function collect({ annotations = [] }: Inspection, sources: readonly Source[]) {
  const guardrails: GuardrailMetadata[] = [];
  const packages = new Map<string, string>();
  for (const annotation of annotations) {
    const source = sources.find(({ staged }) => staged === annotation.location?.file);
    const metadata = toMetadata(annotation, source?.original ?? "", !isShipped(source?.staged ?? ""));
    if (metadata === undefined) continue;
    if (packages.has(metadata.slug)) {
      throw new BundleBuildError(
        `${source?.original ?? metadata.slug}: two guardrails are called ${metadata.slug}; slugs are unique in a bundle`,
      );
    }
    const name = pathOf(annotation);
    packages.set(metadata.slug, name);
    guardrails.push(metadata);
  }
  return { guardrails: guardrails.toSorted((a, b) => (a.slug < b.slug ? -1 : 1)), packages };
}

/** A misspelt rule compiles, and its guardrail would never find anything. */
async function requireFindings(
  packages: ReadonlyMap<string, string>,
  { namespaces = {} }: Inspection,
  sources: readonly Source[],
): Promise<void> {
  for (const [slug, name] of packages) {
    const files = sources.filter(({ staged }) => namespaces[name]?.includes(staged) === true);
    const texts = await Promise.all(files.map(({ original }) => readFile(original, "utf8")));
    if (texts.some((text) => /^findings\b/m.test(text))) continue;
    throw new BundleBuildError(
      `${files[0]?.original ?? slug}: ${slug} has no rule "findings", so it could never find anything`,
    );
  }
}

function pathOf({ path = [] }: Annotation): string {
  return path.map((part) => part.value).join(".");
}

async function requireOpaVersion(program: string): Promise<void> {
  const output = await runOpa(program, ["version"], tmpdir(), []);
  const version = /^Version: (\S+)/m.exec(output)?.[1];
  if (version !== OPA_VERSION) {
    throw new BundleBuildError(
      `opa ${OPA_VERSION} is needed, so that everybody builds the same bytes; "${program}" is ${version ?? "something else"}`,
    );
  }
}

/** What the host would refuse at load is refused here, where somebody can still change it. */
function requireRunnable(wasm: Buffer<ArrayBuffer>): void {
  try {
    const { entrypoints } = new WasmHost(new WebAssembly.Module(wasm), "{}");
    if (entrypoints.size !== ENTRYPOINTS.length) throw new BundleBuildError("an entrypoint is missing");
  } catch (cause) {
    throw new BundleBuildError(`the bundle can't be run: ${(cause as Error).message}`);
  }
}

async function runOpa(
  program: string,
  args: readonly string[],
  cwd: string,
  sources: readonly Source[],
): Promise<string> {
  try {
    const { stdout } = await run(program, [...args], { cwd, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const failure = cause as { code?: unknown; stderr?: string; stdout?: string };
    if (failure.code === "ENOENT") {
      throw new BundleBuildError(
        `opa was not found as "${program}": go install github.com/open-policy-agent/opa@v${OPA_VERSION}, or name it with --opa`,
      );
    }
    const said = (failure.stderr ?? "").trim() || (failure.stdout ?? "").trim();
    const readable = sources.reduce((text, { staged, original }) => text.replaceAll(staged, original), said);
    throw new BundleBuildError(`opa ${args[0] ?? ""} failed:\n${readable}`);
  }
}

interface Inspection {
  readonly annotations?: readonly Annotation[];
  /** Files by package: `data.ringfence.lib.traffic`. */
  readonly namespaces?: Readonly<Record<string, readonly string[]>>;
}

async function inspect(opa: (args: readonly string[]) => Promise<string>): Promise<Inspection> {
  return JSON.parse(await opa(["inspect", "--annotations", "--format", "json", "sources"])) as Inspection;
}

/** A file of an organisation's in a package of ours could change the shipped guardrails or exempt everybody. */
function refuseForeignPackages({ namespaces = {} }: Inspection, sources: readonly Source[]): void {
  for (const [name, files] of Object.entries(namespaces)) {
    if (name !== "data.ringfence" && !name.startsWith("data.ringfence.")) continue;
    const foreign = sources.find(({ staged }) => files.includes(staged) && !isShipped(staged));
    if (foreign === undefined) continue;
    throw new BundleBuildError(
      `${foreign.original}: the package ${name.slice("data.".length)} is Ringfence's; put your guardrail in a package of your own name`,
    );
  }
}

function isShipped(staged: string): boolean {
  return staged.startsWith(join("sources", "0"));
}

/** SHA-256 over the names and bytes of all sources that go into the bundle. */
async function sourcesDigest(sources: readonly Source[]): Promise<string> {
  const hash = createHash("sha256");
  for (const { original, staged } of sources) {
    hash
      .update(`${staged}\0`)
      .update(await readFile(original))
      .update("\0");
  }
  return `sha256:${hash.digest("hex")}`;
}
