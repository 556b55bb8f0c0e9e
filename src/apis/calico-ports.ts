/**
 * @module Protocols and ports of Calico rules (`protocol`, `notProtocol`, `destination.ports`, `notPorts`; numbers,
 * ranges as `"1:1024"`, names), checked as Calico's validation checks them (libcalico-go, lib/validator/v3).
 */
import { PortSet } from "../model/port-set.ts";
import { quote } from "../model/quote.ts";
import type { ObjectNode } from "./fields.ts";

const PROTOCOLS: readonly string[] = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];
const HIGHEST_PROTOCOL = 255;
const TRANSPORTS = ["TCP", "UDP", "SCTP"];
const HIGHEST_PORT = 65_535;
const LONGEST_PORT_NAME = 128;
const NUMBERS = /^(\d{1,5})(?::(\d{1,5}))?$/;
const PORT_NAME = /^[a-zA-Z0-9_.-]+$/;

/** The ports that a rule is about: the destination's, in both directions. */
export function readPorts(rule: ObjectNode, destination: ObjectNode): PortSet {
  const protocol = readProtocol(rule, "protocol");
  const notProtocol = readProtocol(rule, "notProtocol");
  const whole = protocol === undefined ? PortSet.everything : PortSet.protocol(protocol);
  const refused = [notProtocol === undefined ? PortSet.nothing : PortSet.protocol(notProtocol)];
  const listed = readPortList(destination, "ports", protocol);
  const notListed = readPortList(destination, "notPorts", protocol);
  if (notListed !== undefined) refused.push(notListed);
  return (listed ?? whole).subtract(PortSet.unionOf(refused));
}

/** Notes what is wrong with the ports of a side whose ports don't count. */
export function checkPorts(rule: ObjectNode, entity: ObjectNode): void {
  const protocol = rule.value["protocol"];
  const name = typeof protocol === "string" || typeof protocol === "number" ? String(protocol) : undefined;
  readPortList(entity, "ports", name);
  readPortList(entity, "notPorts", name);
}

/** A protocol by name or number; undefined where it is absent or (with a defect) unknown. */
function readProtocol(rule: ObjectNode, key: string): string | undefined {
  const value = rule.value[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") {
    if (Number.isInteger(value) && value >= 1 && value <= HIGHEST_PROTOCOL) return String(value);
    rule.report("invalid-value", rule.at(key), `a protocol is a number from 1 to ${HIGHEST_PROTOCOL}, not ${value}`);
    return undefined;
  }
  const name = rule.text(key);
  if (name === undefined) return undefined;
  if (PROTOCOLS.some((known) => known.toUpperCase() === name.toUpperCase())) return name;
  rule.report("invalid-value", rule.at(key), `unknown protocol ${quote(name)}; known are ${PROTOCOLS.join(", ")}`);
  return undefined;
}

/** The ports of a list; undefined where there are none, which restricts nothing. */
function readPortList(entity: ObjectNode, key: string, protocol: string | undefined): PortSet | undefined {
  const list = entity.list(key);
  if (list === undefined) return entity.has(key) ? PortSet.nothing : undefined;
  if (list.length === 0) return undefined;
  const transports = protocol === undefined ? TRANSPORTS : [protocol];
  const sets: PortSet[] = [];
  let hasNumbers = false;
  for (const [index, value] of list.entries()) {
    const pointer = `${entity.at(key)}/${index}`;
    if (typeof value !== "number" && typeof value !== "string") {
      entity.report("wrong-type", pointer, 'a port is a number, a range such as "1:1024" or a name');
      continue;
    }
    const text = String(value);
    const [, first, last = first] = NUMBERS.exec(text) ?? [];
    if (first !== undefined && last !== undefined) {
      hasNumbers = true;
      checkNumbers(entity, pointer, Number(first), Number(last));
      sets.push(...transports.map((transport) => PortSet.range(transport, Number(first), Number(last))));
    } else if (PORT_NAME.test(text) && text.length <= LONGEST_PORT_NAME && typeof value === "string") {
      sets.push(...transports.map((transport) => PortSet.named(transport, text)));
    } else entity.report("invalid-value", pointer, `${quote(text)} is no port number, range or name`);
  }
  checkProtocol(entity, key, protocol, hasNumbers);
  return PortSet.unionOf(sets);
}

function checkNumbers(entity: ObjectNode, pointer: string, first: number, last: number): void {
  for (const number of first === last ? [first] : [first, last]) {
    if (number >= 1 && number <= HIGHEST_PORT) continue;
    entity.report("invalid-value", pointer, `a port is a number from 1 to ${HIGHEST_PORT}, not ${number}`);
  }
  if (first > last) entity.report("invalid-value", pointer, `the range begins (${first}) behind its end (${last})`);
}

/** Numbers mean something with a transport only. Names carry their own. */
function checkProtocol(entity: ObjectNode, key: string, protocol: string | undefined, hasNumbers: boolean): void {
  if (protocol === undefined) {
    if (!hasNumbers) return;
    entity.report("missing-field", entity.at(key), 'port numbers need a "protocol" in the rule: TCP, UDP or SCTP');
    return;
  }
  const whole = PortSet.protocol(protocol);
  if (TRANSPORTS.every((transport) => whole.numbersOf(transport).length === 0)) {
    const detail = `protocol ${quote(protocol)} has no ports; write TCP, UDP or SCTP`;
    entity.report("conflicting-fields", entity.at(key), detail);
  }
}
