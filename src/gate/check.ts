/**
 * @module The gate: files, folders and standard input through the engine that also judges at admission.
 */
import { classify } from "../apis/registry.ts";
import { type Engine, EngineFault } from "../engine/engine.ts";
import type { Finding, Verdict } from "../engine/verdict.ts";
import { formatInstant } from "../exceptions/instant.ts";
import type { Document, IntakeError } from "../intake/document.ts";
import { readInputs, type ReadOptions } from "../intake/files.ts";
import type { CheckError, CheckFinding, CheckResult } from "./check-result.ts";
import { DefaultDenyInInput } from "./default-deny-in-input.ts";
import { gateRequest } from "./gate-request.ts";
import { InactiveGuardrails } from "./inactive-guardrails.ts";
import { NamespacesInInput } from "./namespaces-in-input.ts";
import { type Subject, subjectOf } from "./subject.ts";

export interface CheckOptions extends ReadOptions {
  /** The namespace of namespaced objects that name none; `default` if absent. */
  readonly namespace?: string;
  /** The moment to judge for, in seconds since 1970; now if absent. */
  readonly now?: number;
}

/**
 * Judges everything that the paths lead to. Never throws for what the input holds: what can't be judged is in `errors`.
 * @param paths files, folders, or `-` for standard input
 */
export async function check(paths: readonly string[], options: CheckOptions, engine: Engine): Promise<CheckResult> {
  const run = new Check(engine, options);
  for await (const { documents, errors } of readInputs(paths, options)) {
    for (const document of documents) run.take(document);
    for (const error of errors) run.takeError(error);
  }
  return run.finish();
}

const MISSING = "default-deny-missing";

interface Waiting {
  readonly document: Document;
  readonly subject: Subject;
}

class Check {
  readonly #engine: Engine;
  readonly #namespace: string;
  readonly #now: number;
  readonly #namespaces = new NamespacesInInput();
  readonly #inactive: InactiveGuardrails;
  #defaultDenies: DefaultDenyInInput | undefined;
  /** A Namespace may stand behind the objects in it: they wait until all of the input is read. */
  #waiting: Waiting[] = [];
  readonly #findings: CheckFinding[] = [];
  readonly #errors: CheckError[] = [];
  readonly #counts = { documents: 0, judged: 0, denied: 0, warned: 0, excused: 0 };

  constructor(engine: Engine, { namespace, now }: CheckOptions) {
    this.#engine = engine;
    this.#namespace = namespace ?? "default";
    // One moment for all of the input.
    this.#now = now ?? Math.floor(Date.now() / 1000);
    this.#inactive = new InactiveGuardrails(engine);
  }

  takeError({ source, position, message }: IntakeError): void {
    this.#errors.push({ file: source, line: position?.line ?? null, column: position?.column ?? null, message });
  }

  take(document: Document): void {
    this.#counts.documents += 1;
    const subject = subjectOf(document.value, this.#namespace);
    if (subject === undefined) {
      this.#refuse(document, "/metadata/namespace", "metadata.namespace must be a text");
      return;
    }
    if (isNamespace(subject)) this.#namespaces.add(subject.name, document.value);
    // Only what a guardrail looks at is kept; the other kinds are counted and let go.
    if (classify(subject.group, subject.kind) !== "other") this.#waiting.push({ document, subject });
  }

  async finish(): Promise<CheckResult> {
    const { digest, revision } = this.#engine;
    this.#findDefaultDenies();
    for (const [index, { document, subject }] of this.#waiting.entries()) {
      await this.#judge(document, subject, index + 1);
    }
    this.#waiting = [];
    if (this.#counts.documents === 0 && this.#errors.length === 0) {
      this.#errors.push({ file: "-", line: null, column: null, message: "there was nothing to check" });
    }
    return {
      apiVersion: "ringfence.dev/v1alpha1",
      kind: "CheckResult",
      bundle: { digest, revision },
      summary: { ...this.#counts, errors: this.#errors.length },
      findings: this.#findings,
      errors: this.#errors,
      inactive: this.#inactive.list(),
    };
  }

  /** Reads the policies once more; only where the input has namespaces and somebody wants to know. */
  #findDefaultDenies(): void {
    const { guardrails, defaultDeny } = this.#engine.settings;
    const isWanted = this.#engine.guardrails.has(MISSING) && guardrails[MISSING]?.mode !== "off";
    // Ringfence itself will create what is missing.
    if (!isWanted || defaultDeny.mode !== "observe" || !this.#waiting.some(({ subject }) => isNamespace(subject)))
      return;
    this.#defaultDenies = new DefaultDenyInInput();
    for (const { document, subject } of this.#waiting) this.#defaultDenies.add(subject, document.value);
  }

  async #judge(document: Document, subject: Subject, number: number): Promise<void> {
    const labels = subject.namespace === "" ? null : this.#namespaces.get(subject.namespace);
    const known = typeof labels === "string" ? null : labels;
    const request = gateRequest(document, subject, {
      uid: String(number),
      namespaceLabels: known,
      now: this.#now,
      ...(this.#defaultDenies !== undefined && isNamespace(subject)
        ? { defaultDeny: this.#defaultDenies.of(subject.name) }
        : {}),
    });
    let verdict: Verdict;
    try {
      await this.#engine.prepare(request);
      verdict = this.#engine.judge(request);
    } catch (cause) {
      if (!(cause instanceof EngineFault)) throw cause;
      this.#refuse(document, "", `the object could not be judged: ${cause.message}`);
      return;
    }
    if (typeof labels === "string") this.#inactive.note(verdict.family, subject.namespace, labels);
    this.#count(verdict);
    for (const finding of verdict.findings) this.#findings.push(placed(finding, document, subject));
  }

  #refuse(document: Document, pointer: string, message: string): void {
    this.#errors.push({ file: document.source, ...document.locate(pointer), message });
  }

  #count({ judged, findings }: Verdict): void {
    const counts = this.#counts;
    if (judged) counts.judged += 1;
    if (findings.some(({ level }) => level === "deny")) counts.denied += 1;
    else if (findings.some(({ level }) => level === "warn")) counts.warned += 1;
    else if (findings.some(({ level }) => level === "excused")) counts.excused += 1;
  }
}

function isNamespace({ group, kind }: Subject): boolean {
  return group === "" && kind === "Namespace";
}

function placed(finding: Finding, document: Document, subject: Subject): CheckFinding {
  const { guardrail, level, excused, message, fix, pointer, compliance } = finding;
  const { apiVersion, kind, namespace, name } = subject;
  const object = { apiVersion, kind, namespace, name };
  const { line, column } = document.locate(pointer);
  const file = document.source;
  const excuse = excused === null ? null : { ...excused, expires: formatInstant(excused.expires) };
  return { guardrail, level, excused: excuse, message, fix, object, pointer, file, line, column, compliance };
}
