/**
 * @module AuthorizationPolicy of security.istio.io: defaults and semantics of istiod 1.31 and its validation.
 *
 * All rules of a policy have its action, so a denial never takes anything from an allowance of the same policy: every
 * rule is read as the most that it can match.
 */
import type { JsonObject } from "../intake/json-value.ts";
import { quote } from "../model/quote.ts";
import type { Defect, PolicyReading, RuleAction, TrafficRule } from "../model/traffic.ts";
import { ObjectNode, pointerInto } from "./fields.ts";
import { readConditions } from "./istio-conditions.ts";
import type { PolicyPlace } from "./istio-identities.ts";
import { readIstioSelector, ROOT_NAMESPACE } from "./istio-objects.ts";
import { readOperations } from "./istio-operations.ts";
import { both } from "./istio-restriction.ts";
import { readSources } from "./istio-sources.ts";
import type { ApiReader, ObjectReading } from "./reading.ts";
import { nearest } from "./suggest.ts";

const ROOT_KEYS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);
const SPEC_KEYS: ReadonlySet<string> = new Set(["selector", "targetRef", "targetRefs", "rules", "action", "provider"]);
const RULE_KEYS: ReadonlySet<string> = new Set(["from", "to", "when"]);
const PROVIDER_KEYS: ReadonlySet<string> = new Set(["name"]);
const TARGET_KEYS: ReadonlySet<string> = new Set(["group", "kind", "name", "namespace"]);
const TARGET_KINDS = ["Gateway", "GatewayClass", "Service", "ServiceEntry"];
const ACTIONS: ReadonlyMap<string, RuleAction> = new Map([
  ["ALLOW", "allow"],
  ["DENY", "deny"],
  ["AUDIT", "log"],
  // Somebody else decides whether the request goes on to the policies that deny and allow.
  ["CUSTOM", "pass"],
]);
const DRY_RUN = "istio.io/dry-run";
/** What Go's `strconv.ParseBool` takes. */
const TRUE_WORDS = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE_WORDS = ["0", "f", "F", "FALSE", "false", "False"];

/** Reader of security.istio.io AuthorizationPolicy. */
export const authorizationPolicyReader: ApiReader = {
  group: "security.istio.io",
  kinds: ["AuthorizationPolicy"],
  resources: [
    {
      kind: "AuthorizationPolicy",
      plural: "authorizationpolicies",
      versions: ["v1", "v1beta1"],
      scope: "Namespaced",
      subresources: [],
    },
  ],
  read: (object) => readAuthorizationPolicy(object),
};

function readAuthorizationPolicy(object: JsonObject): ObjectReading {
  const defects: Defect[] = [];
  const metadata = new ObjectNode(object, "", defects).objectOrEmpty("metadata");
  const labels = metadata.textMap("labels");
  const namespace = metadata.text("namespace");
  return { family: "network", labels, policy: readPolicy(object, namespace, isDryRun(metadata)), defects };
}

/** Whether the policy is evaluated and not enforced. */
function isDryRun(metadata: ObjectNode): boolean {
  const annotations = metadata.textMap("annotations");
  const written = Object.hasOwn(annotations, DRY_RUN) ? annotations[DRY_RUN] : undefined;
  if (written === undefined || FALSE_WORDS.includes(written)) return false;
  const pointer = pointerInto(metadata.at("annotations"), DRY_RUN);
  if (TRUE_WORDS.includes(written)) {
    const detail =
      "the policy is only logged: it neither denies nor isolates anything; remove the annotation to enforce it";
    metadata.report("no-isolation", pointer, detail);
    return true;
  }
  metadata.report("invalid-value", pointer, `must be "true" or "false", not ${quote(written)}`);
  return false;
}

function readPolicy(object: JsonObject, namespace: string | undefined, staged: boolean): PolicyReading {
  const defects: Defect[] = [];
  const root = new ObjectNode(object, "", defects);
  root.checkKeys(ROOT_KEYS, "drops");
  const spec = root.objectOrEmpty("spec");
  spec.checkKeys(SPEC_KEYS, "drops");
  const action = readAction(spec);
  const isMeshWide = namespace === ROOT_NAMESPACE;
  const place = { namespace, isOwnNamespaceOnly: !isMeshWide };
  const hasTargets = readTargets(spec);
  checkEffect(spec);
  return {
    scope: isMeshWide ? "mesh" : "namespace",
    subject: subjectOf(spec, hasTargets, isMeshWide),
    // Sidecars and ztunnel pass over a policy with targets: only one without denies Pods what no rule allows.
    isolates: { ingress: action === "allow" && !staged && !hasTargets, egress: false },
    evaluation: "deny-overrides",
    rules: spec
      .objects("rules", action === "allow" ? "widens" : "none")
      .flatMap((rule) => readRule(rule, action, place, staged)),
    defects,
  };
}

/** What is no action is refused, and meant as an allowance as far as one can tell. */
function readAction(spec: ObjectNode): RuleAction {
  const written = spec.text("action") ?? "ALLOW";
  const action = ACTIONS.get(written);
  if (action === undefined) {
    const known = [...ACTIONS.keys()];
    const meant = nearest(written, known);
    const advice = meant === undefined ? `known are ${known.join(", ")}` : `did you mean ${quote(meant)}?`;
    spec.report("invalid-value", spec.at("action"), `unknown action ${quote(written)}, ${advice}`);
  }
  checkProvider(spec, action);
  return action ?? "allow";
}

function checkProvider(spec: ObjectNode, action: RuleAction | undefined): void {
  const provider = spec.object("provider");
  provider?.checkKeys(PROVIDER_KEYS, "none");
  provider?.requiredText("name");
  if (action === "pass" && !spec.has("provider")) {
    spec.report("missing-field", spec.at("provider"), '"provider" is missing; the action CUSTOM requires it');
  }
  if (action !== "pass" && provider !== undefined) {
    spec.report("conflicting-fields", provider.pointer, '"provider" is for the action CUSTOM alone; remove it');
  }
}

/** Without rules only ALLOW does something: it denies everything. */
function checkEffect(spec: ObjectNode): void {
  const action = spec.value["action"];
  if ((action !== "DENY" && action !== "CUSTOM") || spec.count("rules") > 0) return;
  const pointer = spec.has("rules") ? spec.at("rules") : spec.pointer;
  const detail = `a policy with the action ${action} and without rules never does anything; write rules: [{}] for all traffic`;
  spec.report("matches-nothing", pointer, detail);
}

/** Whether the policy is attached to gateways or waypoints, and not to Pods. */
function readTargets(spec: ObjectNode): boolean {
  const single = spec.object("targetRef");
  const targets = [...(single === undefined ? [] : [single]), ...spec.objects("targetRefs", "none")];
  for (const target of targets) {
    target.checkKeys(TARGET_KEYS, "none");
    target.requiredText("name");
    const kind = target.requiredText("kind");
    if (kind === undefined || TARGET_KINDS.includes(kind)) continue;
    const detail = `a policy can't be attached to the kind ${quote(kind)}, known are ${TARGET_KINDS.join(", ")}`;
    target.report("invalid-value", target.at("kind"), detail);
  }
  const written = ["selector", "targetRef", "targetRefs"].filter((key) => spec.has(key) && !isEmptyList(spec, key));
  if (written.length > 1) {
    const detail = `${written.join(" and ")} exclude each other; keep one`;
    spec.report("conflicting-fields", spec.at(written[1] ?? ""), detail);
  }
  return targets.length > 0;
}

function isEmptyList(node: ObjectNode, key: string): boolean {
  return Array.isArray(node.value[key]) && node.count(key) === 0;
}

function subjectOf(spec: ObjectNode, hasTargets: boolean, isMeshWide: boolean): PolicyReading["subject"] {
  const labels = readIstioSelector(spec);
  if (hasTargets) return { reach: "selected", pointer: spec.at(spec.has("targetRefs") ? "targetRefs" : "targetRef") };
  const pointer = spec.at("selector");
  if (labels > 0) return { reach: "selected", pointer };
  return { reach: isMeshWide ? "cluster" : "namespace", pointer };
}

/** A rule of Istio is several of the model where HTTP restricts some of its sources or ports and others not. */
function readRule(rule: ObjectNode, action: RuleAction, place: PolicyPlace, staged: boolean): readonly TrafficRule[] {
  const allows = action === "allow";
  rule.checkKeys(RULE_KEYS, allows ? "widens" : "none");
  const sources = readSources(rule, place, allows);
  const operations = readOperations(rule, allows);
  const conditions = readConditions(rule, place, allows);
  return sources.flatMap((source) =>
    operations.map((operation) => ({
      pointer: rule.pointer,
      direction: "ingress",
      action,
      peersPointer: rule.has("from") ? rule.at("from") : rule.pointer,
      portsPointer: rule.has("to") ? rule.at("to") : rule.pointer,
      staged,
      ...both(both(source, operation), conditions),
    })),
  );
}
