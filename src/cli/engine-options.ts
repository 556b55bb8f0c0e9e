/**
 * @module The two options that name what is judged by, and the engine made of them.
 */
import type { Bundle } from "../engine/bundle.ts";
import { BundleError, readBundle } from "../engine/bundle.ts";
import { Engine } from "../engine/engine.ts";
import { readSettings, type Settings, SettingsError } from "../engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../engine/shipped-files.ts";
import { PolicyFault } from "../engine/wasm-host.ts";
import type { KeySource } from "../exceptions/approver-keys.ts";
import { KeysOnce } from "../exceptions/keys-once.ts";
import { loadKeyFile, loadKeySet } from "../exceptions/key-set-loader.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Options } from "./command.ts";

export const ENGINE_OPTIONS: Options = {
  settings: {
    type: "string",
    value: "FILE",
    description: "The organisation's settings, instead of the shipped policies/guardrails.yaml.",
  },
  bundle: {
    type: "string",
    value: "DIR",
    description: "The folder of the policy bundle, instead of the shipped policies/bundle.",
  },
};

export const APPROVERS_OPTION: Options = {
  approvers: {
    type: "string",
    value: "FILE",
    description: "The approvers' public keys (a JWK set), instead of the settings' exceptions.keys.",
  },
};

/** The keys in the file that `--approvers` names; undefined without the option. */
export function keysFromOption(args: Arguments): KeysOnce | undefined {
  const file = args.text("approvers");
  return file === undefined ? undefined : new KeysOnce(() => loadKeyFile(file));
}

/**
 * Reads the bundle that the arguments name.
 * @throws CallError where it can't be used
 */
export function loadBundle(args: Arguments): Bundle {
  try {
    return readBundle(args.textOr("bundle", SHIPPED_BUNDLE));
  } catch (cause) {
    if (cause instanceof BundleError) throw new CallError(cause.message);
    throw cause;
  }
}

/**
 * Reads the settings that the arguments name.
 * @throws CallError with a line for each problem in them
 */
export async function loadSettings(args: Arguments, bundle: Bundle): Promise<Settings> {
  try {
    return await readSettings(args.textOr("settings", SHIPPED_SETTINGS), bundle.manifest);
  } catch (cause) {
    if (cause instanceof SettingsError) throw new CallError(`the settings can't be used:\n${cause.message}`);
    throw cause;
  }
}

/** What an option says instead of the settings' `exceptions`. */
export interface ExceptionOverrides {
  readonly audience?: string | undefined;
  readonly keys?: KeySource | undefined;
}

/**
 * The engine for the bundle and the settings that the arguments name. The approvers' keys are read when an object with an
 * approval comes; where they can't be, the approval doesn't count, and a finding says why.
 * @throws CallError where bundle or settings can't be used
 */
export async function loadEngine(args: Arguments, overrides: ExceptionOverrides = {}): Promise<Engine> {
  const bundle = loadBundle(args);
  const settings = await loadSettings(args, bundle);
  const audience = overrides.audience ?? settings.exceptions.audience;
  const place = settings.exceptions.keys;
  const keys = overrides.keys ?? (place === null ? undefined : new KeysOnce(() => loadKeySet(place)));
  try {
    return new Engine(
      bundle,
      { ...settings, exceptions: { ...settings.exceptions, audience } },
      keys === undefined ? {} : { keys },
    );
  } catch (cause) {
    if (cause instanceof PolicyFault) throw new CallError(`the bundle can't be run: ${cause.message}`);
    throw cause;
  }
}
