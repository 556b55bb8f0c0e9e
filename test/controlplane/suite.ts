/**
 * @module Where tests of the control plane run: everywhere that it can be built. In CI they fail without it, elsewhere
 * they are skipped and say why.
 */
import { describe, jest } from "@jest/globals";
import { ensureControlPlane } from "./build.ts";
import { ProgramUnavailable, sayProgress } from "./cached-program.ts";

// Longer than any wait within a test: it is the wait that should fail, since it says what it was for.
const TEST_LIMIT_MS = 90_000;

/**
 * Gives `describe`, or `describe.skip` where no control plane can be had, and raises the time limit of the tests of the
 * file. The first call builds the control plane.
 */
export async function describeIfAvailable(): Promise<typeof describe | typeof describe.skip> {
  jest.setTimeout(TEST_LIMIT_MS);
  try {
    await ensureControlPlane();
    return describe;
  } catch (error) {
    if (!(error instanceof ProgramUnavailable) || process.env["CI"]) throw error;
    sayProgress(`skipped, no control plane: ${error.message}`);
    return describe.skip;
  }
}
