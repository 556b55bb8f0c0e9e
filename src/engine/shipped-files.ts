/**
 * @module Where the shipped files are: the same from the sources (src/engine) and from the built program (dist).
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds policies/ and rego/. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));
export const SHIPPED_BUNDLE = join(ROOT, "policies", "bundle");
export const SHIPPED_SETTINGS = join(ROOT, "policies", "guardrails.yaml");
export const SHIPPED_DEFAULT_DENY = join(ROOT, "policies", "default-deny");
export const SHIPPED_REGO = join(ROOT, "rego");

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "policies", "guardrails.yaml"))) return folder;
    if (folder === dirname(folder))
      throw new Error(`Ringfence's own files (policies/) are not above ${start}: install it again`);
  }
}
