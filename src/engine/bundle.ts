/**
 * @module A bundle on disk: `policy.wasm` and `manifest.json`, checked against each other before anything is loaded.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BundleManifest, GuardrailMetadata } from "./bundle-manifest.ts";

/** A bundle that can't be used, and why. */
export class BundleError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BundleError";
  }
}

export interface Bundle {
  readonly manifest: BundleManifest;
  /** SHA-256 over manifest.json and policy.wasm: carried by every decision. */
  readonly digest: string;
  readonly module: WebAssembly.Module;
}

/**
 * Reads and compiles a bundle.
 * @param folder holds policy.wasm and manifest.json
 * @throws BundleError where a file is missing, damaged, or not of this bundle
 */
export function readBundle(folder: string): Bundle {
  const manifestBytes = readPart(folder, "manifest.json");
  const wasm = readPart(folder, "policy.wasm");
  let manifest: BundleManifest;
  try {
    manifest = JSON.parse(manifestBytes.toString("utf8")) as BundleManifest;
  } catch {
    throw new BundleError(`${join(folder, "manifest.json")}: not JSON; build the bundle again`);
  }
  if (manifest.apiVersion !== "ringfence.dev/v1alpha1" || manifest.kind !== "Bundle") {
    throw new BundleError(`${join(folder, "manifest.json")}: not a Ringfence bundle of version v1alpha1`);
  }
  if (sha256(wasm) !== manifest.wasm) {
    throw new BundleError(
      `${join(folder, "policy.wasm")}: its digest is not the one in manifest.json; build the bundle again`,
    );
  }
  const digest = `sha256:${createHash("sha256").update(manifestBytes).update(wasm).digest("hex")}`;
  try {
    return { manifest, digest, module: new WebAssembly.Module(wasm) };
  } catch {
    throw new BundleError(`${join(folder, "policy.wasm")}: not WebAssembly`);
  }
}

/** The guardrails of a bundle by slug. */
export function guardrailsBySlug(manifest: BundleManifest): ReadonlyMap<string, GuardrailMetadata> {
  return new Map(manifest.guardrails.map((guardrail) => [guardrail.slug, guardrail]));
}

function readPart(folder: string, name: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(join(folder, name));
  } catch (cause) {
    throw new BundleError(
      `${join(folder, name)}: can't be read (${(cause as NodeJS.ErrnoException).code ?? "unreadable"})`,
    );
  }
}

/** The digest as manifests carry it: `sha256:` and hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
