/**
 * @module domain-flow against the worlds of domain-flow-oracle.ts: random policies of Kubernetes and of Calico, random
 * matrices. `ORACLE_FLOWS=20000 ORACLE_SEED=1` runs more of them, or the same again.
 */
import { expect, test } from "@jest/globals";
import { readBundle } from "../../../src/engine/bundle.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE } from "../../../src/engine/shipped-files.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import {
  type Choice,
  DOMAIN,
  MAPPED,
  NAME,
  type Organisation,
  OTHER_KEY,
  OWN,
  type Peer,
  type Policy,
  type Ports,
  type Rule,
  World,
} from "./domain-flow-oracle.ts";
import { randomSource } from "./random-source.ts";

const POLICIES = Number(process.env["ORACLE_FLOWS"] ?? 1500);
const SEED = Number(process.env["ORACLE_SEED"] ?? Date.now() % 1_000_000);
const POLICIES_PER_ORGANISATION = 25;

const BUNDLE = readBundle(SHIPPED_BUNDLE);
const { next, pick, some } = randomSource(SEED);

const VALUES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  [DOMAIN]: [["a"], ["b"], ["a", "b"], ["", "a"]],
  [OTHER_KEY]: [["x"], ["y"], ["x", "y"]],
  [NAME]: [[OWN], [MAPPED], [MAPPED, OWN]],
};

function requirement(keys: readonly string[]): Choice {
  const key = pick(keys);
  const operator = pick(["In", "In", "NotIn", "Exists", "DoesNotExist"] as const);
  // Every Namespace has a name, which the model doesn't rely on.
  if (operator === "In" || operator === "NotIn" || key === NAME) {
    return { key, operator: operator === "NotIn" ? operator : "In", values: pick(VALUES[key] ?? []) };
  }
  return { key, operator, values: [] };
}

const POD_KEYS = [DOMAIN, OTHER_KEY];
const NAMESPACE_KEYS = [DOMAIN, DOMAIN, OTHER_KEY, NAME];

/** What Kubernetes' selectors can say: conjunctions. */
const conjunction = (keys: readonly string[]): Choice => ({ and: some(3, () => requirement(keys)) });

/** What Calico's can: everything. */
function tree(keys: readonly string[], depth = 2): Choice {
  if (depth === 0 || next() < 0.4) return requirement(keys);
  const parts = [tree(keys, depth - 1), tree(keys, depth - 1)];
  return pick<() => Choice>([() => ({ and: parts }), () => ({ or: parts }), () => ({ not: parts[0] as Choice })])();
}

function ports(): Ports | undefined {
  const [from, to] = pick([
    [443, 443],
    [450, 480],
    [400, 600],
    [1, 65535],
  ] as const);
  return next() < 0.15 ? undefined : { protocol: pick(["TCP", "TCP", "UDP"]), from, to };
}

function policy(choice: (keys: readonly string[]) => Choice): Policy {
  const peer = (): Peer => ({
    namespaces: next() < 0.25 ? "own" : choice(NAMESPACE_KEYS),
    pods: next() < 0.4 ? { and: [] } : choice(POD_KEYS),
  });
  const rule = (): Rule => ({
    direction: pick(["ingress", "egress"] as const),
    peers: [peer(), ...some(1, peer)],
    ports: ports(),
  });
  return { subject: next() < 0.5 ? { and: [] } : choice(POD_KEYS), rules: [rule(), ...some(1, rule)] };
}

function organisation(): Organisation {
  const places = ["a", "b", "z", "*", "unlabelled"];
  const entry = () => ({
    from: pick(places),
    to: pick(places),
    ports: pick([["any"], ["TCP 443"], ["TCP 400-500"], ["TCP", "UDP 443"], ["UDP"]]),
    ...(next() < 0.3 ? { directions: [pick(["ingress", "egress"])] } : {}),
  });
  return {
    matrix: [entry(), ...some(9, entry)],
    sameDomain: next() < 0.7,
    unlabelled: next() < 0.3 ? "allow" : "deny",
    isPodLabelBound: next() < 0.6,
    mapped: next() < 0.6 ? pick(["a", "b", "z", ""]) : undefined,
  };
}

function engineFor({ matrix, sameDomain, unlabelled, isPodLabelBound, mapped }: Organisation): Engine {
  const settings = defaultSettings(BUNDLE.manifest);
  const { "domain-flow": flow, "label-lock": lock } = settings.guardrails;
  if (flow === undefined || lock === undefined) throw new Error("a guardrail is missing");
  const namespaces = mapped === undefined ? [] : [{ names: [MAPPED], domain: mapped }];
  const parameters = { ...flow.parameters, matrix, sameDomain, unlabelled, namespaces, outside: "allow" };
  return new Engine(BUNDLE, {
    ...settings,
    guardrails: {
      ...settings.guardrails,
      "domain-flow": { ...flow, parameters: parameters },
      "label-lock": { ...lock, mode: isPodLabelBound ? "enforce" : "warn" },
    },
  });
}

/** How an API writes a policy. Each rule has the place in its direction's list that it has in the policy. */
interface Writer {
  readonly apiVersion: string;
  readonly choice: (keys: readonly string[]) => Choice;
  readonly spec: (policy: Policy) => JsonObject;
}

function labelSelector(choice: Choice): JsonObject {
  const requirements = "and" in choice ? choice.and : [];
  return { matchExpressions: requirements };
}

const kubernetes: Writer = {
  apiVersion: "networking.k8s.io/v1",
  choice: conjunction,
  spec: ({ subject, rules }) => {
    const section = (direction: Rule["direction"]) =>
      rules
        .filter((rule) => rule.direction === direction)
        .map((rule) => ({
          [direction === "ingress" ? "from" : "to"]: rule.peers.map(({ namespaces, pods }) => ({
            ...(namespaces === "own" ? {} : { namespaceSelector: labelSelector(namespaces) }),
            podSelector: labelSelector(pods),
          })),
          ...(rule.ports === undefined
            ? {}
            : { ports: [{ protocol: rule.ports.protocol, port: rule.ports.from, endPort: rule.ports.to }] }),
        }));
    return {
      podSelector: labelSelector(subject),
      policyTypes: ["Ingress", "Egress"],
      ingress: section("ingress"),
      egress: section("egress"),
    };
  },
};

function calicoText(choice: Choice): string {
  if ("and" in choice) return choice.and.length === 0 ? "all()" : `(${choice.and.map(calicoText).join(" && ")})`;
  if ("or" in choice) return `(${choice.or.map(calicoText).join(" || ")})`;
  if ("not" in choice) return `!(${calicoText(choice.not)})`;
  const key = choice.key === NAME ? "projectcalico.org/name" : choice.key;
  if (choice.operator === "Exists") return `has(${key})`;
  if (choice.operator === "DoesNotExist") return `!has(${key})`;
  return `${key} ${choice.operator === "In" ? "in" : "not in"} {${choice.values.map((value) => `'${value}'`).join(",")}}`;
}

const EVERY_OWN_POD: Peer = { namespaces: "own", pods: { and: [] } };

/** One rule for each peer: a Calico rule has a single choice of peers. */
const calico: Writer = {
  apiVersion: "projectcalico.org/v3",
  choice: tree,
  spec: ({ subject, rules }) => {
    const section = (direction: Rule["direction"]) =>
      rules
        .filter((rule) => rule.direction === direction)
        .map(({ peers, ports: of }) => {
          const [{ namespaces, pods } = EVERY_OWN_POD] = peers;
          const peer = {
            selector: calicoText(pods),
            ...(namespaces === "own" ? {} : { namespaceSelector: calicoText(namespaces) }),
          };
          const numbers = of === undefined ? {} : { ports: [`${of.from}:${of.to}`] };
          return {
            action: "Allow",
            ...(of === undefined ? {} : { protocol: of.protocol }),
            source: direction === "ingress" ? peer : {},
            destination: { ...(direction === "egress" ? peer : {}), ...numbers },
          };
        });
    return {
      selector: calicoText(subject),
      types: ["Ingress", "Egress"],
      ingress: section("ingress"),
      egress: section("egress"),
    };
  },
};

/** What Calico's rules can say: one peer each, and one that some Pod can be, because else network sets are meant. */
function forCalico(random: Policy, world: World): Policy {
  const rules = random.rules.map((rule) => ({ ...rule, peers: rule.peers.slice(0, 1) }));
  return { ...random, rules: rules.filter(({ peers }) => peers.every((peer) => world.domainsOfPeer(peer).size > 0)) };
}

/**
 * Whether a selector asks for a namespace of the settings by name and for a label as well, which may contradict them.
 * The worlds have no such namespace; the guardrail doesn't rely on that.
 */
function isContradictory({ rules }: Policy): boolean {
  return rules.some(({ peers }) =>
    peers.some(({ namespaces }) => [MAPPED, DOMAIN].every((word) => JSON.stringify(namespaces).includes(word))),
  );
}

function unlistedByUs(engine: Engine, object: JsonObject, namespaceLabels: Readonly<Record<string, string>>): string[] {
  const { findings } = engine.judge({
    uid: "policy",
    place: "gate",
    operation: "CREATE",
    group: (object["apiVersion"] as string).split("/")[0] ?? "",
    version: (object["apiVersion"] as string).split("/")[1] ?? "",
    kind: "NetworkPolicy",
    namespace: OWN,
    name: "p",
    subresource: "",
    user: { name: "", groups: [] },
    object,
    oldObject: null,
    namespaceLabels,
  });
  const refused = findings.filter(({ guardrail }) => guardrail === "invalid-policy");
  if (refused.length > 0) throw new Error(`a policy is refused: ${refused.map(({ message }) => message).join("; ")}`);
  const pointers = findings.flatMap(({ guardrail, pointer }) => (guardrail === "domain-flow" ? [pointer] : []));
  return pointers.map((pointer) => pointer.split("/").slice(2, 4).join(" ")).toSorted();
}

function unlistedByWorld(world: World, random: Policy): string[] {
  return (["ingress", "egress"] as const)
    .flatMap((direction) => {
      const rules = random.rules.filter((rule) => rule.direction === direction);
      return rules.flatMap((rule, index) => (world.isUnlisted(random, rule) ? [`${direction} ${index}`] : []));
    })
    .toSorted();
}

test.each([
  ["NetworkPolicy", kubernetes],
  ["Calico's NetworkPolicy", calico],
] as const)(
  `domain-flow agrees with the worlds on random policies: %s`,
  (name, writer) => {
    const disagreements: unknown[] = [];
    const count = { policies: 0, rules: 0, unlisted: 0 };
    while (count.policies < POLICIES / 2 && disagreements.length < 3) {
      const settings = organisation();
      const engine = engineFor(settings);
      for (let index = 0; index < POLICIES_PER_ORGANISATION; index += 1) {
        const domain = pick([undefined, "", "a", "b", "z"]);
        const other = pick([undefined, "x"]);
        const own = {
          ...(domain === undefined ? {} : { [DOMAIN]: domain }),
          ...(other === undefined ? {} : { [OTHER_KEY]: other }),
        };
        const world = new World(settings, own);
        const random = policy(writer.choice);
        const written = writer === calico ? forCalico(random, world) : random;
        const object = {
          apiVersion: writer.apiVersion,
          kind: "NetworkPolicy",
          metadata: { name: "p", namespace: OWN, labels: { owner: "x" } },
          spec: writer.spec(written),
        };
        const [ours, theirs] = [unlistedByUs(engine, object, own), unlistedByWorld(world, written)];
        count.policies += 1;
        count.rules += written.rules.length;
        count.unlisted += theirs.length;
        const isWider = isContradictory(written) && theirs.every((rule) => ours.includes(rule));
        if (ours.join() !== theirs.join() && !isWider)
          disagreements.push({ ours, theirs, settings, own, spec: object.spec });
      }
    }
    process.stdout.write(
      `flow oracle: ${count.policies} of ${name} (seed ${SEED}), ${count.unlisted} of ${count.rules} rules unlisted, ` +
        `${disagreements.length} disagreements\n`,
    );
    expect(disagreements.map((one) => JSON.stringify(one)).join("\n")).toBe("");
    expect(count.unlisted).toBeGreaterThan(0);
    expect(count.unlisted).toBeLessThan(count.rules);
  },
  600_000,
);
