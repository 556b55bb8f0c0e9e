/**
 * @module DNS names as peers (`domainNames[]`) of the cluster-wide policies and of AWS' ApplicationNetworkPolicy: whole
 * names, or `*.` in front of at least two labels for everything below them (network-policy-api, type DomainName).
 */
import { nobody, peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { NamePattern, PeerSet } from "../model/traffic.ts";
import { isWideName } from "./cilium-names.ts";
import { readTextSet } from "./cluster-network-policy-lists.ts";
import type { ObjectNode } from "./fields.ts";

const WILDCARD = "*.";
// Some versions of the pattern let labels begin with an underscore, by a slip (A-z).
const LABEL = /^[a-z0-9_](?:[-a-z0-9_]*[a-z0-9])?$/;
const FEWEST_LABELS = 2;

/**
 * The names in a field. A name that anybody can register under (`*.co.uk`) is one whose owner can't be seen.
 * @param most how many names the API allows
 */
export function readDomainNames(node: ObjectNode, key: string, most: number): PeerSet {
  const names: NamePattern[] = [];
  const unresolved: string[] = [];
  for (const { value, pointer } of readTextSet(node, key, most)) {
    const pattern = patternOf(value);
    if (pattern === undefined) {
      const detail = `${quote(value)} is no domain name such as example.com or *.example.com`;
      node.report("invalid-value", pointer, detail);
      continue;
    }
    names.push(pattern);
    if (isWideName(pattern)) unresolved.push(`whoever has a name like ${value}`);
  }
  return names.length === 0 ? nobody : peersOf({ names, unresolved });
}

/** A name in the model's spelling. Its wildcard stands for any number of labels. */
function patternOf(written: string): NamePattern | undefined {
  const lower = written.toLowerCase();
  const whole = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  const wild = whole.startsWith(WILDCARD);
  const fixed = wild ? whole.slice(WILDCARD.length) : whole;
  const labels = fixed.split(".");
  if (labels.length < FEWEST_LABELS || !labels.every((label) => LABEL.test(label))) return undefined;
  return wild ? `**.${fixed}` : fixed;
}
