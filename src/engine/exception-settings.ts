/**
 * @module The settings' part about exceptions: who may approve them, for how long, and what has been revoked.
 */
import { dirname, resolve } from "node:path";
import type { Schema } from "@cfworker/json-schema";
import type { Revoked } from "../exceptions/approval-verifier.ts";
import { DURATION_FORM, parseDuration } from "../exceptions/duration.ts";
import { parseInstant } from "../exceptions/instant.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";

/** Lengths are seconds. */
export interface ExceptionLimits {
  /** From an approval to its end. */
  readonly longest: number;
  /** Approvers that are needed. */
  readonly approvals: number;
  /** How often an exception may be renewed. */
  readonly renewals: number;
  /** From the first approval to the end of the last renewal. */
  readonly longestInAll: number;
  /** RE2: what must occur in the reason. */
  readonly reasonPattern: string;
  /** Exceptions that nobody approved. */
  readonly unsigned: { readonly allowed: boolean; readonly longest: number };
}

export interface ExceptionSettings {
  /** The cluster's name in approvals; null: no approval counts. */
  readonly audience: string | null;
  /** Where the approvers' public keys are; null: no approval counts. A file is absolute, or relative to the settings. */
  readonly keys: { readonly file: string } | { readonly url: string } | null;
  /** Users that may bring a workload's exception to the objects that they make of it. */
  readonly controllers: readonly string[];
  readonly revoked: Revoked;
  /** For every guardrail of the bundle. */
  readonly limits: Readonly<Record<string, ExceptionLimits>>;
  /** What becomes of what an exception excused once it has ended: told, or the allow rules are taken out of the policy. */
  readonly atEnd: "report" | "remove";
  /** Seconds between two looks at all exceptions of the cluster. */
  readonly sweepSeconds: number;
  /** Policies that one look may take rules from; where more are due, none is touched. */
  readonly mostRemovals: number;
}

const DAY = 86_400;
const SWEEP_SECONDS = 60;
const MOST_REMOVALS = 10;

const DEFAULT_LIMITS: ExceptionLimits = {
  longest: 30 * DAY,
  approvals: 1,
  renewals: 2,
  longestInAll: 90 * DAY,
  reasonPattern: "\\S",
  unsigned: { allowed: false, longest: DAY },
};

/** The service accounts of kube-controller-manager's controllers, where it runs with one account for each. */
const DEFAULT_CONTROLLERS: readonly string[] = [
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemon-set-controller",
  "job-controller",
  "cronjob-controller",
  "replication-controller",
].map((account) => `system:serviceaccount:kube-system:${account}`);

const DURATION: Schema = { type: "string", pattern: "^[1-9][0-9]{0,8}(s|m|h|d|w)$" };
const MOMENT: Schema = { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$" };

const identifiers = (description: string): Schema => ({
  type: "array",
  maxItems: 10_000,
  items: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" },
  description,
});

const closed = (properties: Record<string, Schema>, description: string): Schema => ({
  type: "object",
  additionalProperties: false,
  properties,
  description,
});

const LIMITS: Schema = closed(
  {
    longest: { ...DURATION, description: `From an approval to its end: ${DURATION_FORM}.` },
    approvals: { type: "integer", minimum: 1, maximum: 5, description: "How many approvers are needed." },
    renewals: { type: "integer", minimum: 0, maximum: 1000, description: "How often an exception may be renewed." },
    longestInAll: { ...DURATION, description: "From the first approval to the end of the last renewal." },
    reasonPattern: {
      type: "string",
      maxLength: 200,
      description: "RE2 pattern that must occur in the reason, say of a ticket.",
    },
    unsigned: closed(
      { allowed: { type: "boolean" }, longest: DURATION },
      "Exceptions without an approval, by users with the right to make them.",
    ),
  },
  "Limits; what is left out has the default.",
);

/**
 * The schema of `exceptions`.
 * @param slugs of the bundle's guardrails
 * @param definitions where to keep what is referred to; see settings-schema.ts
 */
export function exceptionSchema(slugs: readonly string[]): { schema: Schema; definitions: Record<string, Schema> } {
  const reference: Schema = { $ref: "#/$defs/exceptionLimits" };
  const limits = Object.fromEntries(["default", ...slugs].map((name) => [name, reference]));
  const schema = closed(
    {
      audience: {
        type: "string",
        pattern: "^[!-~]{1,128}$",
        description: "The name of this cluster in approvals. Approvals for another one don't count.",
      },
      keys: {
        oneOf: [
          {
            ...closed({ file: { type: "string", minLength: 1, maxLength: 4096 } }, "A JWK set in a file."),
            required: ["file"],
          },
          {
            ...closed({ url: { type: "string", pattern: "^https://", maxLength: 2048 } }, "A JWK set at an https URL."),
            required: ["url"],
          },
        ],
        description: "The public keys of the approvers.",
      },
      controllers: {
        type: "array",
        maxItems: 100,
        items: { type: "string", minLength: 1, maxLength: 317 },
        description: "Users that may bring a workload's exception to the Pods they make of it.",
      },
      revoked: closed(
        {
          ids: identifiers("Ids of approvals that don't count any more."),
          keys: identifiers("Ids of keys whose approvals don't count any more."),
          issuedBefore: { ...MOMENT, description: "Approvals that were signed before then don't count any more." },
        },
        "Approvals that were taken back.",
      ),
      limits: closed(limits, "Limits by guardrail, and for all others under default."),
      atEnd: {
        type: "string",
        enum: ["report", "remove"],
        description:
          "Once an exception has ended: only tell, or take the allow rules that it excused out of the policy.",
      },
      sweepSeconds: {
        type: "integer",
        minimum: 1,
        maximum: 3600,
        description: "How often the controller looks at the exceptions of the cluster.",
      },
      mostRemovals: {
        type: "integer",
        minimum: 0,
        maximum: 1000,
        description:
          "With atEnd remove: how many policies one look may change. Where more are due, or more than 30 % of all that carry an exception, none is changed: a clock may be wrong.",
      },
    },
    "Exceptions: who may approve them and for how long.",
  );
  return { schema, definitions: { exceptionLimits: LIMITS } };
}

/**
 * Completes the settings' part about exceptions.
 * @param value what {@link exceptionSchema} has accepted
 * @param source the settings file: key files are relative to it
 * @param problem is told of what a schema can't say
 */
export function completeExceptions(
  value: JsonValue | undefined,
  slugs: readonly string[],
  source: string,
  problem: (pointer: string, text: string) => void,
): ExceptionSettings {
  const given = objectOr(value);
  const limits = objectOr(given["limits"]);
  const read = (pointer: string, own: JsonValue | undefined, base: ExceptionLimits) =>
    completeLimits(objectOr(own), base, (key, text) => problem(`/exceptions/limits/${pointer}/${key}`, text));
  const base = read("default", limits["default"], DEFAULT_LIMITS);
  const bySlug = slugs.map((slug): [string, ExceptionLimits] => [
    slug,
    Object.hasOwn(limits, slug) ? read(slug, limits[slug], base) : base,
  ]);
  const { file, url } = objectOr(given["keys"]) as { file?: string; url?: string };
  const fileOrUrl = url === undefined ? null : { url };
  return {
    audience: (given["audience"] as string | undefined) ?? null,
    keys: file === undefined ? fileOrUrl : { file: resolve(dirname(source), file) },
    controllers: (given["controllers"] as readonly string[] | undefined) ?? DEFAULT_CONTROLLERS,
    revoked: completeRevoked(objectOr(given["revoked"]), problem),
    limits: Object.fromEntries(bySlug),
    atEnd: (given["atEnd"] as ExceptionSettings["atEnd"] | undefined) ?? "report",
    sweepSeconds: (given["sweepSeconds"] as number | undefined) ?? SWEEP_SECONDS,
    mostRemovals: (given["mostRemovals"] as number | undefined) ?? MOST_REMOVALS,
  };
}

function completeRevoked(given: JsonObject, problem: (pointer: string, text: string) => void): Revoked {
  const {
    ids = [],
    keys = [],
    issuedBefore,
  } = given as {
    ids?: readonly string[];
    keys?: readonly string[];
    issuedBefore?: string;
  };
  const moment = issuedBefore === undefined ? null : parseInstant(issuedBefore);
  if (moment === undefined) {
    problem("/exceptions/revoked/issuedBefore", `${quote(issuedBefore ?? "")} is no time between 2020 and 2100`);
  }
  return { ids, keys, issuedBefore: moment ?? null };
}

function completeLimits(
  given: JsonObject,
  base: ExceptionLimits,
  problem: (key: string, text: string) => void,
): ExceptionLimits {
  const seconds = (holder: JsonObject, key: string, name: string, otherwise: number): number => {
    const text = holder[key] as string | undefined;
    if (text === undefined) return otherwise;
    const length = parseDuration(text);
    if (length === undefined) problem(name, `${quote(text)} is no length of time below ten years: ${DURATION_FORM}`);
    return length ?? otherwise;
  };
  const unsigned = objectOr(given["unsigned"]);
  return {
    longest: seconds(given, "longest", "longest", base.longest),
    approvals: (given["approvals"] as number | undefined) ?? base.approvals,
    renewals: (given["renewals"] as number | undefined) ?? base.renewals,
    longestInAll: seconds(given, "longestInAll", "longestInAll", base.longestInAll),
    reasonPattern: (given["reasonPattern"] as string | undefined) ?? base.reasonPattern,
    unsigned: {
      allowed: (unsigned["allowed"] as boolean | undefined) ?? base.unsigned.allowed,
      longest: seconds(unsigned, "longest", "unsigned/longest", base.unsigned.longest),
    },
  };
}

function objectOr(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
