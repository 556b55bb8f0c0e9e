/**
 * @module `ringfence controller --forecast`: what default deny would change, as text.
 */
import { connectCluster } from "../controller/cluster-client.ts";
import { ClusterError } from "../controller/cluster-error.ts";
import { forecastDefaultDeny, type NamespaceForecast } from "../controller/default-deny-report.ts";
import { defaultDenyRules } from "../controller/governance.ts";
import { NamespaceWatch } from "../controller/namespace-labels.ts";
import { printable } from "../engine/verdict.ts";
import type { Arguments } from "./arguments.ts";
import { podNamespace } from "./cluster-parts.ts";
import { CallError, EXIT_OK, type Io } from "./command.ts";
import { loadBundle, loadSettings } from "./engine-options.ts";
import { clusterChoice } from "./process-options.ts";

/**
 * Looks at the cluster once and prints what it found.
 * @throws CallError where the cluster can't be read
 */
export async function printForecast(args: Arguments, io: Io): Promise<number> {
  const ownNamespace = args.text("namespace") ?? podNamespace();
  const rules = defaultDenyRules(await loadSettings(args, loadBundle(args)), ownNamespace);
  try {
    const client = await connectCluster(clusterChoice(args, "controller"));
    let failure: ClusterError | undefined;
    const namespaces = new NamespaceWatch(client, {
      observer: {
        failed: (error) => {
          failure = error;
          void namespaces.stop();
        },
      },
    });
    namespaces.start();
    await namespaces.untilSynced().catch((cause: unknown) => {
      throw failure ?? cause;
    });
    const forecasts = await forecastDefaultDeny(client, rules, namespaces.states());
    await namespaces.stop();
    client.close();
    io.stdout.write(`${forecastText(forecasts).join("\n")}\n`);
    return EXIT_OK;
  } catch (cause) {
    if (cause instanceof ClusterError) throw new CallError(cause.message);
    throw cause;
  }
}

function forecastText(forecasts: readonly NamespaceForecast[]): string[] {
  const cutOff = forecasts.reduce((sum, { cutOff: pods }) => sum + pods.length, 0);
  const lines = [
    `${forecasts.length} namespaces would get the default deny; ${cutOff} Pods would be cut off, because no NetworkPolicy selects them:`,
  ];
  for (const { namespace, pods, cutOff: cut } of forecasts) {
    lines.push(`${printable(namespace)}: ${pods} Pods, ${cut.length} cut off`);
    for (const { name, directions } of cut) lines.push(`  ${printable(name)}: ${directions.join(", ")}`);
  }
  return lines;
}
