/**
 * @module The open connections, and whether the next answer on one has to be its last: while draining, and once after
 * the certificate that a connection was opened with has been replaced.
 */
import type { Socket } from "node:net";

export class Connections {
  readonly #generations = new Map<Socket, number>();
  #generation = 0;
  #draining = false;

  /** Counts a connection under the certificate in force, until it closes. */
  add(socket: Socket): void {
    this.#generations.set(socket, this.#generation);
    socket.once("close", () => this.#generations.delete(socket));
  }

  /** From now on connections belong to a new certificate; the older ones close with their next answer. */
  startGeneration(): void {
    this.#generation += 1;
  }

  /** From now on every answer is the last of its connection. */
  drain(): void {
    this.#draining = true;
  }

  /** Whether the answer that is being written has to carry `Connection: close`. */
  isLastAnswer(socket: Socket): boolean {
    if (this.#draining) return true;
    return this.#generation > 0 && this.#generations.get(socket) !== this.#generation;
  }

  count(): { readonly current: number; readonly previous: number } {
    let current = 0;
    for (const generation of this.#generations.values()) if (generation === this.#generation) current += 1;
    return { current, previous: this.#generations.size - current };
  }
}
