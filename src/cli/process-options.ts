/**
 * @module Options that the programs that run in a cluster have in common.
 */
import type { ClusterChoice } from "../controller/cluster-credentials.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Options } from "./command.ts";

export const CLUSTER_OPTIONS: Options = {
  kubeconfig: { type: "string", value: "FILE", description: "The cluster, instead of $KUBECONFIG and ~/.kube/config." },
  context: { type: "string", value: "NAME", description: "A context of the kubeconfig." },
  "in-cluster": { type: "boolean", description: "The cluster that this Pod runs in." },
};

export const NAMESPACE_OPTION: Options = {
  namespace: {
    type: "string",
    value: "NAME",
    description:
      "The namespace of Ringfence, where the controllers agree on who works, and that gets no default deny; by default the Pod's own.",
  },
};

export const LOG_OPTIONS: Options = {
  "log-level": {
    type: "string",
    value: "LEVEL",
    description: "The least severe level that is logged.",
    choices: ["debug", "info", "warn", "error", "silent"],
    default: "info",
  },
};

/**
 * The cluster that the options name.
 * @throws CallError where they name two
 */
export function clusterChoice(args: Arguments, command: string): ClusterChoice {
  const kubeconfig = args.text("kubeconfig");
  if (kubeconfig !== undefined && args.flag("in-cluster")) {
    throw new CallError("--kubeconfig and --in-cluster exclude each other", command);
  }
  return { kubeconfig, context: args.text("context") };
}

/**
 * The value of an option that is a whole number from 0 to 65,535.
 * @throws CallError for anything else
 */
export function wholeNumber(args: Arguments, name: string, command: string): number {
  const text = args.textOr(name, "");
  const value = Number(text);
  if (text === "" || !Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new CallError(`--${name} needs a whole number, not ${JSON.stringify(text)}`, command);
  }
  return value;
}
