/**
 * @module `ringfence exception request`: asks for an exception by writing its annotations into the object's file.
 */
import type { Engine } from "../engine/engine.ts";
import { objectWords, pathWords } from "../engine/verdict.ts";
import { LONGEST_REASON, PREFIX } from "../exceptions/annotations.ts";
import { NAME } from "../exceptions/approval-claims.ts";
import { DURATION_FORM, durationWords, parseDuration } from "../exceptions/duration.ts";
import { plain } from "../gate/plain-text.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_OK, type Io } from "./command.ts";
import { ENGINE_OPTIONS, loadEngine } from "./engine-options.ts";
import {
  annotatedText,
  checked,
  chooseTarget,
  judgeFile,
  openManifest,
  placeOf,
  required,
  secondsNow,
  shellWord,
  type Target,
  TARGET_OPTIONS,
  withName,
  writeManifest,
} from "./exception-target.ts";

const NAME_OF_COMMAND = "exception request";
// What strict YAML refuses, and what shows a reviewer another text than the one that is there.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u;

export const requestCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "Ask for an exception: write it into the object's file.",
  usage: "[OPTIONS] -f FILE --guardrail SLUG[,SLUG] --ttl 72h --reason TEXT",
  description:
    "Judges the file as `check` does, adds annotations to the object (and to its Pod template), and says what to do\n" +
    "next. Comments and formatting of the file stay as they are. Nothing is excused before somebody approves it.",
  options: {
    ...TARGET_OPTIONS,
    guardrail: {
      type: "string",
      value: "SLUG",
      multiple: true,
      description: "What the exception is from; or SLUG,SLUG",
    },
    ttl: { type: "string", value: "TIME", description: `For how long from the approval on: ${DURATION_FORM}.` },
    reason: { type: "string", value: "TEXT", description: "Why, with the ticket." },
    requester: {
      type: "string",
      value: "NAME",
      description: "Who asks; the user's name on this machine unless given.",
    },
    ...ENGINE_OPTIONS,
  },
  async run(args, io) {
    const file = openManifest(args, NAME_OF_COMMAND);
    const engine = await loadEngine(args);
    const slugs = guardrailsOf(args, engine);
    const ttl = ttlOf(args);
    const reason = reasonOf(args);
    const requester = requesterOf(args, io);
    const targets = withName(
      await judgeFile(file.documents, engine, { namespace: args.text("namespace"), now: secondsNow() }),
      args,
    );
    const target = targetFor(targets, args, slugs);
    const changes = new Map([
      [`${PREFIX}exception`, slugs.join(",")],
      [`${PREFIX}exception-reason`, reason],
      [`${PREFIX}exception-requester`, requester],
      [`${PREFIX}exception-ttl`, ttl.text],
      // It was the end of the exception before this one.
      [`${PREFIX}exception-expires`, null],
    ]);
    writeManifest(file, annotatedText(file, target, changes));
    io.stdout.write(answer({ target, slugs, seconds: ttl.seconds, reason, requester, args }));
    return EXIT_OK;
  },
};

function guardrailsOf(args: Arguments, engine: Engine): readonly string[] {
  const slugs = args
    .texts("guardrail")
    .flatMap((text) => text.split(","))
    .map((slug) => slug.trim());
  if (slugs.length === 0) throw new CallError("exception request needs --guardrail SLUG", NAME_OF_COMMAND);
  for (const slug of slugs) {
    const guardrail = engine.guardrails.get(slug);
    if (guardrail === undefined) {
      throw new CallError(`there is no guardrail ${quote(slug)}; \`ringfence guardrails\` lists them`);
    }
    if (!guardrail.excusable)
      throw new CallError(`there are no exceptions from ${slug}: it protects the exceptions and what they rest on`);
  }
  return [...new Set(slugs)];
}

function ttlOf(args: Arguments): { text: string; seconds: number } {
  const text = required(args, "ttl", NAME_OF_COMMAND, "TIME: 72h, 3d");
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new CallError(`--ttl ${quote(text)} is no length of time: ${DURATION_FORM}`);
  return { text, seconds };
}

function reasonOf(args: Arguments): string {
  const reason = required(args, "reason", NAME_OF_COMMAND, "TEXT: why, with the ticket").trim();
  if (reason === "") throw new CallError("--reason is empty: say why, with the ticket");
  if (reason.length > LONGEST_REASON) throw new CallError(`--reason is longer than ${LONGEST_REASON} characters`);
  if (UNPRINTABLE.test(reason) || !reason.isWellFormed()) {
    throw new CallError("--reason holds line breaks or invisible characters: write it in one line of plain text");
  }
  return reason;
}

function requesterOf(args: Arguments, io: Io): string {
  const name = args.text("requester") ?? io.environment["USER"] ?? io.environment["LOGNAME"] ?? "";
  if (name === "") throw new CallError("it can't be said who asks: add --requester NAME", NAME_OF_COMMAND);
  return checked(name, NAME, "no name: at most 128 characters of printable ASCII");
}

/** The object in which every one of the guardrails has found something. */
function targetFor(targets: readonly Target[], args: Arguments, slugs: readonly string[]): Target {
  const fitting = targets.filter(({ verdict }) =>
    slugs.every((slug) => verdict.findings.some(({ guardrail }) => guardrail === slug)),
  );
  if (fitting.length > 0) return chooseTarget(fitting, args, `with findings of ${slugs.join(", ")}`);
  const which =
    slugs.length === 1 ? `${slugs[0] ?? ""} has no finding here` : `not all of ${slugs.join(", ")} have a finding here`;
  const found = targets.flatMap(({ subject, verdict }) => {
    const names = [...new Set(verdict.findings.map(({ guardrail }) => guardrail))];
    return names.length === 0 ? [] : [`\n  ${objectWords(subject)}: ${names.join(", ")}`];
  });
  throw new CallError(
    found.length === 0
      ? `${which}, so there is nothing to excuse: no guardrail has found anything`
      : `${which}, so there is nothing to excuse. Findings are there of:${found.join("")}`,
  );
}

interface Asked {
  readonly target: Target;
  readonly slugs: readonly string[];
  readonly seconds: number;
  readonly reason: string;
  readonly requester: string;
  readonly args: Arguments;
}

function answer({ target, slugs, seconds, reason, requester, args }: Asked): string {
  const { source } = target.document;
  const findings = target.verdict.findings.filter(({ guardrail }) => slugs.includes(guardrail));
  const replaced = target.exception?.annotations.guardrails.filter((slug) => !slugs.includes(slug)) ?? [];
  const file = shellWord(source);
  const options = ["namespace", "kind", "name"].flatMap((name) => {
    const value = args.text(name);
    return value === undefined ? [] : [`--${name} ${shellWord(value)}`];
  });
  return `${[
    `${placeOf(target.document)}: the request is written`,
    "",
    `  object     ${objectWords(target.subject)}`,
    ...findings.map(
      ({ guardrail, pointer, message }) => `  excuses    ${guardrail}  ${pathWords(pointer)}: ${message}`,
    ),
    `  for        ${durationWords(seconds)} from the approval on`,
    `  reason     ${plain(reason)}`,
    `  requester  ${requester}`,
    ...(replaced.length === 0 ? [] : ["", `It replaces the exception from ${replaced.join(", ")}.`]),
    "",
    `Nothing is excused yet. Commit ${plain(source)}, and ask an approver, somebody else than ${requester}, to run`,
    "",
    `  ${["ringfence exception approve -f", file, ...options, "--key KEY --approver NAME"].join(" ")}`,
  ].join("\n")}\n`;
}
