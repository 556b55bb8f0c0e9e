/**
 * @module The shipped settings as they were checked when dist/ was built. Reading and checking them again would be a fifth
 * of the gate's start; anybody's own settings are always read and checked.
 */
import type { BundleManifest } from "./bundle-manifest.ts";
import type { Settings } from "./settings.ts";

export interface PreparedSettings {
  /** The file's text that was checked. */
  readonly text: string;
  /** The revision of the bundle whose schema it was checked against. */
  readonly revision: string;
  readonly settings: Settings;
}

/** Put in by src/cli/build.ts; in the sources there is none. */
declare const PREPARED_SETTINGS: PreparedSettings | undefined;

/** The complete settings, where these are the very bytes and the very bundle that were checked at build time. */
export function preparedSettings(bytes: Uint8Array, manifest: BundleManifest): Settings | undefined {
  if (typeof PREPARED_SETTINGS === "undefined") return undefined;
  const { text, revision, settings } = PREPARED_SETTINGS;
  return manifest.revision === revision && Buffer.from(text).equals(bytes) ? settings : undefined;
}
