/**
 * @module any-any against the packet oracle, over random NetworkPolicies through the shipped bundle.
 */
import { expect, test } from "@jest/globals";
import { loadEngine } from "../../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";
import type { JsonObject } from "../../../src/intake/json-value.ts";
import { allowsAnyone, type Peer, type Port, type Rule, type Selector } from "./network-policy-oracle.ts";
import { randomSource } from "./random-source.ts";

const POLICIES = Number(process.env["ORACLE_POLICIES"] ?? 20_000);
const SEED = Number(process.env["ORACLE_SEED"] ?? Date.now() % 1_000_000);

const { next, pick, some } = randomSource(SEED);

// Parts that add up to everything, parts that almost do, and parts that are nothing.
const CIDRS = [
  "0.0.0.0/0",
  "0.0.0.0/1",
  "128.0.0.0/1",
  "0.0.0.0/2",
  "64.0.0.0/2",
  "128.0.0.0/2",
  "192.0.0.0/2",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "203.0.113.0/24",
  "::/0",
  "::/1",
  "8000::/1",
  "2000::/3",
  "2000::/4",
  "3000::/4",
  "fc00::/7",
  "2001:db8::/32",
];
const EXCEPTS = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.169.254/32",
  "8.8.8.0/24",
  "16.0.0.0/5",
  "fc00::/7",
  "2001:db8::/64",
  "2400::/6",
];
const CONTAINS = (outer: string, inner: string): boolean => {
  const [family, length] = [outer.includes(":"), Number(outer.split("/")[1])];
  if (family !== inner.includes(":")) return false;
  if (length === 0) return true;
  return !family && length === 1 && Number(inner.split(".")[0]) < 128 === outer.startsWith("0.");
};
const KEYS = ["app", "tier", "kubernetes.io/metadata.name"];

function selector(): Selector {
  const expression = () => {
    const operator = pick(["In", "NotIn", "Exists", "DoesNotExist"]);
    return {
      key: pick(KEYS),
      operator,
      ...(operator.endsWith("In") ? { values: pick([["a"], ["b"], ["a", "b"]]) } : {}),
    };
  };
  return pick<() => Selector>([
    () => ({}),
    () => ({ matchLabels: { [pick(KEYS)]: "a" } }),
    () => ({ matchExpressions: some(2, expression) }),
  ])();
}

function peer(): Peer {
  if (next() < 0.6) {
    const cidr = pick(CIDRS);
    const except = some(4, () => pick(EXCEPTS)).filter((one) => CONTAINS(cidr, one));
    return { ipBlock: { cidr, ...(except.length > 0 ? { except: [...new Set(except)] } : {}) } };
  }
  const namespaceSelector = next() < 0.7 ? { namespaceSelector: selector() } : {};
  const podSelector = next() < 0.5 || !("namespaceSelector" in namespaceSelector) ? { podSelector: selector() } : {};
  return { ...namespaceSelector, ...podSelector };
}

function port(): Port {
  return pick<() => Port>([
    () => ({}),
    () => ({ protocol: pick(["TCP", "UDP", "SCTP"]) }),
    () => ({ port: 443 }),
    () => ({ port: "http" }),
    () => ({ port: 1, endPort: pick([65_535, 65_000, 63_000, 32_767]) }),
    () => ({ port: 32_768, endPort: 65_535, protocol: pick(["TCP", "UDP"]) }),
    () => ({ port: 1024, endPort: 65_535 }),
  ])();
}

function rules(side: "from" | "to"): Rule[] {
  return some(3, () => ({
    ...(next() < 0.97 ? { [side]: some(4, peer) } : {}),
    ...(next() < 0.85 ? { ports: some(3, port) } : {}),
  }));
}

test(`any-any agrees with the packet oracle on ${POLICIES} random NetworkPolicies`, async () => {
  const engine = await loadEngine({ bundle: SHIPPED_BUNDLE, settings: SHIPPED_SETTINGS });
  const disagreements: unknown[] = [];
  let wide = 0;
  for (let index = 0; index < POLICIES; index += 1) {
    const spec = { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: rules("from"), egress: rules("to") };
    const object = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "p", namespace: "shop", labels: { owner: "x" } },
      spec,
    };
    const { findings } = engine.judge({
      uid: String(index),
      place: "gate",
      operation: "CREATE",
      group: "networking.k8s.io",
      version: "v1",
      kind: "NetworkPolicy",
      namespace: "shop",
      name: "p",
      subresource: "",
      user: { name: "", groups: [] },
      object: object as unknown as JsonObject,
      oldObject: null,
      namespaceLabels: null,
    });
    const ours = { ingress: false, egress: false };
    for (const { guardrail, pointer } of findings) {
      if (guardrail === "any-any") ours[pointer.startsWith("/spec/ingress") ? "ingress" : "egress"] = true;
    }
    const oracle = { ingress: allowsAnyone(spec.ingress, "ingress"), egress: allowsAnyone(spec.egress, "egress") };
    if (oracle.ingress || oracle.egress) wide += 1;
    if (ours.ingress !== oracle.ingress || ours.egress !== oracle.egress) disagreements.push({ ours, oracle, spec });
    if (disagreements.length >= 5) break;
  }
  process.stdout.write(
    `packet oracle: ${POLICIES} policies (seed ${SEED}), ${wide} of them any/any, ${disagreements.length} disagreements\n`,
  );
  expect(disagreements.map((one) => JSON.stringify(one)).join("\n")).toBe("");
}, 600_000);
