/**
 * @module The approvers' keys for a program that judges once and ends: read when the first approval turns up, and not
 * before, because most input carries none.
 */
import { type ApproverKeys, KeySetError, type KeySource, parseKeySet } from "./approver-keys.ts";

export class KeysOnce implements KeySource {
  readonly #load: () => Promise<Uint8Array>;
  #loading: Promise<void> | undefined;
  #keys: ApproverKeys | null = null;
  #problem: string | null = null;

  /** @param load gives the set's bytes, or rejects with a KeySetError */
  constructor(load: () => Promise<Uint8Array>) {
    this.#load = load;
  }

  current(): ApproverKeys | null {
    return this.#keys;
  }

  /** Why there are no keys, after {@link ready}; null where there are. */
  get problem(): string | null {
    return this.#problem;
  }

  ready(): Promise<void> {
    this.#loading ??= this.#read();
    return this.#loading;
  }

  async #read(): Promise<void> {
    try {
      this.#keys = parseKeySet(await this.#load());
    } catch (cause) {
      if (!(cause instanceof KeySetError)) throw cause;
      this.#problem = cause.message;
    }
  }
}
