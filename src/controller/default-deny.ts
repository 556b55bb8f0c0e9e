/**
 * @module Default deny put together for one process: the gate for Pods, and the controller that keeps it where the process
 * leads. Both follow the settings while they run.
 */
import type { DefaultDenyGate } from "../admission/default-deny-gate.ts";
import type { Settings } from "../engine/settings.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { ClusterError } from "./cluster-error.ts";
import { DefaultDenyController, type DefaultDenyObserver } from "./default-deny-controller.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { defaultDenyRules } from "./governance.ts";
import type { Term } from "./leader-term.ts";
import type { ManagedPolicy } from "./managed-policy.ts";
import { ManagedPolicyWatch } from "./managed-policy-watch.ts";
import { ManagedPolicyWriter } from "./managed-policy-writer.ts";
import type { NamespaceState, NamespaceWatch } from "./namespace-labels.ts";
import { PodGate, type PodGateParts } from "./pod-gate.ts";

export interface DefaultDenyOptions {
  readonly client: Pick<ClusterClient, "request" | "watch">;
  /** The settings in force. */
  readonly settings: () => Settings;
  /** Where Ringfence runs, which is always left out. */
  readonly ownNamespace: string;
  /** The policy that the settings choose; a TemplateError where there is none. Not asked while only observing. */
  readonly choosePolicy: (settings: Settings) => Promise<ManagedPolicy>;
  /** Its changes have to be told to `namespaceChanged`. */
  readonly namespaces: NamespaceWatch;
  readonly events: EventRecorder;
  /** What a leader does in the mode observe, until the signal is aborted. */
  readonly forecast: (signal: AbortSignal) => Promise<void>;
  readonly observer?: DefaultDenyObserver;
  readonly onEnsured?: PodGateParts["onEnsured"];
  readonly watchFailed?: (error: ClusterError, failures: number, waitMs: number) => void;
}

/** What works for one template. */
interface Parts {
  readonly identity: string;
  readonly policies: ManagedPolicyWatch;
  readonly writer: ManagedPolicyWriter;
  readonly gate: PodGate;
  readonly controller: DefaultDenyController;
}

const NOT_CONFIGURED = "the cluster hasn't told yet which kinds of default deny it serves";

export class DefaultDeny {
  readonly #options: DefaultDenyOptions;
  /** Undefined while only observing, and until the first settings have been taken up. */
  #parts: Parts | undefined;
  #configured = false;
  #configuring: Promise<void> = Promise.resolve();
  /** Aborted when other parts take over. */
  #replaced = new AbortController();

  /** For admission; while only observing it lets everything in. */
  readonly gate: DefaultDenyGate = {
    covers: (namespace) => (this.#parts === undefined ? this.#configured : this.#parts.gate.covers(namespace)),
    ensure: async (namespace, dryRun) => {
      if (!this.#configured) throw new Error(`${NOT_CONFIGURED}; whether namespace ${namespace} has it can't be told`);
      return this.#parts?.gate.ensure(namespace, dryRun);
    },
  };

  constructor(options: DefaultDenyOptions) {
    this.#options = options;
  }

  /**
   * Takes up the settings in force: at the start, and after each change of them.
   * @throws TemplateError, ClusterError where their template can't be used or chosen; what worked before goes on
   */
  configure(): Promise<void> {
    // One after the other: the last settings are the ones that stay.
    const configuring = this.#configuring.then(() => this.#configure());
    this.#configuring = configuring.catch(() => {});
    return configuring;
  }

  /** The work of a leader, until its term is over. */
  async lead(term: Term): Promise<void> {
    while (term.held) {
      const signal = AbortSignal.any([term.signal, this.#replaced.signal]);
      const turn: Term = {
        get held() {
          return term.held && !signal.aborted;
        },
        signal,
      };
      await (this.#parts === undefined ? this.#options.forecast(signal) : this.#parts.controller.lead(turn));
    }
  }

  /** To be told by the watch of namespaces. */
  namespaceChanged(namespace: string, state: NamespaceState | undefined): void {
    this.#parts?.controller.namespaceChanged(namespace, state);
  }

  /** Why Pods can't be judged yet; undefined where all is well. */
  readonly ready = (): string | undefined => {
    if (!this.#configured) return NOT_CONFIGURED;
    if (this.#parts === undefined || this.#parts.policies.synced) return undefined;
    return "the default denies have not been listed yet";
  };

  /** Governed namespaces without it. */
  get missing(): number {
    return this.#parts?.policies.synced === true ? this.#parts.controller.missing : 0;
  }

  get contested(): number {
    return this.#parts?.controller.contested ?? 0;
  }

  async stop(): Promise<void> {
    await this.#replace(undefined);
  }

  async #configure(): Promise<void> {
    const settings = this.#options.settings();
    if (settings.defaultDeny.mode === "observe") await this.#replace(undefined);
    else {
      const policy = await this.#options.choosePolicy(settings);
      const identity = JSON.stringify([policy.collection, policy.render("namespace")]);
      if (identity === this.#parts?.identity) this.#parts.controller.lookAtAll();
      else await this.#replace(this.#create(policy, identity));
    }
  }

  #create(policy: ManagedPolicy, identity: string): Parts {
    const { client, namespaces, events, observer = {}, onEnsured, watchFailed } = this.#options;
    const rules = () => defaultDenyRules(this.#options.settings(), this.#options.ownNamespace);
    const policies = new ManagedPolicyWatch({
      client,
      policy,
      onChange: (namespace, intact) => {
        if (!intact) gate.forget(namespace);
        controller.policyChanged(namespace, intact);
      },
      observer: watchFailed === undefined ? {} : { failed: watchFailed },
    });
    const writer = new ManagedPolicyWriter(client, policy, () => policies.recheck());
    const gate = new PodGate({
      rules,
      namespaces,
      policies,
      writer,
      ...(onEnsured === undefined ? {} : { onEnsured }),
    });
    const controller = new DefaultDenyController({ rules, policy, namespaces, policies, writer, events, observer });
    return { identity, policies, writer, gate, controller };
  }

  async #replace(parts: Parts | undefined): Promise<void> {
    const before = this.#parts;
    this.#configured = true;
    if (before === parts) return;
    this.#parts = parts;
    parts?.policies.start();
    this.#replaced.abort();
    this.#replaced = new AbortController();
    await before?.policies.stop();
    await before?.writer.settle();
  }
}
