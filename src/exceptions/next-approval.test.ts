/**
 * @module What is signed next: a first approval, one more in the same round, a renewal, or nothing.
 */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import type { ExceptionAnnotations } from "./annotations.ts";
import { signApproval } from "./approval.ts";
import type { ApprovalClaims } from "./approval-claims.ts";
import { type ApprovalRequest, type NextApproval, nextApproval } from "./next-approval.ts";

const NOW = 1_796_083_200;
const DAY = 86_400;
const { privateKey } = generateKeyPairSync("ed25519");

const ASKED: ExceptionAnnotations = {
  pointer: "/metadata/annotations",
  guardrails: ["any-any"],
  reason: "SEC-1",
  expires: null,
  ttl: DAY,
  requester: "alice",
  approvals: [],
};
const EXCUSES: ApprovalClaims["excuses"] = { traffic: null, findings: [{ guardrail: "any-any", message: "m" }] };
const OBJECT = { group: "", kind: "Pod", namespace: "shop", name: "web" };

function request(
  annotations: Partial<ExceptionAnnotations> = {},
  changes: Partial<ApprovalRequest> = {},
): ApprovalRequest {
  return {
    annotations: { ...ASKED, ...annotations },
    object: OBJECT,
    excuses: EXCUSES,
    approver: "bob",
    audience: "prod",
    until: null,
    now: NOW,
    ...changes,
  };
}

function next(of: ApprovalRequest): NextApproval {
  const found = nextApproval(of);
  if (typeof found === "string") throw new Error(found);
  return found;
}

/** The annotations after an approval, as `exception approve` writes them. */
async function approved(of: ApprovalRequest): Promise<Partial<ExceptionAnnotations>> {
  const { claims, kept } = next(of);
  const token = await signApproval(claims, { algorithm: "EdDSA", kid: "k", key: privateKey });
  return { approvals: [...kept, token], expires: claims.exp, ttl: null };
}

test("a first approval begins now", () => {
  expect(next(request())).toEqual({
    kept: [],
    claims: {
      iss: "ringfence",
      sub: "bob",
      requester: "alice",
      aud: "prod",
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: NOW,
      nbf: NOW - 60,
      exp: NOW + DAY,
      guardrails: ["any-any"],
      object: OBJECT,
      reason: "SEC-1",
      excuses: EXCUSES,
    },
  });
});

describe("the end", () => {
  test("is what the approver chooses", () => expect(next(request({}, { until: NOW + 5 })).claims.exp).toBe(NOW + 5));
  test("is what the object says where no length is said", () =>
    expect(next(request({ ttl: null, expires: NOW + 7 })).claims.exp).toBe(NOW + 7));
});

test.each<readonly [string, Partial<ExceptionAnnotations>, Partial<ApprovalRequest>, string]>([
  ["the requester", {}, { approver: "ALICE" }, "nobody approves their own"],
  ["nobody asks", { requester: "" }, {}, "doesn't say who asks"],
  ["no reason", { reason: "" }, {}, "gives no reason"],
  ["no end", { ttl: null }, {}, "doesn't say for how long"],
  ["an end now", {}, { until: NOW }, "would have ended already"],
  ["an end that has passed", { ttl: null, expires: NOW - 1 }, {}, "would have ended already"],
  ["more than a year", { ttl: 367 * DAY }, {}, "more than a year"],
])("nothing is signed: %s", (_, annotations, changes, why) => {
  expect(nextApproval(request(annotations, changes))).toContain(why);
});

describe("one more approver", () => {
  test("keeps the first one's approval, end and number", async () => {
    const first = await approved(request());
    const second = next(request(first, { approver: "carol", now: NOW + 100 }));
    expect(second.kept).toEqual(first.approvals);
    expect(second.claims).toMatchObject({ sub: "carol", iat: NOW + 100, exp: NOW + DAY });
    expect(second.claims.renewal).toBeUndefined();
  });

  test("can't be the same again", async () => {
    expect(nextApproval(request(await approved(request())))).toContain("has approved exactly this already");
  });

  test.each<readonly [string, Partial<ExceptionAnnotations>, Partial<ApprovalRequest>]>([
    ["other words", { reason: "SEC-2" }, {}],
    ["more guardrails", { guardrails: ["any-any", "any-port"] }, {}],
    ["another requester", { requester: "dora" }, {}],
    ["other findings", {}, { excuses: { traffic: null, findings: [] } }],
    ["another cluster", {}, { audience: "staging" }],
    ["asked for anew", { ttl: DAY, expires: null }, {}],
    ["after its end", { ttl: DAY }, { now: NOW + DAY }],
  ])("is a renewal instead: %s", async (_, annotations, changes) => {
    const first = await approved(request());
    const { kept, claims } = next(request({ ...first, ttl: DAY, ...annotations }, { approver: "carol", ...changes }));
    expect(kept).toEqual([]);
    expect(claims.renewal).toMatchObject({ count: 1, first: NOW });
  });
});

describe("a renewal", () => {
  test("counts on, and remembers the first", async () => {
    const first = await approved(request());
    const again = { ttl: DAY, expires: null };
    const second = await approved(request({ ...first, ...again }, { now: NOW + 10 }));
    const third = next(request({ ...second, ...again }, { now: NOW + 20 }));
    expect(third.claims.renewal).toMatchObject({ count: 2, first: NOW });
  });

  test("is none where the earlier one was for something else", async () => {
    const again = { ttl: DAY, expires: null };
    const first = { ...(await approved(request())), ...again };
    expect(next(request(first, { object: { ...OBJECT, name: "api" } })).claims.renewal).toBeUndefined();
    expect(next(request({ ...first, guardrails: ["host-port"] })).claims.renewal).toBeUndefined();
    expect(next(request({ ...first, approvals: ["junk"] })).claims.renewal).toBeUndefined();
  });
});
