/**
 * @module DNS names in Antrea's rules (`fqdn`): the agent makes a regular expression of them, in which `*` is any text,
 * dots included (antrea-io/antrea, pkg/agent/controller/networkpolicy/fqdn.go).
 */
import { nobody, peersOf } from "../model/peer-set.ts";
import { quote } from "../model/quote.ts";
import type { NamePattern, PeerSet } from "../model/traffic.ts";
import { isEveryName, isWideName } from "./cilium-names.ts";
import type { ObjectNode } from "./fields.ts";

const CHARACTERS = /^[-0-9a-zA-Z.*]+$/;

/** Whoever has such a name. A pattern under which anybody can register a name has owners that can't be seen. */
export function readAntreaName(peer: ObjectNode, pointer: string, text: string): PeerSet {
  if (!CHARACTERS.test(text)) {
    peer.report("invalid-value", pointer, `${quote(text)} is no domain name such as example.com or *.example.com`);
    return nobody;
  }
  const pattern = modelPattern(text);
  const unresolved = isWideName(pattern) && !isEveryName(pattern) ? [`whoever has a name like ${text}`] : [];
  return peersOf({ names: [pattern], unresolved });
}

/** `*` is any number of labels; beside other characters also the rest of theirs: `*shop.com` is `evilshop.com` too. */
export function modelPattern(text: string): NamePattern {
  const lower = text.toLowerCase();
  return (lower.endsWith(".") ? lower.slice(0, -1) : lower).split(".").map(labelPattern).join(".");
}

function labelPattern(label: string): string {
  const first = label.indexOf("*");
  if (first === -1) return label;
  const before = label.slice(0, first);
  const after = label.slice(label.lastIndexOf("*") + 1);
  return [before === "" ? "" : `${before}*`, "**", after === "" ? "" : `*${after}`].filter(Boolean).join(".");
}
