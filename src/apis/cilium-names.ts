/**
 * @module DNS names in Cilium rules (`toFQDNs`, DNS rules, `serverNames`), by the agent's own meaning of wildcards
 * (Cilium 1.19, pkg/fqdn/matchpattern): `*` is some characters of one label, `**.` in front any number of labels.
 */
import { quote } from "../model/quote.ts";
import type { NamePattern } from "../model/traffic.ts";
import type { PeerBuilder } from "./cilium-peer-builder.ts";
import type { ObjectNode } from "./fields.ts";

const SELECTOR_KEYS: ReadonlySet<string> = new Set(["matchName", "matchPattern"]);
const LONGEST_NAME = 255;
const ALLOWED = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

/** Second labels under which countries let anyone register names: `co.uk`, `com.au`. */
const COUNTRY_CATEGORIES: ReadonlySet<string> = new Set(["ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"]);

/** Adds the names of a `toFQDNs`. */
export function addNames(peers: PeerBuilder, node: ObjectNode, key: string): void {
  for (const selector of node.objects(key, "none")) {
    const pattern = readNameSelector(selector);
    if (pattern === undefined) continue;
    peers.names.push(pattern);
    if (isWideName(pattern) && !isEveryName(pattern)) peers.addUnresolved(`whoever has a name like ${pattern}`);
  }
}

/**
 * The names of one selector in the model's spelling.
 * @returns undefined for none at all: an empty selector (which is the DNS root only), or one that is refused
 */
export function readNameSelector(selector: ObjectNode): NamePattern | undefined {
  selector.checkKeys(SELECTOR_KEYS, "widens");
  const name = selector.text("matchName");
  const pattern = selector.text("matchPattern");
  if (name && pattern) {
    selector.report(
      "conflicting-fields",
      selector.pointer,
      "matchName and matchPattern exclude each other; make it two",
    );
  }
  const written = pattern || name;
  if (!written) return undefined;
  const place = selector.at(pattern ? "matchPattern" : "matchName");
  return readName(selector, place, written, pattern ? "*" : "");
}

/**
 * A name or a pattern in the model's spelling; undefined, with a defect, where the API refuses it.
 * @param wildcards `*` where wildcards are allowed, else the empty text
 */
export function readName(
  node: ObjectNode,
  pointer: string,
  text: string,
  wildcards: "*" | "",
): NamePattern | undefined {
  const name = text.toLowerCase();
  const wellFormed = name.length <= LONGEST_NAME && !name.startsWith(".") && !name.includes("..");
  if (!wellFormed || !consistsOf(name, ALLOWED + wildcards)) {
    const example = wildcards === "" ? "example.com" : "*.example.com";
    node.report("invalid-value", pointer, `${quote(text)} is no DNS name such as ${example}`);
    return undefined;
  }
  return modelPattern(name.endsWith(".") ? name.slice(0, -1) : name);
}

function consistsOf(text: string, characters: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!characters.includes(text.charAt(index))) return false;
  }
  return text !== "";
}

/** Stars alone are every name; several of them in front of a dot are any number of labels; others stay in one label. */
function modelPattern(name: string): NamePattern {
  const labels = name.split(".");
  if (labels.length === 1 && isStars(name)) return "**";
  return labels
    .map((label, index) => (isStars(label) ? (index === 0 && label.length > 1 ? "**" : "*") : label))
    .join(".");
}

function isStars(label: string): boolean {
  return label !== "" && consistsOf(label, "*");
}

/** Whether a pattern matches names of any length: nothing but wildcards, the first one for several labels. */
export function isEveryName(pattern: NamePattern): boolean {
  return pattern.startsWith("**") && pattern.split(".").every(isStars);
}

/** Whether a pattern matches names of owners that nobody knows: it fixes a public suffix at most. */
export function isWideName(pattern: NamePattern): boolean {
  const labels = pattern.split(".");
  const wildcard = labels.findLastIndex((label) => label.includes("*"));
  if (wildcard === -1) return false;
  const [second = "", last = ""] = labels.slice(-2);
  const fixed = labels.length - 1 - wildcard;
  return fixed < 2 || (fixed === 2 && last.length === 2 && COUNTRY_CATEGORIES.has(second));
}
