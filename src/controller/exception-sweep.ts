/**
 * @module Finds the exceptions of the cluster that are about to end or have ended, without any write to their objects; and
 * takes away what an ended one excused where the settings say so.
 *
 * Everything is worked out anew each time. What is remembered (which Events were told) only saves calls.
 */
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../engine/engine.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { messageOf } from "./cluster-error.ts";
import { sendEvent } from "./event-recorder.ts";
import { dueEvents } from "./exception-report.ts";
import { type ExceptionState, exceptionState } from "./exception-state.ts";
import { type ExcusedObject, ExceptionWatch } from "./exception-watch.ts";
import type { Term } from "./leader-term.ts";
import { objectIdentity } from "./object-identity.ts";
import type { ReflectorTiming } from "./reflector.ts";
import { planRemoval, removeRules } from "./rule-removal.ts";

export interface ExceptionSweepParts {
  readonly client: Pick<ClusterClient, "request" | "watch">;
  /** The engine in force, with its settings and the approvers' keys. */
  readonly engine: () => Engine;
  /** Null where they aren't known. */
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>> | null;
  readonly observer?: ExceptionSweepObserver;
  /** Seconds since 1970; this machine's clock by default. */
  readonly clock?: () => number;
  readonly timing?: Partial<ReflectorTiming>;
}

/** Told of what happens, for logs and metrics. */
export interface ExceptionSweepObserver {
  /** An exception has ended and what it excused is still there: the first time that this process sees it. */
  ended?(object: SweptObject): void;
  removed?(object: SweptObject, rules: readonly string[]): void;
  /** The rules stay, and why. Told once for each object and reason. */
  kept?(object: SweptObject, reason: string): void;
  /** What keeps the sweep, or a part of it, from its work; told when that changes. */
  problems?(problems: readonly string[]): void;
}

export interface SweptObject {
  /** `NetworkPolicy shop/web` in parts. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly exceptions: readonly SweptException[];
}

export interface SweptException {
  readonly guardrail: string;
  readonly id: string;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly ended: boolean;
}

interface Swept {
  readonly from: ExcusedObject;
  readonly state: ExceptionState;
}

/** Further apart the clocks must not be: exceptions would end too early or too late. */
const LONGEST_SKEW = 60;
/** Of all objects with an exception, at least one. */
const LARGEST_PART_REMOVED = 0.3;
const FIRST_LOOK_MS = 10_000;
const LOOK_AGAIN_MS = 100;
/** Answered for every authenticated user. */
const CLOCK_PATH = "/version";
// A cluster whose Events can't be written must not hold up the sweep for long.
const MOST_EVENTS_AT_ONCE = 50;

export class ExceptionSweep {
  readonly #parts: ExceptionSweepParts;
  readonly #watch: ExceptionWatch;
  #told = new Set<string>();
  /** Objects of which was told why their rules stay. */
  #kept = new Set<string>();
  #problems: readonly string[] = [];
  #report: readonly SweptObject[] = [];

  constructor(parts: ExceptionSweepParts) {
    this.#parts = parts;
    this.#watch = new ExceptionWatch(parts.client, parts.timing);
  }

  /** Works until the term is over. */
  async lead(term: Term): Promise<void> {
    try {
      while (!term.signal.aborted) {
        await this.#sweepOnce(term);
        const { sweepSeconds } = this.#parts.engine().settings.exceptions;
        await pause(sweepSeconds * 1000, undefined, { signal: term.signal }).catch(() => {});
      }
    } finally {
      await this.#watch.stop();
      this.#report = [];
    }
  }

  /** The exceptions as the last sweep found them; none where this process doesn't lead. */
  get report(): readonly SweptObject[] {
    return this.#report;
  }

  /** What keeps it from its work; empty where all is well. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  async #sweepOnce(term: Term): Promise<void> {
    const problems: string[] = [];
    try {
      await this.#sweep(term, problems);
    } catch (cause) {
      problems.push(messageOf(cause));
    }
    if (term.signal.aborted || JSON.stringify(problems) === JSON.stringify(this.#problems)) return;
    this.#problems = problems;
    this.#parts.observer?.problems?.(problems);
  }

  async #sweep(term: Term, problems: string[]): Promise<void> {
    const engine = this.#parts.engine();
    // Without keys no approval counts, so none can end.
    if (engine.settings.exceptions.keys === null) {
      this.#report = [];
      return this.#watch.stop();
    }
    await this.#watch.update();
    await this.#settle(term);
    for (const [kind, why] of this.#watch.notWatched) {
      problems.push(`exceptions on ${kind} aren't watched, and end unnoticed: ${why}`);
    }
    const now = this.#now();
    const skew = await this.#skew();
    if (Math.abs(skew) > LONGEST_SKEW) {
      const words = `this clock and the API server's are ${Math.round(Math.abs(skew))} s apart`;
      problems.push(`paused: ${words}, so that nobody knows what has ended; set the clocks right`);
      return;
    }
    const swept = await this.#judgeAll(engine, now, term);
    this.#report = swept.map(({ from, state }) => sweptObject(from, state));
    await this.#tell(swept, now, term, problems);
    if (engine.settings.exceptions.atEnd === "remove") await this.#removeAll(engine, swept, now, term, problems);
  }

  #now(): number {
    return this.#parts.clock?.() ?? Math.floor(Date.now() / 1000);
  }

  async #settle(term: Term): Promise<void> {
    const until = performance.now() + FIRST_LOOK_MS;
    while (!this.#watch.settled && performance.now() < until && !term.signal.aborted) await pause(LOOK_AGAIN_MS);
  }

  /** Seconds that this clock is ahead of the API server's. */
  async #skew(): Promise<number> {
    const { headers } = await this.#parts.client.request({ method: "GET", path: CLOCK_PATH });
    const served = Date.parse(headers.date ?? "") / 1000;
    // A server that doesn't tell its time can't vouch for ours.
    return Number.isFinite(served) ? this.#now() - served : Number.POSITIVE_INFINITY;
  }

  async #judgeAll(engine: Engine, now: number, term: Term): Promise<readonly Swept[]> {
    const swept: Swept[] = [];
    for (const from of this.#watch.objects()) {
      if (term.signal.aborted) return [];
      const { object } = from;
      const namespaceLabels = this.#parts.namespaceLabels(objectIdentity(object).namespace);
      swept.push({ from, state: await exceptionState(engine, { object, namespaceLabels }, now) });
      // The webhook may be in the same process.
      await nextTurn();
    }
    return swept;
  }

  async #tell(swept: readonly Swept[], now: number, term: Term, problems: string[]): Promise<void> {
    const due = swept.flatMap(({ from, state }) => dueEvents(from.object, state, now));
    // What isn't due any more needs no memory.
    const before = this.#told;
    this.#told = new Set(due.flatMap(({ id = "" }) => (before.has(id) ? [id] : [])));
    for (const { from, state } of swept) {
      const isNew = dueEvents(from.object, { excused: [], lapsed: state.lapsed }, now).some(
        ({ id = "" }) => !before.has(id),
      );
      if (isNew) this.#parts.observer?.ended?.(sweptObject(from, state));
    }
    const fresh = due.filter(({ id = "" }) => !before.has(id)).slice(0, MOST_EVENTS_AT_ONCE);
    for (const event of fresh) {
      if (!term.held) return;
      try {
        await sendEvent(this.#parts.client, event);
        this.#told.add(event.id ?? "");
      } catch (cause) {
        problems.push(`an Event can't be written: ${messageOf(cause)}`);
        return;
      }
    }
  }

  async #removeAll(
    engine: Engine,
    swept: readonly Swept[],
    now: number,
    term: Term,
    problems: string[],
  ): Promise<void> {
    const kept = new Set<string>();
    const due = swept.flatMap((one) => {
      const { object } = one.from;
      if (one.state.lapsed.length === 0) return [];
      const labels = this.#parts.namespaceLabels(objectIdentity(object).namespace);
      const plan = planRemoval(engine, object, labels, one.state.lapsed, now);
      if (!("refused" in plan)) return [{ ...one, plan }];
      const key = `${objectIdentity(object).uid} ${plan.refused}`;
      kept.add(key);
      if (!this.#kept.has(key)) this.#parts.observer?.kept?.(sweptObject(one.from, one.state), plan.refused);
      return [];
    });
    this.#kept = kept;
    const most = Math.min(
      engine.settings.exceptions.mostRemovals,
      Math.max(1, Math.floor(swept.length * LARGEST_PART_REMOVED)),
    );
    if (due.length > most) {
      problems.push(
        `nothing is removed: the rules of ${due.length} objects are due at once, and at most ${most} of ${swept.length} may be: ` +
          "a clock may be wrong. Remove them by hand, or a few at a time",
      );
      return;
    }
    for (const { from, state, plan } of due) {
      if (!term.held) return;
      try {
        await removeRules(this.#parts.client, from, plan.patch);
        this.#parts.observer?.removed?.(sweptObject(from, state), plan.rules);
      } catch (cause) {
        problems.push(`rules can't be removed: ${messageOf(cause)}`);
      }
    }
  }
}

function sweptObject({ object }: ExcusedObject, { excused, lapsed }: ExceptionState): SweptObject {
  const { kind, namespace, name } = objectIdentity(object);
  const holding = excused.flatMap(({ guardrail, excused: by }) =>
    by === null ? [] : [{ guardrail, id: by.id, expires: by.expires, ended: false }],
  );
  const over = lapsed.map(({ finding, id, ended }) => ({
    guardrail: finding.guardrail,
    id,
    expires: ended,
    ended: true,
  }));
  return { kind, namespace, name, exceptions: [...holding, ...over] };
}
