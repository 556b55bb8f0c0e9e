/**
 * @module Input that is no facts document is an error or an answer that does not count, never one without findings.
 */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MalformedReview } from "../../../src/admission/admission-review.ts";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { defaultSettings } from "../../../src/engine/settings.ts";
import { PolicyFault, WasmHost } from "../../../src/engine/wasm-host.ts";
import { anyAnyRequest, BUNDLE, factsOf } from "./facts-of-samples.ts";

const ANY_ANY = anyAnyRequest();
const [[, FACTS] = []] = factsOf("any-any", ANY_ANY);
const TEXT = JSON.stringify(FACTS);

const settings = defaultSettings(BUNDLE.manifest);
const newHost = () => new WasmHost(BUNDLE.module, JSON.stringify({ ringfence: { settings } }));

/** The golden vector: what the host answers to known facts. */
function expectRightAnswer(host: WasmHost): void {
  const [answer] = JSON.parse(host.evaluate(host.entrypoints.get("ringfence/main/network") ?? -1, TEXT)) as [
    { result: { uid: string; digest: string; findings: { guardrail: string }[] } },
  ];
  expect(answer.result).toMatchObject({ uid: "any-any", digest: BUNDLE.digest });
  expect(answer.result.findings.map(({ guardrail }) => guardrail)).toEqual(["any-any"]);
}

/** Whether an answer would count as one to these facts: {@link Engine} asks for the echo of both values. */
function hasEcho(output: string): boolean {
  const [answer] = JSON.parse(output) as [{ result?: { uid?: unknown; digest?: unknown } }?];
  return answer?.result?.uid === ANY_ANY.uid && answer?.result?.digest === BUNDLE.digest;
}

describe("input that is no facts document", () => {
  const host = newHost();
  const network = host.entrypoints.get("ringfence/main/network") ?? -1;

  test.each([
    ["nothing", ""],
    ["white space", " \n"],
    ["undefined", "undefined"],
    ["half of the facts", TEXT.slice(0, TEXT.length / 2)],
    ["single quotes", TEXT.replaceAll('"', "'")],
    ["a number that is none", '{"uid": NaN}'],
    ["an unfinished text", '{"uid": "a'],
    ["a lone escape", '{"uid": "\\'],
    ["half of a surrogate pair", '{"uid": "\\ud800"}'],
    ["a zero byte", "\u0000"],
    ["lists in lists, very deep", "[".repeat(200_000)],
  ])("%s is refused", (_name, text) => {
    expect(() => host.evaluate(network, text)).toThrow(PolicyFault);
    expectRightAnswer(host);
  });

  test.each([
    ["null", "null"],
    ["true", "true"],
    ["a number", "7"],
    ["a text", '"facts"'],
    ["a list", `[${TEXT}]`],
    ["an empty object", "{}"],
    ["no uid", JSON.stringify({ ...FACTS, uid: undefined })],
    ["no digest", JSON.stringify({ ...FACTS, digest: undefined })],
    ["null for uid", JSON.stringify({ ...FACTS, uid: null })],
    ["the uid of another review", JSON.stringify({ ...FACTS, uid: "another" })],
    ["the digest of another bundle", JSON.stringify({ ...FACTS, digest: "sha256:0" })],
  ])("%s has no answer with the echo", (_name, text) => {
    expect(hasEcho(host.evaluate(network, text))).toBe(false);
    expectRightAnswer(host);
  });

  test("the instance that failed is not used again", () => {
    // Every instance has a table of its own.
    const before = host.entrypoints;
    expectRightAnswer(host);
    expect(host.entrypoints).toBe(before);

    expect(() => host.evaluate(network, "no JSON")).toThrow(PolicyFault);
    expect(host.entrypoints).not.toBe(before);
  });

  test("an entrypoint that isn't there is refused", () => {
    expect(() => host.evaluate(-1, TEXT)).toThrow(PolicyFault);
    expect(() => host.evaluate(99, TEXT)).toThrow(PolicyFault);
    expectRightAnswer(host);
  });

  test("1,000 random damages never give an answer with the echo", () => {
    let refused = 0;
    fc.assert(
      fc.property(damagedText(TEXT), (text) => {
        fc.pre(damageOf(text) === "not JSON");
        try {
          expect(hasEcho(host.evaluate(network, text))).toBe(false);
        } catch (cause) {
          if (!(cause instanceof PolicyFault)) throw cause;
          refused += 1;
        }
      }),
      { numRuns: 1000, maxSkipsPerRun: 100 },
    );

    expect(refused).toBeGreaterThan(900);
    expectRightAnswer(host);
  });
});

test("1,000 random damages of an AdmissionReview are never allowed", () => {
  const engine = new Engine(BUNDLE, settings);
  const judge = new ReviewJudge(() => engine, undefined);
  const review = JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "any-any",
      kind: { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy" },
      resource: { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" },
      name: "web",
      namespace: "shop",
      operation: "CREATE",
      userInfo: { username: "alice", groups: [] },
      object: ANY_ANY.object,
      oldObject: null,
    },
  });
  const resultOf = (text: string) => {
    try {
      const reviewed = judge.validate(Buffer.from(text));
      return "decision" in reviewed ? reviewed.decision.result : "unexpectedly asynchronous";
    } catch (cause) {
      if (!(cause instanceof MalformedReview)) throw cause;
      return "refused";
    }
  };

  expect(resultOf(review)).toBe("denied");
  fc.assert(
    fc.property(damagedText(review), (text) => {
      fc.pre(damageOf(text) !== "none");
      expect(["refused", "denied", "error"]).toContain(resultOf(text));
    }),
    { numRuns: 1000, maxSkipsPerRun: 100 },
  );
});

/** The text with something cut out, put in or put over. */
function damagedText(text: string): fc.Arbitrary<string> {
  const place = fc.nat(text.length - 1);
  return fc
    .tuple(
      place,
      fc.nat(20),
      fc.oneof(fc.constant(""), fc.string({ maxLength: 5 }), fc.string({ unit: "binary", maxLength: 5 })),
    )
    .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
}

/** OPA's parser stops after the first value: what follows it is not read, and the engine never writes anything there. */
function damageOf(text: string): "none" | "something behind it" | "not JSON" {
  try {
    JSON.parse(text);
    return "none";
  } catch (cause) {
    return String(cause).includes("after JSON") ? "something behind it" : "not JSON";
  }
}

describe("memory", () => {
  test("is what it was at the start after one input of 6 MB and a small one", () => {
    const host = newHost();
    expectRightAnswer(host);
    const before = host.memoryBytes;
    const network = host.entrypoints.get("ringfence/main/network") ?? -1;
    const large = JSON.stringify({ ...FACTS, padding: "x".repeat(6_000_000) });

    expect(hasEcho(host.evaluate(network, large))).toBe(true);
    expectRightAnswer(host);
    expect(host.memoryBytes).toBe(before);
  });

  test("has an end: an input that is larger than all of it is refused", () => {
    const host = newHost();
    const network = host.entrypoints.get("ringfence/main/network") ?? -1;

    expect(() => host.evaluate(network, `"${"x".repeat(140_000_000)}"`)).toThrow(PolicyFault);
    expectRightAnswer(host);
  });

  test("doesn't grow with the number of evaluations", () => {
    const host = newHost();
    for (let round = 0; round < 100; round += 1) expectRightAnswer(host);
    const before = host.memoryBytes;
    for (let round = 0; round < 2000; round += 1) expectRightAnswer(host);

    expect(host.memoryBytes).toBe(before);
  });
});
