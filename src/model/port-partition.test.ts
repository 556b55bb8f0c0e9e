/**
 * @module Tests of the partition of ports: disjoint cells that no set holds a part of.
 */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { portsFrom } from "../../test/tables/model/read-tables.ts";
import { partitionPorts } from "./port-partition.ts";
import { PortSet } from "./port-set.ts";

const part = fc.constantFrom(
  "TCP 80",
  "TCP 1-1000",
  "TCP 443-2000",
  "TCP",
  "UDP 53",
  "UDP",
  "ANY 53",
  "ANY 1-32767",
  "SCTP 5-65535",
  "ICMP",
  "47",
  "TCP named http",
  "TCP named dns",
  "everything",
  "minus ICMP",
  "minus TCP 80-90",
  "minus UDP",
);
// A port known by name lies in its whole transport as well: there, cells can't be told apart by intersection.
const names = portsFrom(["TCP named http", "TCP named dns"]);
const sets = fc.array(fc.array(part, { maxLength: 4 }).map(portsFrom), { maxLength: 6 });

test("cells are disjoint, whole in their members, in no other set, and together the union", () => {
  fc.assert(
    fc.property(sets, (all) => {
      const cells = partitionPorts(all, 1000) ?? [];
      expect(PortSet.unionOf(cells.map(({ ports }) => ports)).equals(PortSet.unionOf(all))).toBe(true);
      for (const [index, { ports, members }] of cells.entries()) {
        for (const other of cells.slice(index + 1))
          expect(ports.intersect(other.ports).subtract(names).isEmpty()).toBe(true);
        for (const [set, content] of all.entries()) {
          if (members.includes(set)) expect(content.covers(ports)).toBe(true);
          else expect(content.intersect(ports).subtract(names).isEmpty()).toBe(true);
        }
      }
      expect(new Set(cells.map(({ members }) => members.join())).size).toBe(cells.length);
    }),
  );
});

test("work beyond the bound is refused", () => {
  const all = Array.from({ length: 100 }, (_, index) => PortSet.range("TCP", 1 + index, 1000 + index));
  expect(partitionPorts(all, 1000)).toBeUndefined();
  expect(partitionPorts(all, 100_000)).toHaveLength(199);
});

test("a port known by name is a cell of its own, with the sets that name it and those that hold its transport", () => {
  const all = [["TCP named http"], ["TCP"], ["TCP named dns"], ["UDP"]].map(portsFrom);
  const cells = partitionPorts(all, 100) ?? [];
  expect(cells.map(({ ports, members }) => `${ports.words()}: ${members.join()}`)).toEqual([
    "every TCP port: 1",
    'TCP named "http": 0,1',
    'TCP named "dns": 1,2',
    "every UDP port: 3",
  ]);
});
