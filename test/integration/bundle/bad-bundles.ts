/**
 * @module Bundles that no honest build makes: any Rego as the entrypoints, compiled with the real `opa`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SHIPPED_BUNDLE } from "../../../src/engine/shipped-files.ts";

/** A folder of the test run's own; delete it with {@link removeFolder}. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "ringfence-bundle-test-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A copy of the shipped bundle that a test may damage. */
export function copyOfShippedBundle(parent: string, name: string): string {
  const folder = join(parent, name);
  cpSync(SHIPPED_BUNDLE, folder, { recursive: true });
  return folder;
}

/**
 * Compiles Rego to a bundle with the shipped manifest's guardrails and the right digest.
 * @param entrypoints the module `ringfence.main`, without its package line; must define `network`
 * @returns the bundle's folder
 */
export function compileBundle(opa: string, parent: string, name: string, entrypoints: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "main.rego"), `package ringfence.main\n\n${entrypoints}\n`);
  const args = [
    "build",
    "--target",
    "wasm",
    "--entrypoint",
    "ringfence/main/network",
    "--output",
    "b.tar.gz",
    "main.rego",
  ];
  execFileSync(opa, args, { cwd: folder });
  execFileSync("tar", ["-xzf", "b.tar.gz", "/policy.wasm"], { cwd: folder, stdio: "pipe" });
  const wasm = createHash("sha256")
    .update(readFileSync(join(folder, "policy.wasm")))
    .digest("hex");
  const manifest = JSON.parse(readFileSync(join(SHIPPED_BUNDLE, "manifest.json"), "utf8")) as object;
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ ...manifest, wasm: `sha256:${wasm}` }));
  return folder;
}
