/**
 * @module The engine: one object in, findings out. The same for admission, gate and audit.
 */
import { readerFor, classify } from "../apis/registry.ts";
import type { Family, ObjectReading } from "../apis/reading.ts";
import { ApprovalVerifier } from "../exceptions/approval-verifier.ts";
import type { KeySource } from "../exceptions/approver-keys.ts";
import { approvalsIn } from "../exceptions/exception-facts.ts";
import type { UnsignedLedger } from "../exceptions/unsigned-ledger.ts";
import { DEFAULT_WIDTH_CONTEXT, type WidthContext } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import { DOMAIN_FLOW, domainMaps } from "./domain-settings.ts";
import { type Bundle, guardrailsBySlug } from "./bundle.ts";
import { DELETION, type GuardrailMetadata } from "./bundle-manifest.ts";
import type { RawFinding } from "./facts.ts";
import { buildFacts, type FactsContext } from "./facts-builder.ts";
import type { JudgeRequest } from "./judge-request.ts";
import type { Settings } from "./settings.ts";
import { tolerateUnchanged } from "./unchanged-findings.ts";
import { type Finding, toFindings, type Verdict } from "./verdict.ts";
import { PolicyFault, WasmHost } from "./wasm-host.ts";

/** Nothing could be decided: the caller denies, or ends with exit code 2. Never an allow. */
export class EngineFault extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineFault";
  }
}

/** What exceptions are judged by beside the settings; without it no approval counts. */
export interface EngineExceptions {
  /** The approvers' keys. */
  readonly keys?: KeySource;
  /** For exceptions without an approval. */
  readonly ledger?: UnsignedLedger;
}

const NOT_JUDGED: Verdict = { judged: false, family: null, allowed: true, findings: [] };

export class Engine {
  readonly digest: string;
  readonly revision: string;
  readonly settings: Settings;
  readonly guardrails: ReadonlyMap<string, GuardrailMetadata>;
  readonly #host: WasmHost;
  readonly #entrypoints: ReadonlyMap<string, number>;
  /** Families with a guardrail that judges deletions. */
  readonly #deletions: ReadonlySet<Family>;
  readonly #context: FactsContext;
  readonly #approvals: ApprovalVerifier;

  /**
   * @throws PolicyFault where the bundle's module can't run here
   */
  constructor(bundle: Bundle, settings: Settings, { keys, ledger }: EngineExceptions = {}) {
    this.digest = bundle.digest;
    this.revision = bundle.manifest.revision;
    this.settings = settings;
    this.guardrails = guardrailsBySlug(bundle.manifest);
    this.#host = new WasmHost(bundle.module, JSON.stringify({ ringfence: { settings } }));
    this.#entrypoints = new Map(
      [...this.#host.entrypoints].map(([name, number]) => [name.slice(name.lastIndexOf("/") + 1), number]),
    );
    const maps = domainMaps(settings);
    this.#deletions = new Set(
      bundle.manifest.guardrails.flatMap(({ families, operations }) => (operations.includes("DELETE") ? families : [])),
    );
    const { audience, revoked, controllers } = settings.exceptions;
    this.#approvals = new ApprovalVerifier({ audience, keys: keys ?? null, revoked });
    this.#context = {
      digest: bundle.digest,
      withSource: bundle.manifest.guardrails.some(({ needs }) => needs.includes("object")),
      widths: widthContext(settings),
      ...(maps === undefined ? {} : { domainMaps: maps }),
      exceptions: { approvals: this.#approvals, controllers, ledger: ledger ?? null },
    };
  }

  /** Whether the bundle holds an organisation's own guardrails, which may take any time. */
  get hasOwnGuardrails(): boolean {
    return [...this.guardrails.values()].some(({ own }) => own);
  }

  /** Guardrails that stay silent where namespace labels can't be had. */
  get needNamespaceLabels(): readonly string[] {
    return this.#slugs(
      ({ needs, slug }) =>
        needs.includes("namespaceLabels") && this.settings.guardrails[slug]?.mode !== "off" && !this.#isIdle(slug),
    );
  }

  /**
   * Verifies the approvals that an object and its stored form carry; without this they don't count. Never rejects.
   */
  async prepare({ object, oldObject }: Pick<JudgeRequest, "object" | "oldObject">): Promise<void> {
    for (const side of [object, oldObject]) {
      const tokens = side === null ? [] : approvalsIn(side);
      if (tokens.length > 0) await this.#approvals.prepare(tokens);
    }
  }

  /**
   * Judges one object.
   * @returns the verdict; `judged: false` for kinds that are none of ours
   * @throws EngineFault where nothing could be decided
   */
  judge(request: JudgeRequest): Verdict {
    const reading = this.#read(request.group, request.kind, request.object, request.oldObject);
    if (reading === undefined) return NOT_JUDGED;
    if (request.operation === "DELETE" && !this.#deletions.has(reading.family)) return NOT_JUDGED;
    const oldReading =
      request.oldObject === null ? undefined : this.#read(request.group, request.kind, request.oldObject, null);
    const { family } = reading;
    const raw = this.#evaluate(request, reading, oldReading);
    if (raw.length === 0) return { judged: true, family, allowed: true, findings: [] };
    const findings = toFindings(raw, this.guardrails, this.settings);
    const isDenied = findings.some(({ level }) => level === "deny");
    const judged =
      isDenied && oldReading !== undefined ? this.#tolerate(request, reading, oldReading, findings) : findings;
    return { judged: true, family, allowed: !judged.some(({ level }) => level === "deny"), findings: judged };
  }

  /** Whether a guardrail has nothing to judge by, so that it misses nothing. */
  #isIdle(slug: string): boolean {
    return slug === DOMAIN_FLOW && this.#context.domainMaps === undefined;
  }

  #slugs(predicate: (guardrail: GuardrailMetadata) => boolean): string[] {
    return [...this.guardrails.values()].filter(predicate).map(({ slug }) => slug);
  }

  #read(
    group: string,
    kind: string,
    object: JudgeRequest["object"],
    oldObject: JudgeRequest["oldObject"],
  ): ObjectReading | undefined {
    const reader = readerFor(group, kind);
    if (reader !== undefined) {
      return oldObject !== null && reader.readUpdate !== undefined
        ? reader.readUpdate(object, oldObject)
        : reader.read(object);
    }
    if (classify(group, kind) === "other") return undefined;
    return {
      family: "network",
      labels: {},
      defects: [
        {
          kind: "unsupported-kind",
          pointer: "/kind",
          detail: `${quote(kind)} belongs to the policy API ${group}, and this release of Ringfence can't read it`,
          effect: "none",
        },
      ],
    };
  }

  #evaluate(
    request: JudgeRequest,
    reading: ObjectReading,
    oldReading: ObjectReading | undefined,
  ): readonly RawFinding[] {
    const name = request.operation === "DELETE" ? DELETION : reading.family;
    const entrypoint = this.#entrypoints.get(name);
    if (entrypoint === undefined) throw new EngineFault(`the bundle has no entrypoint for ${name}`);
    const facts = buildFacts(request, reading, oldReading, this.#context);
    let output: string;
    try {
      output = this.#host.evaluate(entrypoint, JSON.stringify(facts));
    } catch (cause) {
      throw new EngineFault(cause instanceof PolicyFault ? cause.message : "the policy failed", { cause });
    }
    // What a policy without findings answers, to the letter; anything else is parsed and checked.
    if (output === `[{"result":{"uid":${JSON.stringify(request.uid)},"digest":"${this.digest}","findings":[]}}]`)
      return [];
    return this.#checked(output, request.uid);
  }

  /** An answer counts only with the echo of uid and digest: an evaluation that lost its input has neither. */
  #checked(output: string, uid: string): readonly RawFinding[] {
    let results: unknown;
    try {
      results = JSON.parse(output);
    } catch (cause) {
      throw new EngineFault("the policy's answer is not JSON", { cause });
    }
    const result =
      Array.isArray(results) && results.length === 1 ? (results[0] as { result?: unknown } | null)?.result : undefined;
    const answer = result as { uid?: unknown; digest?: unknown; findings?: unknown } | null | undefined;
    if (
      answer === undefined ||
      answer === null ||
      answer.uid !== uid ||
      answer.digest !== this.digest ||
      !Array.isArray(answer.findings)
    ) {
      throw new EngineFault("the policy's answer doesn't belong to the question: it lost its input");
    }
    for (const finding of answer.findings as (Partial<RawFinding> | null)[]) {
      if (
        finding === null ||
        typeof finding.guardrail !== "string" ||
        typeof finding.pointer !== "string" ||
        typeof finding.message !== "string"
      ) {
        throw new EngineFault("a guardrail returned a finding without pointer or message");
      }
    }
    return answer.findings as RawFinding[];
  }

  #tolerate(
    request: JudgeRequest,
    reading: ObjectReading,
    oldReading: ObjectReading,
    findings: readonly Finding[],
  ): readonly Finding[] {
    const { object, oldObject } = request;
    if (!this.settings.tolerateUnchanged && !isTerminating(object)) return findings;
    if (oldObject === null) return findings;
    const stored = this.#evaluate({ ...request, object: oldObject, oldObject: null }, oldReading, undefined);
    const before = { object: oldObject, policy: oldReading.policy };
    return tolerateUnchanged(findings, stored, before, { object, policy: reading.policy });
  }
}

function isTerminating(object: JudgeRequest["object"]): boolean {
  const metadata = object["metadata"] as { deletionTimestamp?: unknown } | undefined;
  return typeof metadata?.deletionTimestamp === "string";
}

/** Labels that every governed object must carry choose nobody: `Exists owner` is everyone. */
function widthContext(settings: Settings): WidthContext {
  const required = settings.guardrails["required-labels"];
  const labels = (required?.mode === "enforce" ? required.parameters["labels"] : []) as readonly {
    key: string;
    on: readonly string[];
  }[];
  const keysOn = (target: string) => labels.filter(({ on }) => on.includes(target)).map(({ key }) => key);
  return {
    alwaysPresentNamespaceKeys: [...DEFAULT_WIDTH_CONTEXT.alwaysPresentNamespaceKeys, ...keysOn("namespaces")],
    commonPodKeys: [...DEFAULT_WIDTH_CONTEXT.commonPodKeys, ...keysOn("workloads")],
  };
}
