/**
 * @module `ringfence exception approve`: shows what an exception would excuse, asks, signs, and writes the approval.
 */
import type { Engine } from "../engine/engine.ts";
import { objectWords, pathWords } from "../engine/verdict.ts";
import { MOST_APPROVALS, PREFIX } from "../exceptions/annotations.ts";
import { type ApprovalClaims, NAME } from "../exceptions/approval-claims.ts";
import type { ApprovalVerifier } from "../exceptions/approval-verifier.ts";
import { signApproval } from "../exceptions/approval.ts";
import { durationWords } from "../exceptions/duration.ts";
import { ExcusesError, excusesOf } from "../exceptions/excuses.ts";
import type { ManifestFile } from "../exceptions/manifest-edit.ts";
import { formatInstant, parseInstant } from "../exceptions/instant.ts";
import { type NextApproval, nextApproval } from "../exceptions/next-approval.ts";
import { readSigningKey, type SigningKey, SigningKeyError } from "../exceptions/signing-key.ts";
import { readManifest } from "../intake/files.ts";
import { plain } from "../gate/plain-text.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_DENIED, EXIT_OK, type Io } from "./command.ts";
import { canAsk, confirm } from "./confirm.ts";
import { ENGINE_OPTIONS } from "./engine-options.ts";
import { KEY_OPTIONS, loadEngineWithKeys } from "./exception-keys.ts";
import {
  annotatedText,
  checked,
  chooseTarget,
  judgeFile,
  openManifest,
  placeOf,
  required,
  requireNamespace,
  secondsNow,
  type Target,
  TARGET_OPTIONS,
  withName,
  writeManifest,
} from "./exception-target.ts";

const NAME_OF_COMMAND = "exception approve";

export const approveCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "Approve an exception that a file asks for, with an approver's key.",
  usage: "[OPTIONS] -f FILE --key KEY --approver NAME",
  description:
    'Judges the file, shows which findings would be excused, on which object and until when, and asks. Only "yes" signs.\n' +
    "A second approver's approval is added to the first; an earlier one for the same object makes this one a renewal.",
  options: {
    ...TARGET_OPTIONS,
    key: {
      type: "string",
      value: "KEY",
      description: "The approver's private key: PEM (PKCS #8) or JWK, readable by its owner alone.",
    },
    kid: {
      type: "string",
      value: "ID",
      description: "The key's id in the key set, where the key file doesn't say it (default: its thumbprint).",
    },
    approver: { type: "string", value: "NAME", description: "Who approves: the name beside the key in the key set." },
    until: {
      type: "string",
      value: "TIME",
      description: "The end, 2026-12-03T10:00:00Z, instead of what was asked for.",
    },
    yes: { type: "boolean", description: "Don't ask: for scripts, which have no terminal." },
    ...KEY_OPTIONS,
    ...ENGINE_OPTIONS,
  },
  async run(args, io) {
    const file = openManifest(args, NAME_OF_COMMAND);
    const approver = checked(
      required(args, "approver", NAME_OF_COMMAND, "NAME"),
      NAME,
      "no name: at most 128 characters of printable ASCII",
    );
    const key = signingKey(args);
    const { engine, audience, verifier } = await loadEngineWithKeys(args);
    if (audience === null) {
      throw new CallError(
        "an approval is for one cluster: add --audience NAME, or set exceptions.audience in the settings",
      );
    }
    const now = secondsNow();
    const targets = await judgeFile(file.documents, engine, { namespace: args.text("namespace"), now });
    const asking = targets.filter(({ exception }) => exception !== null);
    const target = chooseTarget(withName(asking, args), args, "with an exception");
    requireNamespace(target, args);
    const next = approvalFor(target, engine, { approver, audience, until: untilOf(args), now });
    io.stdout.write(description(target, next, key));
    if (!(await isConfirmed(args, io))) {
      io.stdout.write("Nothing was signed.\n");
      return EXIT_DENIED;
    }
    const token = await signApproval(next.claims, key);
    const changes = new Map([
      [`${PREFIX}exception-approval`, [...next.kept, token].join(" ")],
      [`${PREFIX}exception-expires`, formatInstant(next.claims.exp)],
      // From now on there is an end.
      [`${PREFIX}exception-ttl`, null],
    ]);
    const text = annotatedText(file, target, changes);
    const missing = Math.max(0, approversNeeded(engine, next.claims.guardrails) - next.kept.length - 1);
    if (verifier !== null) {
      await refuseUnverified(token, verifier);
      if (missing === 0) await refuseUseless({ text, file, target, engine, now, namespace: args.text("namespace") });
    }
    writeManifest(file, text);
    io.stdout.write(`Approved: ${next.claims.jti}\n${whatNext(missing, plain(file.path))}\n`);
    return EXIT_OK;
  },
};

function signingKey(args: Arguments): SigningKey {
  try {
    return readSigningKey(required(args, "key", NAME_OF_COMMAND, "KEY"), args.text("kid"));
  } catch (cause) {
    if (cause instanceof SigningKeyError) throw new CallError(cause.message);
    throw cause;
  }
}

function untilOf(args: Arguments): number | null {
  const text = args.text("until");
  if (text === undefined) return null;
  const until = parseInstant(text);
  if (until === undefined) throw new CallError(`--until ${quote(text)} is no time like 2026-12-03T10:00:00Z`);
  return until;
}

interface Terms {
  readonly approver: string;
  readonly audience: string;
  readonly until: number | null;
  readonly now: number;
}

function approvalFor(target: Target, engine: Engine, terms: Terms): NextApproval {
  const { exception, subject, verdict, reading, document } = target;
  if (exception === null) throw new TypeError("the target has no exception");
  const [defect] = exception.defects;
  if (defect !== undefined) throw new CallError(`${placeOf(document)}: ${defect.detail}`);
  const { annotations } = exception;
  const forbidden = annotations.guardrails.find((slug) => engine.guardrails.get(slug)?.excusable !== true);
  if (forbidden !== undefined)
    throw new CallError(`${placeOf(document)}: there are no exceptions from ${quote(forbidden)}`);
  const findings = verdict.findings.filter(({ guardrail }) => annotations.guardrails.includes(guardrail));
  if (findings.length === 0) {
    throw new CallError(`${annotations.guardrails.join(", ")} found nothing here, so there is nothing to approve`);
  }
  const { group, kind, namespace, name } = subject;
  const next = nextApproval({
    ...terms,
    annotations,
    object: { group, kind, namespace, name },
    excuses: excuses(target, findings, reading),
  });
  if (typeof next === "string") throw new CallError(`${placeOf(document)}: ${next}`);
  if (next.kept.length >= MOST_APPROVALS) throw new CallError(`the object has ${MOST_APPROVALS} approvals already`);
  return next;
}

function excuses(
  { document }: Target,
  findings: Target["verdict"]["findings"],
  reading: Target["reading"],
): ApprovalClaims["excuses"] {
  try {
    return excusesOf(findings, reading, document.value);
  } catch (cause) {
    if (cause instanceof ExcusesError) throw new CallError(`${placeOf(document)}: ${cause.message}`);
    throw cause;
  }
}

function description(target: Target, { claims, kept }: NextApproval, { kid, algorithm }: SigningKey): string {
  const findings = target.verdict.findings.filter(({ guardrail }) => claims.guardrails.includes(guardrail));
  const silent = claims.guardrails.filter((slug) => !findings.some(({ guardrail }) => guardrail === slug));
  const { renewal } = claims;
  return `${[
    `${placeOf(target.document)}: to be approved`,
    "",
    `  object     ${objectWords(target.subject)}`,
    ...findings.map(
      ({ guardrail, pointer, message }) => `  excuses    ${guardrail}  ${pathWords(pointer)}: ${message}`,
    ),
    ...silent.map((slug) => `  excuses    ${slug}  nothing at the moment`),
    `  until      ${formatInstant(claims.exp)}, ${durationWords(claims.exp - claims.iat)} from now`,
    `  reason     ${plain(claims.reason)}`,
    `  requester  ${claims.requester}`,
    `  cluster    ${claims.aud}`,
    `  approver   ${claims.sub}, with the key ${kid} (${algorithm})`,
    ...(renewal === undefined
      ? []
      : [`  renewal    number ${renewal.count}; first approved ${formatInstant(renewal.first)}`]),
    ...(kept.length === 0 ? [] : [`  beside     ${kept.length} approval${kept.length === 1 ? "" : "s"} of the same`]),
    "",
    ...(claims.excuses.traffic === null
      ? []
      : ["The traffic of these rules is excused: it may become less, never more."]),
    ...(claims.excuses.findings.length === 0
      ? []
      : ["What isn't about traffic is excused as it is said here, nothing else."]),
  ].join("\n")}\n\n`;
}

async function isConfirmed(args: Arguments, io: Io): Promise<boolean> {
  if (args.flag("yes")) return true;
  if (!canAsk(io)) throw new CallError("there is no terminal to ask on: read the above, and add --yes to sign it");
  return confirm('Sign it? Only "yes" signs: ', io);
}

/** As many as the strictest of the guardrails asks for. */
function approversNeeded({ settings }: Engine, slugs: readonly string[]): number {
  return Math.max(...slugs.map((slug) => settings.exceptions.limits[slug]?.approvals ?? 1));
}

function whatNext(missing: number, file: string): string {
  if (missing === 0) return `Commit ${file} and apply it.`;
  const others = missing === 1 ? "one more approver has" : `${missing} more approvers have`;
  return `It doesn't count yet: commit ${file}; ${others} to run the same command with their own keys.`;
}

/** Where the keys are at hand, an approval that no cluster would take is found now and not there. */
async function refuseUnverified(token: string, verifier: ApprovalVerifier): Promise<void> {
  await verifier.prepare([token]);
  const status = verifier.status(token);
  if (status.status === "verified") return;
  throw new CallError(
    `nothing was written, because this approval would not count: ${status.status} (${status.detail})`,
  );
}

interface Approved {
  readonly text: string;
  readonly file: ManifestFile;
  readonly target: Target;
  readonly engine: Engine;
  readonly now: number;
  readonly namespace: string | undefined;
}

/** Judges the object as it would be written: limits of the settings, the reason's form, and whatever else there is. */
async function refuseUseless({ text, file, target, engine, now, namespace }: Approved): Promise<void> {
  const { documents } = readManifest(Buffer.from(text), file.path);
  const written = documents[file.documents.indexOf(target.document)];
  const targets = await judgeFile(documents, engine, { namespace, now });
  const findings = targets.find(({ document }) => document === written)?.verdict.findings ?? [];
  const objections = findings.filter(({ guardrail }) => guardrail.startsWith("exception-"));
  if (objections.length === 0) return;
  const reasons = objections.map(({ guardrail, message }) => `\n  ${guardrail}  ${message}`).join("");
  throw new CallError(`nothing was written, because this approval would not count:${reasons}`);
}
