/**
 * @module A second opinion on any-any, made as differently as possible: no sets, no algebra, only packets. It samples
 * addresses, Pods and ports, asks for every packet whether some rule lets it through, and counts.
 */
import { BlockList } from "node:net";

export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}
export interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}
export interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}

/** A sampled other side: an address, or a Pod of another namespace. */
type Sample =
  | { readonly address: string; readonly family: "ipv4" | "ipv6"; readonly range: "public" | "private" | "other" }
  | { readonly namespaceLabels: ReadonlyMap<string, string>; readonly podLabels: ReadonlyMap<string, string> };

// RFC 6890 and its registry: what is not public. Private is what networks use inside.
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
const SPECIAL = [
  ...PRIVATE,
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = "", length = ""] = cidr.split("/");
    list.addSubnet(address, Number(length), address.includes(":") ? "ipv6" : "ipv4");
  }
  return list;
}

const isPrivate = blockList(PRIVATE);
const isSpecial = blockList(SPECIAL);
const isGlobalUnicast = blockList(["2000::/3"]);

function sampleAddress(address: string, family: "ipv4" | "ipv6"): Sample {
  if (isPrivate.check(address, family)) return { address, family, range: "private" };
  const isPublic = family === "ipv4" ? !isSpecial.check(address, family) : isGlobalUnicast.check(address, family);
  return { address, family, range: isPublic ? "public" : "other" };
}

const CELLS = 1024;

/** One address of each of 1,024 equal parts of each family, and as many of the private ranges. */
function addresses(): Sample[] {
  const samples: Sample[] = [];
  for (let cell = 0; cell < CELLS; cell += 1) {
    const high = cell >> 2;
    const low = ((cell & 3) << 6) | 37;
    samples.push(sampleAddress(`${high}.${low}.91.13`, "ipv4"));
    samples.push(sampleAddress(`${((cell << 6) | 29).toString(16)}:db8:17::5`, "ipv6"));
  }
  for (let part = 0; part < 256; part += 1) {
    samples.push(
      { ...sampleAddress(`10.${part}.3.7`, "ipv4") },
      sampleAddress(`fd${part.toString(16).padStart(2, "0")}:1::9`, "ipv6"),
    );
    if (part < 16) samples.push(sampleAddress(`172.${16 + part}.5.1`, "ipv4"));
    if (part < 64) samples.push(sampleAddress(`100.${64 + part}.5.1`, "ipv4"));
  }
  samples.push(sampleAddress("192.168.77.3", "ipv4"));
  return samples;
}

/** Somebody whom the policy doesn't know: another namespace, none of the labels that the policy names. */
const STRANGER: Sample = {
  namespaceLabels: new Map([["kubernetes.io/metadata.name", "somewhere-else"]]),
  podLabels: new Map(),
};
const GRID = addresses();

function matches(selector: Selector | undefined, labels: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of Object.entries(selector?.matchLabels ?? {})) if (labels.get(key) !== value) return false;
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    const value = labels.get(key);
    const listed = value !== undefined && values.includes(value);
    const holds = { In: listed, NotIn: !listed, Exists: value !== undefined, DoesNotExist: value === undefined }[
      operator
    ];
    if (holds !== true) return false;
  }
  return true;
}

function peerMatcher(peer: Peer): (sample: Sample) => boolean {
  if (peer.ipBlock !== undefined) {
    const block = blockList([peer.ipBlock.cidr]);
    const except = blockList(peer.ipBlock.except ?? []);
    const family = peer.ipBlock.cidr.includes(":") ? "ipv6" : "ipv4";
    // BlockList takes an IPv4 address for its mapped IPv6 form, which ::/1 contains; no packet does.
    return (sample) =>
      "address" in sample &&
      sample.family === family &&
      block.check(sample.address, family) &&
      !except.check(sample.address, family);
  }
  return (sample) =>
    "podLabels" in sample &&
    peer.namespaceSelector !== undefined &&
    matches(peer.namespaceSelector, sample.namespaceLabels) &&
    matches(peer.podSelector, sample.podLabels);
}

function portMatches({ protocol = "TCP", port, endPort }: Port, packetProtocol: string, packetPort: number): boolean {
  if (protocol !== packetProtocol) return false;
  if (port === undefined) return true;
  if (typeof port === "string") return false;
  return packetPort >= port && packetPort <= (endPort ?? port);
}

// 1,031 is prime, so the ports don't fall on the same side of every round boundary.
const PORTS = Array.from({ length: CELLS }, (_, index) => 1 + ((index * 64 + (index % 61)) % 65_535));

/** Whether the rules of one direction allow anyone on every port. */
export function allowsAnyone(rules: readonly Rule[], direction: "ingress" | "egress"): boolean {
  const prepared = rules.map((rule) => {
    const peers = direction === "ingress" ? rule.from : rule.to;
    const matchers = (peers ?? []).map(peerMatcher);
    const everyone = peers === undefined || peers.length === 0;
    return {
      ports: rule.ports ?? [],
      letsIn: everyone ? () => true : (sample: Sample) => matchers.some((matcher) => matcher(sample)),
    };
  });
  const verdicts = new Map<string, boolean>();
  return ["TCP", "UDP", "SCTP"].some((protocol) => {
    let wide = 0;
    for (const port of PORTS) {
      const open = prepared.filter(
        ({ ports }) => ports.length === 0 || ports.some((one) => portMatches(one, protocol, port)),
      );
      const key = open.map((rule) => prepared.indexOf(rule)).join(",");
      let verdict = verdicts.get(key);
      if (verdict === undefined) {
        verdict = everyoneGetsIn((sample) => open.some(({ letsIn }) => letsIn(sample)), direction);
        verdicts.set(key, verdict);
      }
      if (verdict) wide += 1;
    }
    return wide >= PORTS.length * 0.99;
  });
}

/** The samples of one family and range, or of its even grid over the whole space, which stands first. */
const SAMPLES: ReadonlyMap<string, readonly Sample[]> = new Map(
  (["ipv4", "ipv6"] as const).flatMap((family) => {
    const ofFamily = (samples: readonly Sample[]) => samples.filter((one) => "address" in one && one.family === family);
    const ofRange = (range: string) => ofFamily(GRID).filter((one) => "range" in one && one.range === range);
    return [
      [`${family} public`, ofRange("public")],
      [`${family} private`, ofRange("private")],
      [`${family} whole`, ofFamily(GRID.slice(0, CELLS * 2))],
    ] as const;
  }),
);

function everyoneGetsIn(letsIn: (sample: Sample) => boolean, direction: "ingress" | "egress"): boolean {
  const share = (family: string, range: string): number => {
    const samples = SAMPLES.get(`${family} ${range}`) ?? [];
    return samples.filter(letsIn).length / samples.length;
  };
  if (letsIn(STRANGER)) return true;
  return ["ipv4", "ipv6"].some((family) => {
    if (share(family, "public") < 0.99) return false;
    if (direction === "ingress" || share(family, "private") >= 0.99) return true;
    // Egress to the public internet without the private ranges is any-peer's.
    return Math.max(share("ipv4", "whole"), share("ipv6", "whole")) >= 0.998;
  });
}
