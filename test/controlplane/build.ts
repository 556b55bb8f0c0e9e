/**
 * @module Builds the control plane for tests once and keeps it in the cache. As a script it prints the folder:
 * `node test/controlplane/build.ts`
 */
import { createHash } from "node:crypto";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { compileWithGo, ensureCached, goVersion } from "./cached-program.ts";

const KUBERNETES_VERSION = "1.36.3";
const BINARY = "controlplane";
// The binary acts as the program by whose name it is called (main.go).
const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl"];

/**
 * Gives the folder that holds etcd, kube-apiserver, kube-controller-manager and kubectl. A first call builds them, which
 * takes ten minutes and more on two cores; later calls, of any process, find them in the cache.
 * @throws ProgramUnavailable where they can't be built
 */
export async function ensureControlPlane(): Promise<{ folder: string }> {
  const source = import.meta.dirname;
  const args = buildArguments();
  const hash = createHash("sha256").update(await goVersion(source));
  hash.update(args.join("\0"));
  for (const file of ["go.sum", "go.mod", "main.go"]) hash.update(await readFile(join(source, file)));
  const folder = await ensureCached("controlplane", hash.digest("hex").slice(0, 16), async (into) => {
    await compileWithGo("control plane", [...args, "-o", join(into, BINARY), "."], source, { CGO_ENABLED: "0" });
    for (const program of PROGRAMS) await symlink(BINARY, join(into, program));
  });
  return { folder };
}

// Without the version flags the server tells its clients no version. Two compilers at a time: more need more than 8 GB.
function buildArguments(): string[] {
  const [major, minor] = KUBERNETES_VERSION.split(".");
  const version = "k8s.io/component-base/version";
  const flags = [
    "-s -w",
    `-X ${version}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
    `-X ${version}.gitTreeState=clean`,
  ];
  return ["build", "-v", "-p", "2", "-trimpath", "-buildvcs=false", "-ldflags", flags.join(" ")];
}

if (import.meta.main) {
  const { folder } = await ensureControlPlane();
  process.stdout.write(`${folder}\n`);
}
