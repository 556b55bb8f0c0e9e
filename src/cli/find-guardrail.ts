/**
 * @module A guardrail by the slug that a user typed.
 */
import { nearest } from "../apis/suggest.ts";
import type { BundleManifest, GuardrailMetadata } from "../engine/bundle-manifest.ts";
import { guardrailsBySlug } from "../engine/bundle.ts";
import { quote } from "../model/quote.ts";
import { CallError } from "./command.ts";

/**
 * @throws CallError for a slug that the bundle doesn't have, with the nearest one that it has
 */
export function findGuardrail(manifest: BundleManifest, slug: string): GuardrailMetadata {
  const guardrails = guardrailsBySlug(manifest);
  const found = guardrails.get(slug);
  if (found !== undefined) return found;
  const meant = nearest(slug, guardrails.keys());
  const advice = meant === undefined ? "`ringfence guardrails` lists them" : `did you mean ${meant}?`;
  throw new CallError(`the bundle has no guardrail ${quote(slug)}; ${advice}`);
}
