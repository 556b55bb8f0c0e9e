/**
 * @module Host names of Gateways, routes and Ingresses: do they narrow anything at all?
 */
import { quote } from "../model/quote.ts";
import { isWideName } from "./cilium-names.ts";
import type { ObjectNode } from "./fields.ts";
import { isDnsLabel } from "./kubernetes-names.ts";

const WILDCARD = "*.";
const LONGEST_NAME = 253;

/**
 * What a host name chooses. A wildcard stands for any number of labels (Gateway API) or one (Ingress).
 * @returns `all` also for names below which anybody can register some (`*.com`); undefined, with a defect, where the
 *   API refuses the name
 */
export function readHost(node: ObjectNode, pointer: string, host: string): "all" | "some" | undefined {
  const wild = host.startsWith(WILDCARD);
  const fixed = wild ? host.slice(WILDCARD.length) : host;
  if (host.length > LONGEST_NAME || !fixed.split(".").every(isDnsLabel)) {
    node.report("invalid-value", pointer, `${quote(host)} is no host name such as shop.example.com or *.example.com`);
    return undefined;
  }
  return wild && isWideName(`**.${fixed}`) ? "all" : "some";
}

/** What a list of host names chooses together; a list that is empty narrows nothing. */
export function readHosts(node: ObjectNode, key: string): "all" | "some" {
  const hosts = node.texts(key).map(({ value, pointer }) => readHost(node, pointer, value));
  return hosts.length === 0 || hosts.includes("all") ? "all" : "some";
}
