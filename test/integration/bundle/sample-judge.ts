/**
 * @module Judges a sample as a cluster would: the same readers, the shipped bundle, the shipped settings.
 */
import { join } from "node:path";
import { readBundle } from "../../../src/engine/bundle.ts";
import { Engine } from "../../../src/engine/engine.ts";
import type { Sample } from "../../../src/engine/guardrail-samples.ts";
import type { JudgeRequest } from "../../../src/engine/judge-request.ts";
import { parseSettings, readSettings, type Settings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_REGO, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import type { Finding } from "../../../src/engine/verdict.ts";
import { subjectOf } from "../../../src/gate/subject.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { readYaml } from "../../../src/intake/strict-yaml.ts";

export const GUARDRAILS = join(SHIPPED_REGO, "guardrails");

/** The engine that ships. */
export async function shippedEngine(): Promise<Engine> {
  const bundle = readBundle(SHIPPED_BUNDLE);
  return new Engine(bundle, await readSettings(SHIPPED_SETTINGS, bundle.manifest));
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

/** The findings of everything in the sample that is not only the stored state. */
export function judgeSample(engine: Engine, sample: Sample): readonly Finding[] {
  const judge =
    sample.settings === undefined
      ? engine
      : new Engine(readBundle(SHIPPED_BUNDLE), settingsOfSample(engine.settings, sample));
  return requestsOf(sample).flatMap((request) => judge.judge(request).findings);
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
