/**
 * @module A folder as a team has it: manifests, settings, the approvers' keys; and the exception commands run in it.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CliAnswer, ROOT, runCli } from "./run-cli.ts";

export const POLICY = `# Lets the partner in.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
  labels: {owner: shop-team}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
    - from: [{ipBlock: {cidr: 0.0.0.0/0}}]   # the partner's addresses change
`;

export const SETTINGS = `# Ours.
apiVersion: ringfence.dev/v1alpha1
kind: Guardrails
metadata:
  name: ours
exceptions:
  audience: prod   # the only one
  keys: {file: approvers.json}
  limits:
    default: {longest: 30d}
    any-port: {approvals: 2}
`;

/** The built program, which starts several times faster than the sources, and what every folder begins with. */
export class ExceptionWorkshop {
  readonly program: string;
  readonly #folder: string;
  readonly #template: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.program = join(folder, "dist/ringfence.js");
    this.#template = join(folder, "template");
  }

  /** Builds the program, and makes the keys of bob and carol. */
  static async open(): Promise<ExceptionWorkshop> {
    // Below the root, where the program looks for policies/ upwards from itself.
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    const folder = mkdtempSync(join(ROOT, ".cache/exceptions-"));
    execFileSync(process.execPath, [join(ROOT, "src/cli/build.ts"), join(folder, "dist")], { stdio: "pipe" });
    const workshop = new ExceptionWorkshop(folder);
    mkdirSync(workshop.#template);
    writeFileSync(join(workshop.#template, "shop.yaml"), POLICY);
    writeFileSync(join(workshop.#template, "guardrails.yaml"), SETTINGS);
    const template = new ExceptionFolder(workshop.#template, workshop.program);
    for (const args of [["bob"], ["carol", "--alg", "EdDSA"]]) {
      const { exit, stderr } = await template.run("keygen", "--approver", ...args);
      if (exit !== 0) throw new Error(stderr);
    }
    return workshop;
  }

  /** A new folder with `shop.yaml`, `guardrails.yaml` and the keys. */
  folder(): ExceptionFolder {
    const path = mkdtempSync(join(tmpdir(), "ringfence-exceptions-"));
    cpSync(this.#template, path, { recursive: true });
    return new ExceptionFolder(path, this.program);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class ExceptionFolder {
  readonly path: string;
  readonly #program: string;

  constructor(path: string, program: string) {
    this.path = path;
    this.#program = program;
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }

  /** `ringfence exception ...` in the folder. */
  run(...args: readonly string[]): Promise<CliAnswer> {
    return runCli({
      args: ["exception", ...args],
      folder: this.path,
      program: this.#program,
      environment: { USER: "alice" },
    });
  }

  /** The request that the tests start from. */
  request(...more: readonly string[]): Promise<CliAnswer> {
    const about = ["-f", "shop.yaml", "--guardrail", "any-any", "--ttl", "72h", "--reason", "SEC-123 the partner"];
    return this.run("request", ...about, ...more);
  }

  /** An approval by bob, or somebody else, without a question. */
  approve(approver = "bob", ...more: readonly string[]): Promise<CliAnswer> {
    const by = ["--key", `${approver}.key.json`, "--approver", approver, "--settings", "guardrails.yaml", "--yes"];
    return this.run("approve", "-f", "shop.yaml", ...by, ...more);
  }

  verify(...more: readonly string[]): Promise<CliAnswer> {
    return this.run("verify", "-f", "shop.yaml", "--settings", "guardrails.yaml", ...more);
  }

  check(): Promise<CliAnswer> {
    return runCli({
      args: ["check", "shop.yaml", "--settings", "guardrails.yaml"],
      folder: this.path,
      program: this.#program,
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
