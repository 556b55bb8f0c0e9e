/**
 * @module How far a list of Argo CD's patterns reaches: does it accept names that have nothing to do with what is written?
 *
 * Sets of strangers are tried, as the label model tries a strange Pod: whoever accepts half of them limits nothing. So
 * `*`, `**`, `?*`, `{a*,b*,...}` and "all but one" (`!x`) come out alike. Semantics: argo-cd 3.5, globMatch and
 * IsSourcePermitted of pkg/apis/application/v1alpha1.
 */
import { type Meter, parseGlob } from "../model/glob.ts";

/** Half of the strangers: nobody lists that many and means some. */
const MOST = 0.5;
const INITIALS: readonly string[] = Array.from("abcdefghijklmnopqrstuvwxyz0123456789");

/** Names of namespaces, clusters and kinds that nobody means; half of them without a hyphen. */
export const STRANGE_NAMES: readonly string[] = INITIALS.map((initial, index) =>
  index % 2 === 0 ? `${initial}7qzx3w${initial}` : `${initial}7-qzx-3w${initial}`,
);
export const STRANGE_SERVERS: readonly string[] = STRANGE_NAMES.map((name) => `https://${name}.example.org:6443`);
/** `Deployment`, `Zq7xKind`: kinds are in camel case. */
export const STRANGE_KINDS: readonly string[] = STRANGE_NAMES.map(
  (name) => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("-", "")}`,
);
export const STRANGE_GROUPS: readonly string[] = STRANGE_NAMES.map((name) => `${name}.example.org`);

/** Repositories of strangers, by the ways in which Argo CD reaches them; at the last three anybody can have one. */
export const STRANGE_REPOSITORIES: readonly (readonly string[])[] = [
  STRANGE_NAMES.map((name) => `https://git.${name}.example/${name}/repo${name}`),
  STRANGE_NAMES.map((name) => `ssh://git@git.${name}.example/${name}/repo${name}`),
  STRANGE_NAMES.map((name) => `oci://registry.${name}.example/${name}/repo${name}`),
  STRANGE_NAMES.map((name) => `registry.${name}.example/${name}/repo${name}`),
  ...["github.com", "gitlab.com", "bitbucket.org"].map((host) =>
    STRANGE_NAMES.map((name) => `https://${host}/${name}/repo${name}`),
  ),
];

/** Matching that many characters takes some 50 ms; a project with more patterns than that is one that nobody reads. */
const MOST_STEPS = 10_000_000;
const SPECIAL = /[*?[{\\]/;

/** Tries the patterns of one project. Every pattern is tried once, and the work is bounded. */
export class StrangerTest {
  readonly #meter: Meter = { steps: 0 };
  readonly #known = new Map<readonly string[], Map<string, readonly boolean[]>>();

  /**
   * Which strangers one pattern accepts. A leading `!` accepts all that the rest doesn't; what can't be read, and what
   * there is no time for, everything.
   */
  accepted(pattern: string, strangers: readonly string[], separator?: string): readonly boolean[] {
    const known = this.#known.get(strangers) ?? new Map<string, readonly boolean[]>();
    this.#known.set(strangers, known);
    const found = known.get(pattern) ?? this.#try(pattern, strangers, separator);
    known.set(pattern, found);
    return found;
  }

  #try(pattern: string, strangers: readonly string[], separator: string | undefined): readonly boolean[] {
    const isDenied = pattern.startsWith("!");
    const written = isDenied ? pattern.slice(1) : pattern;
    if (written === "*") return strangers.map(() => !isDenied);
    // Nobody is called like a stranger.
    if (!SPECIAL.test(written)) return strangers.map(() => isDenied);
    const accepts = this.#meter.steps > MOST_STEPS ? undefined : parseGlob(written, separator, this.#meter);
    if (accepts === undefined) return strangers.map(() => !isDenied);
    return strangers.map((stranger) => accepts(stranger) !== isDenied);
  }
}

/** What one of them accepts. */
export function unionOf(sets: readonly (readonly boolean[])[], size: number): readonly boolean[] {
  const union = Array.from({ length: size }, () => false);
  for (const set of sets) {
    for (const [index, accepted] of set.entries()) if (accepted) union[index] = true;
  }
  return union;
}

/** What both accept. */
export function bothOf(a: readonly boolean[], b: readonly boolean[]): readonly boolean[] {
  return a.map((accepted, index) => accepted && b[index] === true);
}

/** Whether that many strangers are accepted that nothing is limited. */
export function isMost(set: readonly boolean[]): boolean {
  return set.filter(Boolean).length >= set.length * MOST;
}
