/**
 * @module Installs the `opa` program that compiles, checks and tests the guardrails, once, into the cache. As a script
 * it prints the program's path: `node test/tools/install-opa.ts`
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileWithGo, ensureCached, goVersion } from "../controlplane/cached-program.ts";

const OPA = "github.com/open-policy-agent/opa@v1.22.0";

/**
 * Gives the path of `opa`. A first call builds it from its Go module, which takes three minutes on two cores.
 * @throws ProgramUnavailable where it can't be built
 */
export async function ensureOpa(): Promise<string> {
  // Not the checkout: a go.mod above the working folder would choose another Go than the module's own.
  const anywhere = tmpdir();
  const hash = createHash("sha256").update(`${OPA}\0${await goVersion(anywhere)}`);
  const folder = await ensureCached("opa", hash.digest("hex").slice(0, 16), (into) =>
    compileWithGo("opa", ["install", "-v", "-p", "2", OPA], anywhere, { CGO_ENABLED: "0", GOBIN: into }),
  );
  return join(folder, "opa");
}

if (import.meta.main) process.stdout.write(`${await ensureOpa()}\n`);
