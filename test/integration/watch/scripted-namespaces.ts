/**
 * @module The namespaces of the scripted API server: their labels, one counter of versions, the history of changes.
 */

export interface WatchLine {
  readonly type: string;
  readonly object: object;
}

type Labels = Readonly<Record<string, string>>;

interface Change {
  readonly version: number;
  readonly line: WatchLine;
}

export class ScriptedNamespaces {
  /** The truth that every copy must come to. */
  readonly labels = new Map<string, Labels>();
  /** Told of every change. */
  onEvent: (line: WatchLine) => void = () => {};
  readonly #versions = new Map<string, number>();
  #version = 1;
  #history: Change[] = [];
  #forgottenUntil = 0;

  set(name: string, labels: Labels): void {
    const type = this.labels.has(name) ? "MODIFIED" : "ADDED";
    this.labels.set(name, labels);
    this.#record(name, type);
  }

  remove(name: string): void {
    this.#record(name, "DELETED");
    this.labels.delete(name);
    this.#versions.delete(name);
  }

  /** Forgets all history, as a compaction does. */
  forgetHistory(): void {
    this.#version += 1;
    this.#history = [];
    this.#forgottenUntil = this.#version;
  }

  /** The changes after a version; undefined where they are forgotten. */
  since(version: number): WatchLine[] | undefined {
    if (version < this.#forgottenUntil) return undefined;
    return this.#history.filter((change) => change.version > version).map(({ line }) => line);
  }

  bookmark(): WatchLine {
    return { type: "BOOKMARK", object: { kind: "Namespace", metadata: { resourceVersion: String(this.#version) } } };
  }

  object(name: string): object | undefined {
    const labels = this.labels.get(name);
    if (labels === undefined) return undefined;
    return { metadata: { name, labels, resourceVersion: String(this.#versions.get(name)) } };
  }

  /** A page of the list; the continue token is the position of the next object. */
  page(parameters: URLSearchParams): object {
    const names = [...this.labels.keys()].toSorted();
    const start = Number(parameters.get("continue") ?? 0);
    const end = Math.min(start + Number(parameters.get("limit") ?? names.length), names.length);
    const token = end < names.length ? { continue: String(end) } : {};
    return {
      kind: "NamespaceList",
      metadata: { resourceVersion: String(this.#version), ...token },
      items: names.length === 0 ? null : names.slice(start, end).map((name) => this.object(name)),
    };
  }

  #record(name: string, type: string): void {
    this.#version += 1;
    this.#versions.set(name, this.#version);
    const line = { type, object: this.object(name) ?? {} };
    this.#history.push({ version: this.#version, line });
    this.onEvent(line);
  }
}
