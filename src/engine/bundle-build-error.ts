/**
 * @module The error of building bundles.
 */

/** A bundle that can't be built: which file, why, what to do. */
export class BundleBuildError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BundleBuildError";
  }
}
