/**
 * @module The approvers' keys and the cluster's audience for the exception commands: from the options, else the settings.
 */
import type { Engine } from "../engine/engine.ts";
import { ApprovalVerifier } from "../exceptions/approval-verifier.ts";
import { NAME } from "../exceptions/approval-claims.ts";
import { loadKeySet } from "../exceptions/key-set-loader.ts";
import { KeysOnce } from "../exceptions/keys-once.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Options } from "./command.ts";
import { APPROVERS_OPTION, keysFromOption, loadEngine } from "./engine-options.ts";
import { checked } from "./exception-target.ts";

export const KEY_OPTIONS: Options = {
  audience: {
    type: "string",
    value: "NAME",
    description: "The cluster that approvals are for, instead of the settings' exceptions.audience.",
  },
  ...APPROVERS_OPTION,
};

/** The engine, and what approvals are checked with beside it. */
export interface EngineWithKeys {
  readonly engine: Engine;
  /** The cluster's name in approvals; null where nobody says it. */
  readonly audience: string | null;
  /** Null where nobody names any keys. */
  readonly verifier: ApprovalVerifier | null;
}

/**
 * Loads the engine as the options and the settings say.
 * @throws CallError where something that they name can't be read
 */
export async function loadEngineWithKeys(args: Arguments): Promise<EngineWithKeys> {
  const given = args.text("audience");
  if (given !== undefined) checked(given, NAME, "no name of a cluster: at most 128 characters of printable ASCII");
  const fromOption = keysFromOption(args);
  const engine = await loadEngine(args, { audience: given, keys: fromOption });
  const { audience, keys: place, revoked } = engine.settings.exceptions;
  const keys = fromOption ?? (place === null ? null : new KeysOnce(() => loadKeySet(place)));
  await keys?.ready();
  if (typeof keys?.problem === "string") throw new CallError(keys.problem);
  return { engine, audience, verifier: keys === null ? null : new ApprovalVerifier({ audience, keys, revoked }) };
}
