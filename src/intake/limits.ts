/**
 * @module How much an input may hold. Every limit can be set; the defaults fit the largest manifests in use.
 */
export interface IntakeLimits {
  /** Bytes of one file or of standard input. */
  readonly fileBytes: number;
  /** UTF-16 units of one YAML document. */
  readonly documentLength: number;
  /** Documents of one file, items of lists included. */
  readonly documents: number;
  /** Lists and objects inside each other. */
  readonly depth: number;
  /** Values in one YAML document: scalars, lists and objects. */
  readonly nodes: number;
}

export const DEFAULT_LIMITS: IntakeLimits = {
  fileBytes: 64 * 1024 * 1024,
  documentLength: 5 * 1024 * 1024,
  documents: 100_000,
  depth: 100,
  nodes: 20_000,
};
