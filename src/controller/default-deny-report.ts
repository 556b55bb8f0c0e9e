/**
 * @module What default deny would change: the namespaces that would get it, and the Pods that lose traffic with it, because
 * no NetworkPolicy selects them yet. Policies of other APIs are not looked at: where they select a Pod too, less is lost.
 */
import { ObjectNode } from "../apis/fields.ts";
import { networkPolicyReader } from "../apis/kubernetes-network-policy.ts";
import { readLabelSelector } from "../apis/label-selector.ts";
import type { JsonObject } from "../intake/json-value.ts";
import { type LabelFormula, type Labels, matches } from "../model/label-formula.ts";
import type { Direction } from "../model/traffic.ts";
import type { ClusterClient } from "./cluster-client.ts";
import { type DefaultDenyRules, isExempt } from "./governance.ts";
import { listObjects } from "./list-pages.ts";
import { asObject } from "./listed-objects.ts";
import type { NamespaceState } from "./namespace-labels.ts";

/** A Pod that would lose all traffic of these directions that the default deny doesn't allow. */
export interface CutOffPod {
  readonly name: string;
  readonly directions: readonly Direction[];
}

/** A namespace that has no managed default deny and would get one. */
export interface NamespaceForecast {
  readonly namespace: string;
  /** Running Pods that policies apply to. */
  readonly pods: number;
  readonly cutOff: readonly CutOffPod[];
}

interface Isolation {
  readonly formula: LabelFormula;
  readonly directions: readonly Direction[];
}

interface NamespaceCount {
  pods: number;
  readonly cutOff: CutOffPod[];
}

const DIRECTIONS: readonly Direction[] = ["ingress", "egress"];
const ENDED = new Set<unknown>(["Succeeded", "Failed"]);

/**
 * Looks at the whole cluster once.
 * @param namespaces all of them, with what is known of them
 * @param hasIt whether a namespace has the managed default deny already
 * @returns the namespaces that would get it in the mode `all-namespaces`, by name
 * @throws ClusterError where Pods or NetworkPolicies can't be listed
 */
export async function forecastDefaultDeny(
  client: Pick<ClusterClient, "request">,
  rules: DefaultDenyRules,
  namespaces: Iterable<readonly [string, NamespaceState]>,
  hasIt: (namespace: string) => boolean = () => false,
  signal?: AbortSignal,
): Promise<NamespaceForecast[]> {
  const concerned = new Map<string, NamespaceCount>();
  for (const [namespace, { terminating }] of namespaces) {
    if (!terminating && !isExempt(rules, namespace) && !hasIt(namespace)) {
      concerned.set(namespace, { pods: 0, cutOff: [] });
    }
  }
  const isolations = await readIsolations(client, concerned, signal);
  for await (const pod of listObjects(client, "/api/v1/pods", {}, signal)) {
    const metadata = asObject(pod["metadata"]) ?? {};
    const count = concerned.get(textOf(metadata["namespace"]));
    if (count === undefined || !policiesApplyTo(pod)) continue;
    count.pods += 1;
    const directions = openDirections(labelsOf(metadata), isolations.get(textOf(metadata["namespace"])) ?? []);
    if (directions.length > 0) count.cutOff.push({ name: textOf(metadata["name"]), directions });
  }
  return [...concerned]
    .map(([namespace, { pods, cutOff }]) => ({ namespace, pods, cutOff }))
    .toSorted((left, right) => (left.namespace < right.namespace ? -1 : 1));
}

async function readIsolations(
  client: Pick<ClusterClient, "request">,
  concerned: ReadonlyMap<string, unknown>,
  signal: AbortSignal | undefined,
): Promise<Map<string, Isolation[]>> {
  const isolations = new Map<string, Isolation[]>();
  for await (const policy of listObjects(client, "/apis/networking.k8s.io/v1/networkpolicies", {}, signal)) {
    const namespace = textOf(asObject(policy["metadata"])?.["namespace"]);
    if (!concerned.has(namespace)) continue;
    const found = isolations.get(namespace) ?? [];
    isolations.set(namespace, found);
    found.push(isolationOf(policy));
  }
  return isolations;
}

function isolationOf(policy: JsonObject): Isolation {
  const isolates = networkPolicyReader.read(policy).policy?.isolates;
  const selector = new ObjectNode(policy, "", []).objectOrEmpty("spec").objectOrEmpty("podSelector");
  return { formula: readLabelSelector(selector), directions: DIRECTIONS.filter((direction) => isolates?.[direction]) };
}

function openDirections(labels: Labels, isolations: readonly Isolation[]): Direction[] {
  const selecting = isolations.filter(({ formula }) => matches(formula, labels));
  return DIRECTIONS.filter((direction) => !selecting.some(({ directions }) => directions.includes(direction)));
}

/** Pods of the host network have the host's traffic, which no NetworkPolicy is about. */
function policiesApplyTo(pod: JsonObject): boolean {
  return asObject(pod["spec"])?.["hostNetwork"] !== true && !ENDED.has(asObject(pod["status"])?.["phase"]);
}

function labelsOf(metadata: JsonObject): Labels {
  const entries = Object.entries(asObject(metadata["labels"]) ?? {});
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
