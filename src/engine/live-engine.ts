/**
 * @module The engine in use, kept up to date: bundle and settings are read again when their bytes change. A new pair
 * takes over only after it has judged known objects rightly; a bad one leaves the old one at work and says so.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readBundle } from "./bundle.ts";
import { Engine } from "./engine.ts";
import { selfTest, warmUp } from "./self-test.ts";
import { readSettings } from "./settings.ts";

export interface EngineFiles {
  /** Folder with policy.wasm and manifest.json. */
  readonly bundle: string;
  /** The settings file. */
  readonly settings: string;
}

export interface LiveEngineEvents {
  /** A new engine has taken over. */
  readonly replaced: (engine: Engine) => void;
  /** The new files can't be used; the old engine stays. One message per change of the files. */
  readonly refused: (reason: string) => void;
}

/**
 * Loads an engine and proves that it works.
 * @throws BundleError, SettingsError, PolicyFault or EngineFault with a message for people
 */
export async function loadEngine(files: EngineFiles): Promise<Engine> {
  const bundle = readBundle(files.bundle);
  const engine = new Engine(bundle, await readSettings(files.settings, bundle.manifest));
  selfTest(engine, bundle);
  return engine;
}

export class LiveEngine {
  readonly #files: EngineFiles;
  readonly #events: LiveEngineEvents;
  #current: Engine;
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: EngineFiles, events: LiveEngineEvents, engine: Engine, fingerprint: string) {
    this.#files = files;
    this.#events = events;
    this.#current = engine;
    this.#fingerprint = fingerprint;
  }

  /** Loads the files and warms the engine up; see {@link loadEngine} for the errors. */
  static async start(files: EngineFiles, events: LiveEngineEvents): Promise<LiveEngine> {
    const fingerprint = await fingerprintOf(files);
    const engine = await loadEngine(files);
    warmUp(engine);
    return new LiveEngine(files, events, engine, fingerprint);
  }

  get current(): Engine {
    return this.#current;
  }

  /** Looks at the files every `seconds`; content counts, so that Kubernetes' swaps of symbolic links are seen. */
  watch(seconds: number): void {
    this.stop();
    this.#timer = setTimeout(() => {
      void this.reloadIfChanged().finally(() => {
        if (this.#timer !== undefined) this.watch(seconds);
      });
    }, seconds * 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** One look at the files. Never throws. */
  async reloadIfChanged(): Promise<void> {
    try {
      const fingerprint = await fingerprintOf(this.#files);
      if (fingerprint === this.#fingerprint) return;
      this.#fingerprint = fingerprint;
      const engine = await loadEngine(this.#files);
      warmUp(engine);
      this.#current = engine;
      this.#events.replaced(engine);
    } catch (cause) {
      this.#events.refused(cause instanceof Error ? cause.message : String(cause));
    }
  }
}

async function fingerprintOf({ bundle, settings }: EngineFiles): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [join(bundle, "manifest.json"), join(bundle, "policy.wasm"), settings]) {
    // A file that is gone is a change too; loading says what is wrong with it.
    hash.update(await readFile(file).catch(() => "missing")).update("\0");
  }
  return hash.digest("hex");
}
