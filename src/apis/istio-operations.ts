/**
 * @module Operations of Istio's rules (`to[].operation`): ports, and what HTTP requests ask for. Fields that exclude
 * (`notPaths`, ...) leave nearly everything, so that they don't narrow; excluded ports are taken away exactly.
 */
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";
import { readValues } from "./istio-identities.ts";
import { either, type Restriction, unrestricted } from "./istio-restriction.ts";
import { checkNotEmpty } from "./istio-sources.ts";

const TO_KEYS: ReadonlySet<string> = new Set(["operation"]);
const HTTP_FIELDS: ReadonlyMap<string, (values: readonly string[]) => boolean> = new Map([
  ["hosts", areAllHosts],
  ["methods", areAllMethods],
  ["paths", areAllPaths],
]);
const EXCLUDED_HTTP_FIELDS = ["notHosts", "notMethods", "notPaths"];
const OPERATION_KEYS: ReadonlySet<string> = new Set([
  ...HTTP_FIELDS.keys(),
  ...EXCLUDED_HTTP_FIELDS,
  "ports",
  "notPorts",
]);
/** RFC 9110 and RFC 5789. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const EVERY_PATH: ReadonlySet<string> = new Set(["*", "/*", "/{**}"]);
const HIGHEST_PORT = 65_535;
const DECIMAL = /^[0-9]{1,9}$/;

/** What the operations of a rule let through: everything where it names none. */
export function readOperations(rule: ObjectNode, allows: boolean): readonly Restriction[] {
  const entries = rule.objects("to", allows ? "widens" : "none");
  if (entries.length === 0) return [unrestricted];
  return either(entries.map((entry) => readEntry(entry, allows)));
}

function readEntry(entry: ObjectNode, allows: boolean): Restriction {
  entry.checkKeys(TO_KEYS, allows ? "widens" : "none");
  const operation = entry.objectOrEmpty("operation");
  operation.checkKeys(OPERATION_KEYS, allows ? "widens" : "none");
  checkNotEmpty(entry, operation, OPERATION_KEYS);
  let operations: Restriction["operations"] = "all";
  for (const [key, areAll] of HTTP_FIELDS) {
    const values = readValues(operation, key).map(({ value }) => value);
    if (operation.count(key) > 0 && !areAll(values)) operations = "some";
  }
  for (const key of EXCLUDED_HTTP_FIELDS) readValues(operation, key);
  return { ...unrestricted, ports: readPorts(operation, "ports", "notPorts"), operations };
}

function areAllHosts(values: readonly string[]): boolean {
  return values.includes("*");
}

function areAllMethods(values: readonly string[]): boolean {
  return values.includes("*") || METHODS.every((method) => values.includes(method));
}

function areAllPaths(values: readonly string[]): boolean {
  return values.some((value) => EVERY_PATH.has(value));
}

/** Ports that a list names, without those that another excludes; every TCP port where it names none. */
export function readPorts(node: ObjectNode, included: string, excluded: string): PortSet {
  const without = portsOf(node, excluded);
  const ports = node.count(included) === 0 ? unrestricted.ports : portsOf(node, included);
  return ports.subtract(without);
}

function portsOf(node: ObjectNode, key: string): PortSet {
  const sets: PortSet[] = [];
  for (const { value, pointer } of node.texts(key)) {
    const port = Number(value);
    if (DECIMAL.test(value) && port <= HIGHEST_PORT) sets.push(PortSet.range("TCP", port, port));
    else node.report("invalid-value", pointer, `a port is a number from 0 to ${HIGHEST_PORT}, not ${quote(value)}`);
  }
  return PortSet.unionOf(sets);
}
