/**
 * @module Reads the model's tables: rows in YAML, and the short notations that rows use for labels, peers and ports.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { AddressSet, parseCidr } from "../../../src/model/address-set.ts";
import type { LabelFormula, Requirement } from "../../../src/model/label-formula.ts";
import { peersOf } from "../../../src/model/peer-set.ts";
import { PortSet } from "../../../src/model/port-set.ts";
import type {
  Entity,
  Evaluation,
  IdentityPattern,
  PeerSet,
  PolicyReading,
  RuleAction,
  TextPattern,
  TrafficRule,
} from "../../../src/model/traffic.ts";

/**
 * One row is one case; `why` is the sentence that names the test.
 * @returns rows as the file has them; the test declares their shape
 */
export function readRows(file: string): readonly { readonly why: string }[] {
  const rows = parse(readFileSync(new URL(file, import.meta.url), "utf8")) as { readonly why: string }[];
  const repeated = rows.find((row, index) => rows.findIndex(({ why }) => why === row.why) !== index);
  if (repeated !== undefined) throw new Error(`${file}: two rows say "${repeated.why}"`);
  // An unquoted sentence with a comma ends in a key of its own.
  const torn = rows.flatMap(Object.keys).find((key) => key.includes(" "));
  if (torn !== undefined) throw new Error(`${file}: "${torn}" is part of a sentence that needs quotes`);
  return rows;
}

/** `app In web,api`, `app Exists`, a list (all of them), `{any: [...]}`, `{not: ...}`; `every` accepts everything. */
export type FormulaRow =
  | string
  | readonly FormulaRow[]
  | { readonly any: readonly FormulaRow[] }
  | { readonly not: FormulaRow };

export function formulaFrom(row: FormulaRow): LabelFormula {
  if (row === "every") return { all: [] };
  if (typeof row === "string") return requirementFrom(row);
  if ("any" in row) return { any: row.any.map(formulaFrom) };
  if ("not" in row) return { not: formulaFrom(row.not) };
  return { all: row.map(formulaFrom) };
}

function requirementFrom(text: string): Requirement {
  const [key = "", operator = "", values] = text.split(" ");
  return { key, operator: operator as Requirement["operator"], values: values?.split(",") ?? [] };
}

/** `TCP 80`, `TCP 80-90`, `TCP named http`, `TCP`, `ANY 53`, `ICMP`, `everything`, and `minus TCP 22` for a subtraction. */
export function portsFrom(texts: readonly string[]): PortSet {
  return texts.reduce((ports, text) => {
    if (text.startsWith("minus ")) return ports.subtract(portFrom(text.slice("minus ".length)));
    return ports.union(portFrom(text));
  }, PortSet.nothing);
}

function portFrom(text: string): PortSet {
  if (text === "everything") return PortSet.everything;
  const [protocol = "", second, name] = text.split(" ");
  if (second === undefined) return PortSet.protocol(protocol);
  if (second === "named") return PortSet.named(protocol, name ?? "");
  const [first, last = first] = second.split("-").map(Number) as [number, number?];
  return protocol === "ANY" ? PortSet.portOfAnyProtocol(first, last) : PortSet.range(protocol, first, last);
}

export interface PeersRow {
  readonly everyone?: boolean;
  readonly cidrs?: readonly string[];
  readonly except?: readonly string[];
  /** Addresses are only what is outside, as in Cilium. */
  readonly outsideOnly?: boolean;
  readonly pods?: readonly { readonly namespaces: FormulaRow; readonly pods: FormulaRow }[];
  readonly entities?: readonly Entity[];
  /** `trust-domain/namespace/service-account`; `*` any, `+` present, `a*` prefix, `*a` suffix. */
  readonly identities?: readonly string[];
  readonly names?: readonly string[];
  readonly unresolved?: readonly string[];
}

export function peersFrom(row: PeersRow): PeerSet {
  return peersOf({
    everyone: row.everyone ?? false,
    addresses: addressesFrom(row.cidrs ?? []).subtract(addressesFrom(row.except ?? [])),
    addressesReachPods: !(row.outsideOnly ?? false),
    pods: (row.pods ?? []).map(({ namespaces, pods }) => ({
      namespaces: namespaces === "own" ? "own" : formulaFrom(namespaces),
      pods: formulaFrom(pods),
    })),
    entities: row.entities ?? [],
    identities: (row.identities ?? []).map(identityFrom),
    names: row.names ?? [],
    unresolved: row.unresolved ?? [],
  });
}

function addressesFrom(prefixes: readonly string[]): AddressSet {
  return AddressSet.unionOf(
    prefixes.map((prefix) => {
      const cidr = parseCidr(prefix);
      if (cidr === undefined) throw new Error(`"${prefix}" is no prefix`);
      return cidr.set;
    }),
  );
}

function identityFrom(text: string): IdentityPattern {
  const [trustDomain = "", namespace = "", serviceAccount = ""] = text.split("/");
  return {
    trustDomain: patternFrom(trustDomain),
    namespace: patternFrom(namespace),
    serviceAccount: patternFrom(serviceAccount),
  };
}

function patternFrom(text: string): TextPattern {
  if (text === "*") return { match: "any" };
  if (text === "+") return { match: "present" };
  if (text.endsWith("*")) return { match: "prefix", value: text.slice(0, -1) };
  return text.startsWith("*") ? { match: "suffix", value: text.slice(1) } : { match: "exact", value: text };
}

export interface RuleRow {
  readonly action?: RuleAction;
  readonly direction?: "ingress" | "egress";
  readonly peers: PeersRow;
  readonly ports: readonly string[];
  readonly operations?: "some" | "all";
  readonly staged?: boolean;
}

/** Rules are numbered per policy: the third one has the pointer `/spec/rules/2`. */
export function policyFrom(rows: readonly RuleRow[], evaluation: Evaluation): PolicyReading {
  return policyOf(
    rows.map((row) => ({ ...row, peers: peersFrom(row.peers), ports: portsFrom(row.ports) })),
    evaluation,
  );
}

/** A policy of rules that only say what matters to a test. */
export function policyOf(
  rules: readonly (Pick<TrafficRule, "peers" | "ports"> & Partial<TrafficRule>)[],
  evaluation: Evaluation,
): PolicyReading {
  return {
    scope: "namespace",
    subject: { reach: "namespace", pointer: "/spec/podSelector" },
    isolates: { ingress: true, egress: true },
    evaluation,
    rules: rules.map((rule, index) => ({
      direction: "ingress",
      action: "allow",
      operations: "all",
      staged: false,
      pointer: `/spec/rules/${index}`,
      peersPointer: `/spec/rules/${index}/peers`,
      portsPointer: `/spec/rules/${index}/ports`,
      ...rule,
    })),
    defects: [],
  };
}
