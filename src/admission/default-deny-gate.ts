/**
 * @module What admission wants of default deny: that a Pod is let into a namespace only when it is there.
 */

export interface DefaultDenyGate {
  /** Whether the namespace is known to have it. Asked for every Pod: one look into a set. */
  covers(namespace: string): boolean;
  /**
   * Makes sure that a Pod may come into the namespace: it has default deny, or needs none. Where it is missing it is
   * created, but never in a dry run.
   * @returns a warning for the user, where there is something to say
   * @throws Error where it is missing and can't be created; the message is for the user
   */
  ensure(namespace: string, dryRun: boolean): Promise<string | undefined>;
}
