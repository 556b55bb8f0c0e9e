/**
 * @module The approvers' keys of an engine at work: read again and again in the background, from where the settings say.
 */
import { KeySetError, type KeySource } from "../exceptions/approver-keys.ts";
import { FILE_REFRESH_SECONDS, loadKeySet, URL_REFRESH_SECONDS } from "../exceptions/key-set-loader.ts";
import { RefreshedKeys } from "../exceptions/refreshed-keys.ts";
import type { ExceptionSettings } from "./exception-settings.ts";

export interface LiveKeys {
  /** Undefined where the settings name no keys. */
  readonly source: KeySource | undefined;
  /** Tells the same place from another. */
  readonly place: string;
  stop(): void;
}

export const NO_KEYS: LiveKeys = { source: undefined, place: JSON.stringify(null), stop: () => undefined };

/**
 * Starts to read the keys.
 * @param previous keys in use: they go on where the place is the same, so that the last good ones aren't forgotten
 * @param onProblem is told what is wrong with them, and null when nothing is any more
 * @throws KeySetError for a file that can't be read: a mistake in the settings. A URL may be down for a while; until it
 *   answers no approval counts
 */
export async function startKeys(
  keys: ExceptionSettings["keys"],
  previous: LiveKeys,
  onProblem: (problem: string | null) => void,
): Promise<LiveKeys> {
  const place = JSON.stringify(keys);
  if (place === previous.place) return previous;
  if (keys === null) return NO_KEYS;
  let first: string | null = null;
  const source = new RefreshedKeys(() => loadKeySet(keys), {
    every: "url" in keys ? URL_REFRESH_SECONDS : FILE_REFRESH_SECONDS,
    onProblem: (problem) => {
      first ??= problem;
      onProblem(problem);
    },
  });
  await source.start();
  if ("file" in keys && source.current() === null) {
    source.stop();
    throw new KeySetError(first ?? "the approvers' keys can't be read");
  }
  return { source, place, stop: () => source.stop() };
}
