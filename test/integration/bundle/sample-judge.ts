/**
 * @module Judges a sample as a cluster would: the same readers, the shipped bundle, the shipped settings.
 */
import { join } from "node:path";
import { readerFor } from "../../../src/apis/registry.ts";
import { type Bundle, readBundle } from "../../../src/engine/bundle.ts";
import { Engine } from "../../../src/engine/engine.ts";
import type { Sample } from "../../../src/engine/guardrail-samples.ts";
import type { JudgeRequest } from "../../../src/engine/judge-request.ts";
import { parseSettings, readSettings, type Settings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_REGO, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import type { Finding } from "../../../src/engine/verdict.ts";
import { metadataPointers, readException } from "../../../src/exceptions/annotations.ts";
import { parseKeySet } from "../../../src/exceptions/approver-keys.ts";
import { excusesOf } from "../../../src/exceptions/excuses.ts";
import { parseInstant } from "../../../src/exceptions/instant.ts";
import { DefaultDenyInInput } from "../../../src/gate/default-deny-in-input.ts";
import { subjectOf } from "../../../src/gate/subject.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { readYaml } from "../../../src/intake/strict-yaml.ts";
import { approval, keySet, makeApprover } from "../exceptions/forge.ts";

export const GUARDRAILS = join(SHIPPED_REGO, "guardrails");

const APPROVER = makeApprover("bob");
const KEYS = parseKeySet(keySet(APPROVER.publicJwk));

/** The engine that ships, with an approver. */
export async function shippedEngine(): Promise<Engine> {
  const bundle = readBundle(SHIPPED_BUNDLE);
  return engineFor(bundle, await readSettings(SHIPPED_SETTINGS, bundle.manifest));
}

const SETTINGS_HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: Guardrails\nmetadata: {name: samples}\n";

/** The settings with the parameters that the guardrail's samples are for. */
export function settingsOfSample(settings: Settings, { file, guardrail, settings: written }: Sample): Settings {
  const own = settings.guardrails[guardrail];
  if (own === undefined || written === undefined) return settings;
  const { manifest } = readBundle(SHIPPED_BUNDLE);
  const { guardrails } = parseSettings(new TextEncoder().encode(SETTINGS_HEAD + written), file, manifest);
  const parameters = guardrails[guardrail]?.parameters ?? own.parameters;
  return { ...settings, guardrails: { ...settings.guardrails, [guardrail]: { ...own, parameters } } };
}

/** An engine that takes the approvals of samples. */
export function engineFor(bundle: Bundle, settings: Settings): Engine {
  const exceptions = { ...settings.exceptions, audience: "prod" };
  return new Engine(bundle, { ...settings, exceptions }, { keys: { current: () => KEYS } });
}

/**
 * The findings of everything in the sample that is not only the stored state.
 * @param labels of the namespace, beside those of the sample
 */
export async function judgeSample(
  engine: Engine,
  sample: Sample,
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const judging =
    sample.settings === undefined
      ? engine
      : engineFor(readBundle(SHIPPED_BUNDLE), settingsOfSample(engine.settings, sample));
  for (const request of requestsOf(sample)) {
    const hasLabels = request.namespaceLabels !== null || Object.keys(labels).length > 0;
    const namespaceLabels = hasLabels ? { ...request.namespaceLabels, ...labels } : null;
    const signed = signedRequest({ ...request, namespaceLabels }, sample, judging);
    await judging.prepare(signed);
    findings.push(...judging.judge(signed).findings);
  }
  return findings;
}

/** Puts a real approval where the sample says SIGNED: of what the approver saw, which is the live object. */
function signedRequest(request: JudgeRequest, { signed, now }: Sample, engine: Engine): JudgeRequest {
  const at = now === undefined ? {} : { now: instant(now) };
  if (signed === undefined) return { ...request, ...at };
  const { group, kind, namespace, name } = request;
  const seen = request.oldObject ?? request.object;
  const reading = readerFor(group, kind)?.read(seen);
  const exception = reading === undefined ? null : readException(seen, metadataPointers(reading));
  if (reading === undefined || exception === null) throw new Error(`${kind} asks for no exception`);
  const { guardrails, reason } = exception.annotations;
  const [iat, exp] = signed.map(instant);
  const { findings } = engine.judge({ ...request, object: seen, oldObject: null, now: iat ?? 0 });
  const asked = findings.filter(({ guardrail }) => guardrails.includes(guardrail));
  const object = { group, kind, namespace, name };
  const token = approval(APPROVER, {
    iat,
    nbf: iat,
    exp,
    guardrails,
    object,
    reason,
    excuses: excusesOf(asked, reading, seen),
  });
  const fill = (value: JsonObject) =>
    JSON.parse(JSON.stringify(value).replaceAll('"SIGNED"', `"${token}"`)) as JsonObject;
  return {
    ...request,
    ...at,
    object: fill(request.object),
    oldObject: request.oldObject === null ? null : fill(request.oldObject),
  };
}

function instant(text: string): number {
  const seconds = parseInstant(text);
  if (seconds === undefined) throw new Error(`${text} is no time`);
  return seconds;
}

/** What admission would be asked: each object once; one that is written twice as an update. */
export function requestsOf({ file, yaml }: Pick<Sample, "file" | "yaml">): readonly JudgeRequest[] {
  const { documents, errors } = readYaml(yaml, file);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const objects = new Map<string, JsonObject[]>();
  for (const { value } of documents) {
    const { kind, namespace, name } = subject(value);
    const key = [kind, namespace, name].join("/");
    objects.set(key, [...(objects.get(key) ?? []), value]);
  }
  const namespaces = new Map(
    documents
      .filter(({ value }) => value["kind"] === "Namespace")
      .map(({ value }) => [subject(value).name, labelsOf(value)]),
  );
  const defaultDenies = new DefaultDenyInInput();
  for (const { value } of documents) defaultDenies.add(subject(value), value);
  return [...objects.values()].map(([first = {}, change]) => {
    const { group, version, kind, namespace, name } = subject(first);
    return {
      uid: file,
      place: "admission",
      operation: change === undefined ? "CREATE" : "UPDATE",
      group,
      version,
      kind,
      namespace,
      name,
      subresource: "",
      user: { name: "alice@example.com", groups: ["system:authenticated"] },
      object: change ?? first,
      oldObject: change === undefined ? null : first,
      namespaceLabels: namespaces.get(namespace) ?? null,
      // The other samples show an object, not all that a namespace holds.
      ...(kind === "Namespace" && file.startsWith("default_deny_missing/")
        ? { defaultDeny: defaultDenies.of(name) }
        : {}),
    };
  });
}

function subject(object: JsonObject) {
  const found = subjectOf(object, "default");
  if (found === undefined) throw new Error("the object's namespace is no text");
  return found;
}

function labelsOf(object: JsonObject): Readonly<Record<string, string>> {
  const { labels } = object["metadata"] as { labels?: Readonly<Record<string, string>> };
  return labels ?? {};
}
