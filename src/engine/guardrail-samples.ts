/**
 * @module Samples: the good and bad examples beside a guardrail (`rego/guardrails/NAME/samples/`), which are tests and
 * documentation at once. A file is named `denied.`, `warned.`, `reported.` (mode audit) or `allowed.` and why; comments at its top say
 *
 * - in plain words what is interesting about it,
 * - `# finds: PLACE: MESSAGE`, one line for each finding of the guardrail,
 * - `# also: SLUG, SLUG`, other guardrails that have something to say,
 * - `# signed: TIME to TIME`: the word SIGNED stands for an approval of the (live) object's exception, signed at the first
 *   time and good until the second,
 * - `# now: TIME`: when it is judged.
 *
 * An object that occurs twice is a live object and its change. A file `parameters.yaml` holds the guardrail's parameters
 * for its samples, where the default ones find nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export type SampleVerdict = "denied" | "warned" | "reported" | "allowed";

export interface Sample {
  /** `any_any/samples/denied.empty-rule.yaml` */
  readonly file: string;
  /** `any-any` */
  readonly guardrail: string;
  readonly verdict: SampleVerdict;
  /** Its name in words: `empty rule`. */
  readonly title: string;
  /** What is interesting about it. */
  readonly about: string;
  /** `spec.ingress[0]: allows anyone on every port` */
  readonly finds: readonly string[];
  readonly also: readonly string[];
  /** From when to when the approval in it holds. */
  readonly signed: readonly [from: string, until: string] | undefined;
  readonly now: string | undefined;
  /** The objects, without the comments at the top. */
  readonly yaml: string;
  /** `guardrails` of a settings file, as YAML; undefined where the default settings are meant. */
  readonly settings: string | undefined;
}

const PARAMETERS = "parameters.yaml";
const NAME = /^(denied|warned|reported|allowed)\.([a-z0-9-]+)\.yaml$/;

/**
 * Reads the samples of all guardrails, denied ones first.
 * @param folder rego/guardrails
 * @throws Error for a file in a samples folder that is none
 */
export async function readSamples(folder: string): Promise<readonly Sample[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => /^[^/]+\/samples\/./.test(file));
  const texts = new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")] as const)),
  );
  const samples = [...texts]
    .filter(([file]) => !file.endsWith(PARAMETERS))
    .map(([file, text]) => parseSample(file, text, texts.get(file.replace(/[^/]+$/, PARAMETERS))));
  return samples.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || (a.file < b.file ? -1 : 1));
}

const ORDER: readonly SampleVerdict[] = ["denied", "warned", "reported", "allowed"];

function parseSample(file: string, text: string, parameters: string | undefined): Sample {
  const [guardrail = "", , name = ""] = file.split("/");
  const [, verdict, title = ""] = NAME.exec(name) ?? [];
  if (verdict === undefined)
    throw new Error(
      `${file}: a sample is called denied.WHY.yaml, warned.WHY.yaml, reported.WHY.yaml or allowed.WHY.yaml`,
    );
  const slug = guardrail.replaceAll("_", "-");
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const comments = lines.slice(0, end).map((line) => line.replace(/^# ?/, ""));
  const tagged = (tag: string) => comments.flatMap((line) => (line.startsWith(tag) ? [line.slice(tag.length)] : []));
  const about = comments.filter((line) => TAGS.every((tag) => !line.startsWith(tag))).join(" ");
  const [[from = "", until = ""] = []] = tagged(SIGNED).map((times) => times.split(" to "));
  if (about === "") throw new Error(`${file}: its first comment must say what is interesting about it`);
  return {
    file,
    guardrail: slug,
    verdict: verdict as SampleVerdict,
    title: title.replaceAll("-", " "),
    about,
    finds: tagged(FINDS),
    also: tagged(ALSO).flatMap((slugs) => slugs.split(", ")),
    signed: from === "" ? undefined : [from, until],
    now: tagged(NOW)[0],
    yaml: lines.slice(end).join("\n"),
    settings: parameters === undefined ? undefined : settingsYaml(slug, parameters),
  };
}

function settingsYaml(slug: string, parameters: string): string {
  const lines = parameters.trimEnd().split("\n");
  const indented = lines.map((line) => `      ${line}\n`).join("");
  return `guardrails:\n  ${slug}:\n    parameters:\n${indented}`;
}

const FINDS = "finds: ";
const ALSO = "also: ";
const SIGNED = "signed: ";
const NOW = "now: ";
const TAGS = [FINDS, ALSO, SIGNED, NOW];
