/**
 * @module Waiting in tests: ask again until it is so, or fail with what was seen last. Nothing in a test sleeps for a
 * fixed time and hopes.
 */
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 50;
const DEFAULT_LIMIT_MS = 20_000;
const SHOWN_CHARACTERS = 1_000;

/**
 * Polls until a check holds.
 * @param what what is waited for, for the error: "the namespace to be gone"
 * @param look reads the state of the world
 * @param holds decides whether the state is the one that is waited for
 * @param limit milliseconds
 * @returns the state that held
 * @throws Error with the state that was seen last, when the limit is over
 */
export async function eventually<State>(
  what: string,
  look: () => Promise<State>,
  holds: (state: State) => boolean,
  limit: number = DEFAULT_LIMIT_MS,
): Promise<State> {
  const end = Date.now() + limit;
  for (;;) {
    const state = await look();
    if (holds(state)) return state;
    if (Date.now() > end) {
      const seen = JSON.stringify(state)?.slice(0, SHOWN_CHARACTERS);
      throw new Error(`waited ${limit / 1000} seconds for ${what}; saw last: ${seen}`);
    }
    await pause(POLL_MS);
  }
}
