/**
 * @module A Pod with an exception as people make one: keys, request, approval, by the program itself.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pod, review } from "./review-body.ts";

export interface SignedException {
  /** Settings that know the approver. */
  readonly settings: string;
  /** File with the review of the Pod. */
  readonly bodyFile: string;
}

const SETTINGS = `apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
metadata: {name: bench}
exceptions:
  audience: bench
  keys: {file: approvers.json}
`;

/**
 * Makes it in a folder.
 * @param program the built program
 */
export function signException(program: string, folder: string): SignedException {
  const work = join(folder, "exception");
  mkdirSync(work);
  const settings = join(work, "guardrails.yaml");
  const manifest = join(work, "pod.json");
  writeFileSync(settings, SETTINGS);
  writeFileSync(manifest, JSON.stringify(pod({}, { hostNetwork: true })));
  const exception = (...args: string[]) =>
    execFileSync(process.execPath, [program, "exception", ...args], { cwd: work });
  exception("keygen", "--approver", "bob");
  const file = ["-f", manifest, "--settings", settings];
  exception(
    "request",
    ...file,
    "--guardrail",
    "host-network",
    "--ttl",
    "20d",
    "--reason",
    "bench",
    "--requester",
    "alice",
  );
  exception("approve", ...file, "--key", "bob.key.json", "--approver", "bob", "--yes");
  const bodyFile = join(work, "review.json");
  writeFileSync(bodyFile, review(JSON.parse(readFileSync(manifest, "utf8")) as object));
  return { settings, bodyFile };
}
