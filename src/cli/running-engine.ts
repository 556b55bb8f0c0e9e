/**
 * @module The engine of a program that goes on running: loaded at its start, replaced when its files change.
 */
import { BundleError } from "../engine/bundle.ts";
import { type Engine, EngineFault } from "../engine/engine.ts";
import { type EngineFiles, LiveEngine } from "../engine/live-engine.ts";
import { SettingsError } from "../engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../engine/shipped-files.ts";
import { PolicyFault } from "../engine/wasm-host.ts";
import { KeySetError } from "../exceptions/approver-keys.ts";
import type { Logger } from "../server/log.ts";
import type { Arguments } from "./arguments.ts";
import { CallError } from "./command.ts";

/** The files that the arguments name. */
export function engineFiles(args: Arguments): EngineFiles {
  return { bundle: args.textOr("bundle", SHIPPED_BUNDLE), settings: args.textOr("settings", SHIPPED_SETTINGS) };
}

/**
 * Loads it.
 * @param onReplaced told of each engine that takes over
 * @throws CallError where bundle or settings can't be used
 */
export async function startEngine(
  args: Arguments,
  log: Logger,
  onReplaced: (engine: Engine) => void,
): Promise<LiveEngine> {
  try {
    return await LiveEngine.start(engineFiles(args), {
      replaced: (engine) => {
        onReplaced(engine);
        log.info({ bundle: engine.digest, settings: engine.settings.name }, "a new bundle or new settings are in use");
      },
      refused: (reason) => log.error({ reason }, "the changed bundle or settings can't be used; the old ones stay"),
      keysProblem: (reason) => {
        if (reason === null) log.info("the approvers' keys are in order again");
        else
          log.error(
            { reason },
            "there is a problem with the approvers' keys; the last good set counts for a day, and then no approval does",
          );
      },
    });
  } catch (cause) {
    if (
      cause instanceof BundleError ||
      cause instanceof SettingsError ||
      cause instanceof KeySetError ||
      cause instanceof PolicyFault ||
      cause instanceof EngineFault
    ) {
      throw new CallError(cause.message);
    }
    throw cause;
  }
}
