/**
 * @module Finds an `opa` that is there already; nothing is installed. `install-opa.ts` is for that.
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { OPA_VERSION } from "../../src/engine/bundle-build.ts";

/** Why tests that need `opa` are skipped, and what to do about it. */
export const NO_OPA = `opa ${OPA_VERSION} is neither on PATH nor in ~/go/bin nor in the cache: node test/tools/install-opa.ts`;

/** The path of the pinned `opa` release: from PATH, Go's folder or the cache; undefined where there is none. */
export function findOpa(): string | undefined {
  return candidates().find((program) => versionOf(program) === OPA_VERSION);
}

function candidates(): readonly string[] {
  const home = homedir();
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    process.env["GOBIN"] ?? "",
    join(home, "go", "bin"),
  ];
  const cache = join(process.env["XDG_CACHE_HOME"] || join(home, ".cache"), "ringfence", "opa");
  const cached = listing(cache).map((key) => join(cache, key));
  return [...folders.filter((folder) => folder !== ""), ...cached].map((folder) => join(folder, "opa"));
}

function listing(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function versionOf(program: string): string | undefined {
  try {
    const output = execFileSync(program, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return /^Version: (\S+)/m.exec(output)?.[1];
  } catch {
    return undefined;
  }
}
