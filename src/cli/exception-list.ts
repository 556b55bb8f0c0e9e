/**
 * @module `ringfence exception list`: the exceptions in files or in a cluster: who, what, why, until when.
 */
import { DURATION_FORM, parseDuration } from "../exceptions/duration.ts";
import { plain } from "../gate/plain-text.ts";
import type { IntakeError } from "../intake/document.ts";
import { readInputs } from "../intake/files.ts";
import { isJsonObject, type JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Arguments } from "./arguments.ts";
import { CallError, type Command, EXIT_DENIED, EXIT_OK, EXIT_UNUSABLE } from "./command.ts";
import { secondsNow } from "./exception-target.ts";
import { type ListedException, listedException, listedText, secondsLeft } from "./listed-exception.ts";

const NAME_OF_COMMAND = "exception list";

export const listCommand: Command = {
  name: NAME_OF_COMMAND,
  summary: "List exceptions: who, what, why, until when.",
  usage: "[OPTIONS] PATH... | --cluster",
  description:
    "What the files or the cluster say; `ringfence exception verify` says whether it counts. Of a cluster, what controllers\n" +
    "have made is left out: it carries its owner's exception.",
  options: {
    namespace: {
      type: "string",
      short: "n",
      value: "NAME",
      description: "The namespace of objects in files that name none.",
      default: "default",
    },
    cluster: { type: "boolean", description: "List those of a cluster instead of files." },
    kubeconfig: {
      type: "string",
      value: "FILE",
      description: "The cluster's kubeconfig, instead of $KUBECONFIG, ~/.kube/config or the Pod's own account.",
    },
    context: { type: "string", value: "NAME", description: "A context of the kubeconfig." },
    expiring: {
      type: "string",
      value: "TIME",
      description: `Exit with 1 where an exception ends within that time, or has ended: ${DURATION_FORM}.`,
    },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      description: "How to print the list.",
      choices: ["text", "json"],
      default: "text",
    },
  },
  async run(args, io) {
    const within = withinOf(args);
    const now = secondsNow();
    const { listed, errors } = args.flag("cluster") ? await fromCluster(args) : await fromFiles(args);
    io.stdout.write(args.text("output") === "json" ? json(listed) : text(listed, now));
    for (const error of errors) io.stderr.write(`ringfence: ${placeWords(error)}: ${error.message}\n`);
    if (errors.length > 0) return EXIT_UNUSABLE;
    const isEnding = (one: ListedException) => within !== null && (secondsLeft(one, now) ?? Infinity) <= within;
    return listed.some(isEnding) ? EXIT_DENIED : EXIT_OK;
  },
};

function withinOf(args: Arguments): number | null {
  const given = args.text("expiring");
  if (given === undefined) return null;
  const seconds = parseDuration(given);
  if (seconds === undefined) throw new CallError(`--expiring ${quote(given)} is no length of time: ${DURATION_FORM}`);
  return seconds;
}

interface Found {
  readonly listed: readonly ListedException[];
  readonly errors: readonly IntakeError[];
}

async function fromFiles(args: Arguments): Promise<Found> {
  if (args.positionals.length === 0) {
    throw new CallError("exception list needs a file, a folder, - or --cluster", NAME_OF_COMMAND);
  }
  const listed: ListedException[] = [];
  const errors: IntakeError[] = [];
  for await (const input of readInputs(args.positionals)) {
    errors.push(...input.errors);
    for (const { value, source, start } of input.documents) {
      const place = { file: source, line: start.line };
      const one = listedException(value, place, args.textOr("namespace", "default"));
      if (one !== undefined) listed.push(one);
    }
  }
  return { listed, errors };
}

/** The Kubernetes client is loaded only here. */
async function fromCluster(args: Arguments): Promise<Found> {
  if (args.positionals.length > 0) throw new CallError("--cluster and files exclude each other", NAME_OF_COMMAND);
  const { allObjects } = await import("../controller/all-objects.ts");
  const { connectCluster } = await import("../controller/cluster-client.ts");
  const { ClusterError } = await import("../controller/cluster-error.ts");
  const listed: ListedException[] = [];
  try {
    const client = await connectCluster({ kubeconfig: args.text("kubeconfig"), context: args.text("context") });
    try {
      for await (const object of allObjects(client)) {
        const one = isMadeByController(object) ? undefined : listedException(object, null, "");
        if (one !== undefined) listed.push(one);
      }
    } finally {
      client.close();
    }
  } catch (cause) {
    if (cause instanceof ClusterError) throw new CallError(cause.message);
    throw cause;
  }
  return { listed, errors: [] };
}

function isMadeByController({ metadata }: JsonObject): boolean {
  const owners = isJsonObject(metadata) ? metadata["ownerReferences"] : undefined;
  return Array.isArray(owners) && owners.some((owner) => isJsonObject(owner) && owner["controller"] === true);
}

function json(exceptions: readonly ListedException[]): string {
  return `${JSON.stringify({ apiVersion: "ringfence.dev/v1alpha1", kind: "ExceptionList", exceptions }, null, 2)}\n`;
}

function text(listed: readonly ListedException[], now: number): string {
  return listed.length === 0 ? "no exceptions\n" : listed.map((one) => listedText(one, now)).join("\n");
}

function placeWords({ source, position }: IntakeError): string {
  return position === undefined ? plain(source) : `${plain(source)}:${position.line}:${position.column}`;
}
