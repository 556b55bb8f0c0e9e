/**
 * @module The part of a bundle's Rego that the build writes itself: its entrypoints, and which guardrails each one asks.
 */
import { DELETION, FAMILIES, type GuardrailMetadata } from "./bundle-manifest.ts";

/**
 * The entrypoints: the WASM target walks every rule it is given, so each one names only the guardrails of its group.
 * Deletions have one for all groups, because hardly any guardrail judges them.
 *
 * Guardrails that need the findings of the others see them as `raised`; they and exceptions cost something only where the
 * object asks for an exception. Nothing excuses a deletion.
 * @param packages the guardrails' packages by slug: `data.ringfence.guardrails.any_any`
 */
export function mainModule(guardrails: readonly GuardrailMetadata[], packages: ReadonlyMap<string, string>): string {
  const inexcusable = guardrails.filter(({ excusable }) => !excusable).map(({ slug }) => JSON.stringify(slug));
  const parts = [
    "package ringfence.main",
    "",
    "import data.ringfence.lib.exceptions",
    "import data.ringfence.lib.settings",
    "",
    `inexcusable := {slug | some slug in [${inexcusable.join(", ")}]}`,
    "",
  ];
  const member = ({ slug, own, needs }: GuardrailMetadata, conditions: readonly string[]): Member => ({
    slug,
    own,
    needsFindings: needs.includes("findings"),
    conditions: [
      `data.ringfence.settings.guardrails["${slug}"].mode != "off"`,
      ...conditions,
      `some finding in ${packages.get(slug) ?? ""}.findings`,
    ],
  });
  for (const family of FAMILIES) {
    const members = guardrails
      .filter(({ families, operations }) => families.includes(family) && operations.includes("CREATE"))
      .map((guardrail) => member(guardrail, []));
    parts.push(
      `${family} := ${answer(`_${family}`)} if not input.exception`,
      "",
      `${family} := ${answer(`exceptions.judged | _${family}_then`)} if input.exception`,
      "",
      `raised := _${family} if input.object.family == "${family}"`,
      "",
      ...findings(
        `_${family}`,
        members.filter(({ needsFindings }) => !needsFindings),
      ),
      ...findings(
        `_${family}_then`,
        members.filter(({ needsFindings }) => needsFindings),
      ),
    );
  }
  const ofFamily = ({ families }: GuardrailMetadata) => `input.object.family in ${JSON.stringify(families)}`;
  const deleting = guardrails.filter(({ operations }) => operations.includes("DELETE"));
  parts.push(
    `${DELETION} := ${answer(`_${DELETION}`)}`,
    "",
    ...findings(
      `_${DELETION}`,
      deleting.map((guardrail) => member(guardrail, [ofFamily(guardrail)])),
    ),
  );
  return parts.join("\n");
}

/** uid and digest come back from the input: an evaluation without input has no result at all. */
function answer(set: string): string {
  return `{"uid": input.uid, "digest": input.digest, "findings": ${set}}`;
}

/** A guardrail of an entrypoint. */
interface Member {
  readonly slug: string;
  readonly own: boolean;
  /** Whether it judges the findings of the others. */
  readonly needsFindings: boolean;
  /** In Rego; the last one binds `finding`. */
  readonly conditions: readonly string[];
}

/** The set of all findings of some guardrails, each with its slug. */
function findings(set: string, members: readonly Member[]): string[] {
  const parts = [`${set} contains null if false`, ""];
  for (const { slug, own, conditions } of members) {
    if (own) parts.push(`${set} contains ${misshapen(slug)} if {`, ...conditions, "not is_object(finding)", "}", "");
    // What excuses a finding is Ringfence's to say.
    const plain = own ? `object.remove(finding, ["excused"])` : "finding";
    parts.push(
      `${set} contains object.union(${plain}, {"guardrail": "${slug}"}) if {`,
      ...conditions,
      `not settings.exempt("${slug}")`,
      "}",
      "",
    );
  }
  return parts;
}

/** A finding that is no object would be dropped without a word; this makes one of it that can be read. */
function misshapen(slug: string): string {
  return `{"guardrail": "${slug}", "pointer": "", "message": "the guardrail returned a finding that is no object"}`;
}
