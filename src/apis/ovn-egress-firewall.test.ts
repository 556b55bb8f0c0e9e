import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isComplete, isNoWider, labelSelector, mostly, prefix, some } from "../../test/tools/reader-fuzz.ts";
import type { JsonObject, JsonValue } from "../intake/json-value.ts";
import type { PolicyReading } from "../model/traffic.ts";
import { egressFirewallReaders } from "./ovn-egress-firewall.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);
const KINDS = egressFirewallReaders.map((reader) => ({ kind: reader.kinds[0] ?? "", reader }));

function read(kind: string, spec: JsonValue): PolicyReading {
  const reading = KINDS.find((each) => each.kind === kind)?.reader.read({ kind, spec });
  if (reading?.policy === undefined) throw new Error("this kind has no reader of policies");
  return reading.policy;
}

describe("what an EgressFirewall isolates", () => {
  const to = (cidrSelector: string) => ({ cidrSelector });
  test.each([
    { egress: [], isolated: false },
    { egress: [{ type: "Deny", to: to("0.0.0.0/0") }], isolated: true },
    { egress: [{ type: "Allow", to: to("0.0.0.0/0") }], isolated: false },
    { egress: [{ type: "Deny", to: to("10.0.0.0/8") }], isolated: false },
    { egress: [{ type: "Deny", to: to("0.0.0.0/0"), ports: [{ protocol: "TCP", port: 1 }] }], isolated: false },
    {
      egress: [
        { type: "Deny", to: to("0.0.0.0/1") },
        { type: "Deny", to: to("128.0.0.0/1") },
      ],
      isolated: true,
    },
  ])("$egress: $isolated", ({ egress, isolated }) => {
    expect(read("EgressFirewall", { egress }).isolates).toEqual({ ingress: false, egress: isolated });
  });
});

test("addresses of an EgressFirewall are those outside of the cluster", () => {
  const [rule_] = read("EgressFirewall", { egress: [{ type: "Allow", to: { cidrSelector: "0.0.0.0/0" } }] }).rules;
  expect(rule_?.peers.addressesReachPods).toBe(false);
});

const target = some({
  cidrSelector: prefix,
  dnsName: mostly("example.com", "*.example.com", "*.com", "*"),
  nodeSelector: labelSelector,
  typo: mostly({}),
});
const port = some({ protocol: mostly("TCP", "UDP", "TCPX"), port: mostly(443, 1, 70_000) });

function rule(...types: readonly JsonValue[]): fc.Arbitrary<JsonObject> {
  const ports = fc.option(fc.array(port, { maxLength: 2 }), { freq: 2, nil: undefined });
  return fc.tuple(fc.constantFrom(...types), target, ports).map(([type, to, some_]) => ({
    type,
    to,
    ...(some_ === undefined ? {} : { ports: some_ }),
  }));
}

describe.each(KINDS)("$kind of any shape", ({ kind, reader }) => {
  const rules = fc.array(fc.oneof(rule("Allow"), rule("Deny"), rule("AllowAll", null)), { maxLength: 4 });

  test("is read completely", () => {
    const spec = fc.oneof({ weight: 3, arbitrary: fc.record({ egress: rules }) }, fc.jsonValue());
    fc.assert(
      fc.property(spec, fc.jsonValue(), (written, metadata) => {
        const object = { kind, metadata, spec: written };
        const { policy } = reader.read(object);
        return policy !== undefined && isComplete(policy, object);
      }),
      { numRuns: RUNS },
    );
  });

  test("is no narrower with one more rule that allows, and no wider with one that denies", () => {
    fc.assert(
      fc.property(rules, rule("Allow"), rule("Deny"), fc.nat(), (egress, allowing, denying, place) => {
        const withRule = (added: JsonObject) => egress.toSpliced(place % (egress.length + 1), 0, added);
        const reading = read(kind, { egress });
        const isWider = isNoWider(reading, read(kind, { egress: withRule(allowing) }), "egress");
        return isWider && isNoWider(read(kind, { egress: withRule(denying) }), reading, "egress");
      }),
      { numRuns: RUNS },
    );
  });
});
