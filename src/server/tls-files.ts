/**
 * @module The TLS files on disk, watched by content. Kubernetes updates a mounted Secret by swapping a symlink two
 * levels up, which file watches see once and never again; reading the files every few seconds sees every swap.
 */
import type { HealthCheck } from "./health.ts";
import type { Logger } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import { checkTlsMaterial, readTlsTexts, type TlsMaterial, TlsMaterialError, type TlsPaths } from "./tls-material.ts";

export interface TlsFilesOptions {
  readonly paths: TlsPaths;
  /** Names that clients call the server by; a certificate without one of them is refused. */
  readonly hosts?: readonly string[];
  /** Time between two looks at the files; 10 s unless said. */
  readonly pollMs?: number;
  readonly metrics: Pick<ServerMetrics, "certificateChecked" | "certificateExpires">;
  readonly log: Logger;
}

const POLL_MS = 10_000;

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  #current: TlsMaterial;
  /** The last refusal, so that it is told once and not at every look. */
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(options: TlsFilesOptions, material: TlsMaterial) {
    this.#options = options;
    this.#current = material;
    options.metrics.certificateExpires(material.notAfter);
  }

  /**
   * Reads the files for the first time.
   * @throws {TlsMaterialError} they can't serve
   */
  static async load(options: TlsFilesOptions): Promise<TlsFiles> {
    const { paths, hosts = [] } = options;
    return new TlsFiles(options, checkTlsMaterial(await readTlsTexts(paths), paths, hosts, new Date()));
  }

  get current(): TlsMaterial {
    return this.#current;
  }

  /** For /readyz. */
  readonly readiness: HealthCheck = () =>
    this.#current.notAfter <= new Date()
      ? `the serving certificate expired at ${this.#current.notAfter.toISOString()}`
      : undefined;

  /**
   * Looks at the files from now on. Changed files that can't serve are reported and change nothing.
   * @param apply puts new material into force; called with material that has been found good
   */
  watch(apply: (material: TlsMaterial) => void): void {
    const look = async (): Promise<void> => {
      await this.#look(apply);
      if (!this.#stopped) this.#schedule(look);
    };
    this.#schedule(look);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(look: () => Promise<void>): void {
    this.#timer = setTimeout(() => void look(), this.#options.pollMs ?? POLL_MS);
    this.#timer.unref();
  }

  async #look(apply: (material: TlsMaterial) => void): Promise<void> {
    const { paths, hosts = [], metrics, log } = this.#options;
    let seen = "unreadable";
    try {
      const texts = await readTlsTexts(paths);
      if (texts.digest === this.#current.digest) {
        this.#refused = undefined;
        return;
      }
      seen = texts.digest;
      const material = checkTlsMaterial(texts, paths, hosts, new Date());
      apply(material);
      this.#current = material;
      this.#refused = undefined;
      metrics.certificateChecked("loaded");
      metrics.certificateExpires(material.notAfter);
      log.info({ notAfter: material.notAfter.toISOString() }, "new TLS files are in force");
    } catch (error) {
      if (this.#refused === seen) return;
      this.#refused = seen;
      metrics.certificateChecked("refused");
      const message = error instanceof TlsMaterialError ? error.message : "they can't be put into force";
      log.error({ reason: message }, "new TLS files are refused, the ones in force stay");
    }
  }
}
