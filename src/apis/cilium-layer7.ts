/**
 * @module Layer 7 parts of Cilium rules (`toPorts[].rules`, `serverNames`, `listener`): whether they narrow the rule, and
 * which combinations the agent refuses (Cilium 1.19, pkg/policy/api/rule_validation.go).
 */
import { quote } from "../model/quote.ts";
import type { Direction } from "../model/traffic.ts";
import { isEveryName, isWideName, readName, readNameSelector } from "./cilium-names.ts";
import { classOf, HOST_CHARACTERS, METHOD_CHARACTERS, PATH_CHARACTERS } from "./cilium-regex.ts";
import type { ObjectNode } from "./fields.ts";

const RULES_KEYS: ReadonlySet<string> = new Set(["http", "kafka", "dns", "l7proto", "l7"]);
const HTTP_KEYS: ReadonlySet<string> = new Set(["path", "method", "host", "headers", "headerMatches"]);
const HEADER_KEYS: ReadonlySet<string> = new Set(["name", "value", "secret", "mismatch"]);
const KAFKA_KEYS: ReadonlySet<string> = new Set(["apiKey", "apiVersion", "clientID", "role", "topic"]);
const LISTENER_KEYS: ReadonlySet<string> = new Set(["envoyConfig", "name", "priority"]);
const ENVOY_CONFIG_KEYS: ReadonlySet<string> = new Set(["kind", "name"]);
const PROTOCOLS = ["http", "kafka", "dns", "l7"] as const;
const MISMATCHES: readonly string[] = ["LOG", "ADD", "DELETE", "REPLACE"];
/** Whoever may use all of these may use every method that matters. */
const COMMON_METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

type Protocol = (typeof PROTOCOLS)[number];

export interface Layer7 {
  /** `some` where requests are restricted. */
  readonly operations: "some" | "all";
  /** What the rule hands its traffic to, in words; its configuration is another object. */
  readonly listener: string | undefined;
  /** The protocol of the rules, which decides what the agent accepts beside them. */
  readonly protocol: Protocol | undefined;
}

type Operations = Layer7["operations"];

/**
 * Reads the layer 7 parts of one element of `toPorts`.
 * @param host whether the policy is for nodes, where the agent has no layer 7 but DNS
 */
export function readLayer7(portRule: ObjectNode, direction: Direction, host: boolean): Layer7 {
  const rules = portRule.object("rules");
  rules?.checkKeys(RULES_KEYS, "widens");
  const protocol = rules === undefined ? undefined : readProtocol(rules);
  const named = readServerNames(portRule);
  const listener = readListener(portRule);
  checkPlace(portRule, protocol, direction, host);
  const operations = rules === undefined || protocol === undefined ? "all" : readRules(rules, protocol);
  return { operations: named === "some" ? named : operations, listener, protocol };
}

/** The protocol that has rules: an empty list is none at all, and the traffic is not restricted. */
function readProtocol(rules: ObjectNode): Protocol | undefined {
  const [http, kafka, dns, l7] = PROTOCOLS.map((key) => (rules.list(key)?.length ?? 0) > 0);
  const proxied = rules.text("l7proto");
  if (l7 === true && !proxied) {
    const detail = '"l7" needs the protocol in "l7proto"; the agent refuses the policy';
    rules.report("missing-field", rules.at("l7proto"), detail);
  }
  const filled = [http, kafka, dns, l7 === true && Boolean(proxied)];
  const protocols = PROTOCOLS.filter((_, index) => filled[index] === true);
  if (protocols.length > 1) {
    const detail = `rules are of one protocol only, not ${protocols.join(" and ")}; make it several elements of "toPorts"`;
    rules.report("conflicting-fields", rules.pointer, detail);
  }
  return protocols[0];
}

function readRules(rules: ObjectNode, protocol: Protocol): Operations {
  const entries = rules.objects(protocol, "none");
  // One entry that matches everything is enough. Each is looked at, because each may have defects.
  const widths = entries.map((entry) => readEntry(entry, protocol));
  return widths.includes("all") ? "all" : "some";
}

function readEntry(entry: ObjectNode, protocol: Protocol): Operations {
  switch (protocol) {
    case "http":
      return readHttp(entry);
    case "kafka":
      entry.checkKeys(KAFKA_KEYS, "widens");
      return restrictsIf(
        entry,
        [...KAFKA_KEYS].some((key) => entry.text(key)),
      );
    case "dns":
      return readDns(entry);
    case "l7":
      return restrictsIf(entry, Object.keys(entry.value).length > 0);
  }
}

function restrictsIf(entry: ObjectNode, restricts: boolean): Operations {
  if (restricts) return "some";
  entry.report("inert-section", entry.pointer, "matches every request: the rule restricts nothing beyond its ports");
  return "all";
}

/** Queries for any name are what switches DNS proxying on for `toFQDNs`: usual, and no restriction of the traffic. */
function readDns(entry: ObjectNode): Operations {
  const pattern = readNameSelector(entry);
  if (pattern === undefined) {
    const detail = "names nothing, so only queries for the DNS root match; write a matchName or a matchPattern";
    if (Object.keys(entry.value).length === 0) entry.report("matches-nothing", entry.pointer, detail);
    return "some";
  }
  return isEveryName(pattern) ? "all" : "some";
}

function readHttp(entry: ObjectNode): Operations {
  entry.checkKeys(HTTP_KEYS, "widens");
  const headers = entry.texts("headers").length > 0;
  const matches = readHeaderMatches(entry);
  const host = readHost(entry);
  return restrictsIf(entry, restrictsPath(entry) || restrictsMethod(entry) || host || headers || matches);
}

function restrictsPath(entry: ObjectNode): boolean {
  const path = entry.text("path");
  return Boolean(path) && !classOf(path ?? "", PATH_CHARACTERS).anyPath;
}

function restrictsMethod(entry: ObjectNode): boolean {
  const method = entry.text("method");
  if (!method) return false;
  const { anyText, words } = classOf(method, METHOD_CHARACTERS);
  return !anyText && !COMMON_METHODS.every((common) => words.includes(common));
}

function readHost(entry: ObjectNode): boolean {
  const host = entry.text("host");
  if (!host) return false;
  const { anyText, bareDot } = classOf(host, HOST_CHARACTERS);
  if (anyText) return false;
  const detail = 'a regular expression: its dots match any character; write "\\." for a dot';
  if (bareDot) entry.report("inert-section", entry.at("host"), detail);
  return true;
}

/** Whether a header decides: with a `mismatch` the request passes anyway, logged or mended. */
function readHeaderMatches(entry: ObjectNode): boolean {
  let decides = false;
  for (const match of entry.objects("headerMatches", "none")) {
    match.checkKeys(HEADER_KEYS, "widens");
    match.requiredText("name");
    const mismatch = match.text("mismatch");
    if (mismatch === undefined || mismatch === "") {
      decides = true;
    } else if (MISMATCHES.includes(mismatch)) {
      const detail = `restricts nothing: with mismatch ${mismatch} a request without the header passes as well`;
      match.report("inert-section", match.pointer, detail);
    } else {
      const detail = `unknown mismatch ${quote(mismatch)}, known are ${MISMATCHES.join(", ")}`;
      match.report("invalid-value", match.at("mismatch"), detail);
    }
  }
  return decides;
}

/** Names that TLS clients must ask for. */
function readServerNames(portRule: ObjectNode): Operations {
  const names = portRule.texts("serverNames");
  let operations: Operations = names.length > 0 ? "some" : "all";
  for (const { value, pointer } of names) {
    const pattern = readName(portRule, pointer, value, "*");
    if (pattern === undefined) continue;
    if (isEveryName(pattern) || pattern.lastIndexOf("*") > pattern.indexOf(".")) {
      portRule.report("invalid-value", pointer, "a wildcard is only allowed in front: *.example.com or **.example.com");
    }
    if (!isWideName(pattern)) continue;
    operations = "all";
    portRule.report("inert-section", pointer, "anyone can have a server name like that: it restricts next to nothing");
  }
  return operations;
}

function readListener(portRule: ObjectNode): string | undefined {
  const listener = portRule.object("listener");
  if (listener === undefined) return undefined;
  listener.checkKeys(LISTENER_KEYS, "widens");
  const name = listener.requiredText("name") ?? "";
  const config = listener.requiredObject("envoyConfig");
  config?.checkKeys(ENVOY_CONFIG_KEYS, "widens");
  const kind = config?.text("kind") ?? "CiliumEnvoyConfig";
  return `listener ${name} of ${kind} ${config?.requiredText("name") ?? ""}`;
}

/** Places where the agent refuses layer 7 rules. The whole policy then isolates nothing. */
function checkPlace(portRule: ObjectNode, protocol: Protocol | undefined, direction: Direction, host: boolean): void {
  const refuse = (key: string, why: string) =>
    portRule.report("conflicting-fields", portRule.at(key), `${why}; the agent refuses the policy`);
  if (protocol === "dns" && direction === "ingress") refuse("rules", "DNS rules are for egress only");
  if (protocol !== undefined && host && !(protocol === "dns" && direction === "egress")) {
    refuse("rules", "policies for nodes have no layer 7 rules");
  }
  if (portRule.has("listener") && direction === "ingress") refuse("listener", "listeners are for egress only");
  if (portRule.has("listener") && protocol !== undefined) refuse("listener", "a listener excludes layer 7 rules");
  if (protocol !== undefined && portRule.count("serverNames") > 0 && !portRule.has("terminatingTLS")) {
    refuse("serverNames", 'with layer 7 rules, server names need "terminatingTLS"');
  }
}
