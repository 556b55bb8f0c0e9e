/**
 * @module The engine in use, kept up to date: bundle and settings are read again when their bytes change. A new pair
 * takes over only after it has judged known objects rightly; a bad one leaves the old one at work and says so.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readBundle } from "./bundle.ts";
import { Engine } from "./engine.ts";
import { type LiveKeys, NO_KEYS, startKeys } from "./live-keys.ts";
import { selfTest, warmUp } from "./self-test.ts";
import { readSettings, type Settings } from "./settings.ts";

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
  /** The approvers' keys can't be read, or some of them can't be used; null when all is well again. */
  readonly keysProblem?: (problem: string | null) => void;
}

interface Loaded {
  readonly engine: Engine;
  readonly keys: LiveKeys;
}

/**
 * Loads an engine, without approvers' keys, and proves that it works.
 * @throws BundleError, SettingsError, PolicyFault or EngineFault with a message for people
 */
export async function loadEngine(files: EngineFiles): Promise<Engine> {
  return (await loadWithKeys(files, NO_KEYS, () => Promise.resolve(NO_KEYS))).engine;
}

async function loadWithKeys(
  files: EngineFiles,
  previous: LiveKeys,
  start: (settings: Settings, previous: LiveKeys) => Promise<LiveKeys>,
): Promise<Loaded> {
  const bundle = readBundle(files.bundle);
  const settings = await readSettings(files.settings, bundle.manifest);
  const keys = await start(settings, previous);
  try {
    const engine = new Engine(bundle, settings, keys.source === undefined ? {} : { keys: keys.source });
    selfTest(engine, bundle);
    return { engine, keys };
  } catch (cause) {
    if (keys !== previous) keys.stop();
    throw cause;
  }
}

export class LiveEngine {
  readonly #files: EngineFiles;
  readonly #events: LiveEngineEvents;
  #current: Loaded;
  #fingerprint: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(files: EngineFiles, events: LiveEngineEvents, loaded: Loaded, fingerprint: string) {
    this.#files = files;
    this.#events = events;
    this.#current = loaded;
    this.#fingerprint = fingerprint;
  }

  /**
   * Loads the files and warms the engine up; see {@link loadEngine} for the errors.
   * @throws KeySetError where the settings name a file of approvers' keys that can't be read
   */
  static async start(files: EngineFiles, events: LiveEngineEvents): Promise<LiveEngine> {
    const fingerprint = await fingerprintOf(files);
    const loaded = await load(files, NO_KEYS, events);
    return new LiveEngine(files, events, loaded, fingerprint);
  }

  get current(): Engine {
    return this.#current.engine;
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

  /** Ends looking at the files; the approvers' keys stay fresh. */
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
      const { keys } = this.#current;
      this.#current = await load(this.#files, keys, this.#events);
      if (this.#current.keys !== keys) keys.stop();
      this.#events.replaced(this.#current.engine);
    } catch (cause) {
      this.#events.refused(cause instanceof Error ? cause.message : String(cause));
    }
  }
}

async function load(files: EngineFiles, previous: LiveKeys, events: LiveEngineEvents): Promise<Loaded> {
  const onProblem = (problem: string | null) => events.keysProblem?.(problem);
  const loaded = await loadWithKeys(files, previous, ({ exceptions }) =>
    startKeys(exceptions.keys, previous, onProblem),
  );
  warmUp(loaded.engine);
  return loaded;
}

async function fingerprintOf({ bundle, settings }: EngineFiles): Promise<string> {
  const hash = createHash("sha256");
  for (const file of [join(bundle, "manifest.json"), join(bundle, "policy.wasm"), settings]) {
    // A file that is gone is a change too; loading says what is wrong with it.
    hash.update(await readFile(file).catch(() => "missing")).update("\0");
  }
  return hash.digest("hex");
}
