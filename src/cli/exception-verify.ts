/**
 * @module `ringfence exception verify`: says in words why an exception counts, or why it doesn't.
 */
import { objectWords, pathWords, printable } from "../engine/verdict.ts";
import type { ApprovalStatus, ApprovalVerifier } from "../exceptions/approval-verifier.ts";
import type { Refusal } from "../exceptions/approval-claims.ts";
import { approvedAs } from "../exceptions/approved-object.ts";
import { durationWords } from "../exceptions/duration.ts";
import { formatInstant } from "../exceptions/instant.ts";
import { plain } from "../gate/plain-text.ts";
import { CallError, type Command, EXIT_DENIED, EXIT_OK } from "./command.ts";
import { ENGINE_OPTIONS } from "./engine-options.ts";
import { KEY_OPTIONS, loadEngineWithKeys } from "./exception-keys.ts";
import {
  judgeFile,
  openManifest,
  placeOf,
  secondsNow,
  type Target,
  TARGET_OPTIONS,
  withName,
} from "./exception-target.ts";
import { momentOf } from "./moment-option.ts";

const NAME_OF_COMMAND = "exception verify";

export const verifyCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "Say why the exceptions of a file count, or why they don't.",
  usage: "[OPTIONS] -f FILE",
  description:
    "Exit code 0: every exception in the file excuses what it is for. 1: one doesn't. 2: something could not be read.\n" +
    "What is judged is what a cluster with these settings and keys would judge.",
  options: {
    ...TARGET_OPTIONS,
    now: { type: "string", value: "TIME", description: "Judge for that moment, 2026-12-03T10:00:00Z, instead of now." },
    ...KEY_OPTIONS,
    ...ENGINE_OPTIONS,
  },
  async run(args, io) {
    const file = openManifest(args, NAME_OF_COMMAND);
    const now = momentOf(args, NAME_OF_COMMAND) ?? secondsNow();
    const { engine, audience, verifier } = await loadEngineWithKeys(args);
    if (verifier === null || audience === null) {
      throw new CallError(
        "it takes the approvers' keys and the cluster's name to verify an approval: add --approvers FILE and --audience NAME, " +
          "or --settings FILE with exceptions.keys and exceptions.audience",
        NAME_OF_COMMAND,
      );
    }
    const targets = await judgeFile(file.documents, engine, { namespace: args.text("namespace"), now });
    const asking = withName(targets, args).filter(({ exception }) => exception !== null);
    if (asking.length === 0) {
      io.stdout.write(`${plain(file.path)}: no exceptions\n`);
      return EXIT_OK;
    }
    const answers: Answer[] = [];
    for (const target of asking) answers.push(await answerFor(target, verifier, now));
    io.stdout.write(answers.map(({ lines }) => `${lines.join("\n")}\n`).join("\n"));
    return answers.every(({ counts }) => counts) ? EXIT_OK : EXIT_DENIED;
  },
};

interface Answer {
  readonly counts: boolean;
  readonly lines: readonly string[];
}

async function answerFor(target: Target, verifier: ApprovalVerifier, now: number): Promise<Answer> {
  const { document, subject, verdict, exception } = target;
  const { guardrails = [], approvals = [], reason = "", requester = "" } = exception?.annotations ?? {};
  await verifier.prepare(approvals);
  const findings = verdict.findings.filter(({ guardrail }) => guardrails.includes(guardrail));
  const objections = verdict.findings.filter(({ guardrail }) => guardrail.startsWith("exception-"));
  const silent = guardrails.filter((slug) => !findings.some(({ guardrail }) => guardrail === slug));
  const counts = objections.length === 0 && findings.every(({ excused }) => excused !== null) && guardrails.length > 0;
  return {
    counts,
    lines: [
      `${placeOf(document)}: ${objectWords(subject)}: the exception ${counts ? "counts" : "doesn't count"}`,
      `  reason     ${reason === "" ? "(none)" : plain(reason)}`,
      `  requester  ${requester === "" ? "(not said)" : plain(requester)}`,
      ...approvals.map(
        (token, index) => `  approval   ${approvalWords(verifier.status(token), target, now, index + 1)}`,
      ),
      ...(approvals.length === 0 ? ["  approval   none: nobody has approved it"] : []),
      ...findings.map(
        ({ guardrail, pointer, message, excused }) =>
          `  ${excused === null ? "stays    " : "excused  "}  ${guardrail}  ${pathWords(pointer)}: ${message}` +
          (excused === null ? "" : `, until ${formatInstant(excused.expires)}`),
      ),
      ...silent.map((slug) => `  nothing    ${printable(slug)}  has found nothing that could be excused`),
      ...objections.map(({ guardrail, message }) => `  because    ${guardrail}  ${message}`),
    ],
  };
}

/** What the classes of refusal mean. */
const REFUSAL_WORDS: Readonly<Record<Refusal, string>> = {
  malformed: "it isn't an approval, or was damaged",
  "unknown-key": "it was signed with a key that no approver has",
  "bad-signature": "the approver's key didn't sign this",
  "wrong-audience": "it is for another cluster",
  "wrong-object": "it is for another object",
  "self-approved": "the requester has approved it",
  "unknown-guardrail": "it names a guardrail that doesn't exist",
  "not-yet-valid": "it begins later",
  expired: "it has ended",
  "too-long": "it is for longer than any settings allow",
  revoked: "it was taken back",
  "keys-unavailable": "the approvers' keys can't be read",
  "no-keys-configured": "the settings name no keys or no audience",
};

function approvalWords(status: ApprovalStatus, target: Target, now: number, number: number): string {
  const { claims } = status;
  const who =
    claims === null
      ? `number ${number}`
      : `${claims.jti} by ${claims.sub} for ${claims.requester}, until ${formatInstant(claims.exp)}`;
  const refusal = refusalOf(status, target, now);
  if (refusal === undefined) return `${who}: good, ${durationWords((claims?.exp ?? now) - now)} left`;
  const detail = "detail" in status && status.detail !== "" ? `: ${printable(status.detail)}` : "";
  return `${who}: ${refusal}, ${REFUSAL_WORDS[refusal]}${detail}`;
}

function refusalOf(status: ApprovalStatus, { subject, document }: Target, now: number): Refusal | undefined {
  if (status.status !== "verified") return status.status;
  const { object, nbf, exp } = status.claims;
  // A file is nobody's: only an approval for this very object can be good here.
  const isFor = approvedAs(object, { ...subject, user: { name: "" }, object: document.value }, []);
  if (isFor === undefined) return "wrong-object";
  if (nbf > now) return "not-yet-valid";
  return exp <= now ? "expired" : undefined;
}
