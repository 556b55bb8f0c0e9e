/**
 * @module The packet oracle: decides single packets by walking the rules, and measures reach by trying many packets.
 *
 * It shares no code with the model's width and summary; it only asks address sets, port sets and label formulas for
 * membership. Its world is small: addresses in both halves of each family, a stranger's Pods with those addresses, and
 * ports on both sides of every boundary that `ORACLE_PORTS` uses.
 */
import type { AddressSet } from "../../../src/model/address-set.ts";
import { parseAddress } from "../../../src/model/address-set.ts";
import { matches } from "../../../src/model/label-formula.ts";
import { PortSet } from "../../../src/model/port-set.ts";
import type { PeerSet, PolicyReading, TrafficRule } from "../../../src/model/traffic.ts";

/** Someone who sends a packet. */
export interface Sender {
  readonly kind: "pod" | "node" | "outside";
  readonly address: AddressSet;
  /** For Pods. */
  readonly own: boolean;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
}

export function senderOf(kind: Sender["kind"], address: string, rest: Partial<Sender> = {}): Sender {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`"${address}" is no address`);
  return { kind, address: parsed.set, own: false, namespaceLabels: {}, podLabels: {}, ...rest };
}

/** Whether a set of peers contains the sender. */
export function contains(peers: PeerSet, sender: Sender): boolean {
  const inside = sender.kind !== "outside";
  if (peers.everyone || peers.entities.includes("everyone")) return true;
  if (peers.entities.includes(inside ? "cluster" : "outside")) return true;
  if (sender.kind === "node" && peers.entities.includes("nodes")) return true;
  if (peers.addresses.covers(sender.address) && (peers.addressesReachPods || !inside)) return true;
  if (sender.kind !== "pod") return false;
  return peers.pods.some(({ namespaces, pods }) => {
    const inNamespace = namespaces === "own" ? sender.own : matches(namespaces, sender.namespaceLabels);
    return inNamespace && matches(pods, sender.podLabels);
  });
}

/** Whether the policy lets the packet in. */
function admits(policy: PolicyReading, sender: Sender, port: PortSet): boolean {
  const applies = (rule: TrafficRule) => rule.ports.covers(port) && contains(rule.peers, sender);
  const hits = policy.rules.filter((rule) => rule.action !== "log" && applies(rule));
  if (policy.evaluation === "first-match") return hits[0]?.action === "allow";
  return hits.some(({ action }) => action === "allow") && !hits.some(({ action }) => action === "deny");
}

/** Prefixes whose every combination the worlds below can tell apart. */
export const ORACLE_PREFIXES = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10", "::/1", "8000::/1"];

// Private addresses, and others that are neither private nor public, so that private networks alone are not all Pods.
const WORLDS = [
  { pods: ["10.1.1.1", "172.16.1.1", "100.64.1.1", "127.1.1.1", "192.0.2.1"], outside: ["8.8.8.8", "200.1.1.1"] },
  { pods: ["fd00::1", "100::1"], outside: ["2001:4860::1"] },
].map(({ pods, outside }) => ({
  strangers: pods.map((address) => senderOf("pod", address)),
  outside: outside.map((address) => senderOf("outside", address)),
}));

/** Port sets whose boundaries the oracle tries. */
export const ORACLE_PORTS = ["TCP", "UDP", "UDP 53", "TCP 80", "TCP 443", "TCP 1-443", "TCP 1-32768", "TCP 32769-65535", "ICMP", "everything"];
const STARTS = [1, 53, 54, 80, 81, 443, 444, 32769];
const TRANSPORTS = ["TCP", "UDP", "SCTP"];
const PIECES = TRANSPORTS.flatMap((transport) =>
  STARTS.map((first, index) => ({
    transport,
    probe: PortSet.range(transport, first, first),
    share: ((STARTS[index + 1] ?? 65536) - first) / 65535,
  })),
);
const ICMP = { transport: "ICMP", probe: PortSet.protocol("ICMP"), share: 0 };

export const ORACLE_REACHES = ["all-namespaces", "external", "anyone"] as const;
export type OracleReach = (typeof ORACLE_REACHES)[number];

/** On how many ports (none, some, wide, all) a policy admits at least the given reach. */
export function portReachFor(policy: PolicyReading, reach: OracleReach): "none" | "some" | "wide" | "all" {
  const open = [...PIECES, ICMP].filter(({ probe }) => reachesOn(policy, probe).has(reach));
  if (open.length === 0) return "none";
  const shares = TRANSPORTS.map((transport) =>
    open.filter((piece) => piece.transport === transport).reduce((sum, { share }) => sum + share, 0),
  );
  const share = Math.max(...shares);
  if (share >= 0.99) return "all";
  return share >= 0.5 ? "wide" : "some";
}

/** The reaches that a policy has on one port, wider ones implying narrower ones. */
function reachesOn(policy: PolicyReading, probe: PortSet): ReadonlySet<OracleReach> {
  const reaches = new Set<OracleReach>();
  for (const { strangers, outside } of WORLDS) {
    const everyPod = strangers.every((sender) => admits(policy, sender, probe));
    const everyoneOutside = outside.every((sender) => admits(policy, sender, probe));
    if (everyPod || everyoneOutside) reaches.add("all-namespaces");
    if (everyoneOutside) reaches.add("external");
    if (everyPod && everyoneOutside) reaches.add("anyone");
  }
  return reaches;
}
