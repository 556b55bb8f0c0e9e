/**
 * @module What admission wants to know of namespaces: their labels, from a watch of the cluster.
 */

export type Labels = Readonly<Record<string, string>>;

export interface NamespaceLabels {
  /** The labels as the watch has them; undefined where it doesn't know the namespace (yet). */
  cached(namespace: string): Labels | undefined;
  /**
   * Asks the cluster for a namespace that the watch doesn't know.
   * @returns its labels; undefined where it doesn't exist
   * @throws where the cluster doesn't answer in time
   */
  lookup(namespace: string): Promise<Labels | undefined>;
  /**
   * Asks the cluster whether a namespace is being deleted, or is gone. Never answered from memory.
   * @throws where the cluster doesn't answer in time
   */
  isTerminating(namespace: string): Promise<boolean>;
}
