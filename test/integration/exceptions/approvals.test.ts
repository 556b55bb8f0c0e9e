/**
 * @module Approvals that were forged, bent, copied or worn out: J1 to J7 of reliability-security.md §11. Every row says what
 * has become of the approval; only "verified" may count.
 */
import { createHmac, createPublicKey } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Refusal } from "../../../src/exceptions/approval-claims.ts";
import { type ApprovalStatus, ApprovalVerifier, type Revoked } from "../../../src/exceptions/approval-verifier.ts";
import { parseKeySet } from "../../../src/exceptions/approver-keys.ts";
import { approval, type Approver, base64url, claims, header, ISSUED, keySet, makeApprover, signRaw } from "./forge.ts";

const bob = makeApprover("bob");
const carol = makeApprover("carol", "EdDSA");
/** Knows nobody. */
const mallory = makeApprover("bob");
const KEYS = parseKeySet(keySet(bob.publicJwk, carol.publicJwk));
const NOTHING_REVOKED: Revoked = { ids: [], keys: [], issuedBefore: null };

function verifier(options: { audience?: string | null; keys?: typeof KEYS | null; revoked?: Partial<Revoked> } = {}) {
  const { audience = "prod", keys = KEYS, revoked = {} } = options;
  return new ApprovalVerifier({
    audience,
    keys: keys === null ? null : { current: () => keys },
    revoked: { ...NOTHING_REVOKED, ...revoked },
  });
}

async function judge(token: string, by = verifier()): Promise<ApprovalStatus> {
  await by.prepare([token]);
  return by.status(token);
}

const payload = (changes: Readonly<Record<string, unknown>> = {}) => JSON.stringify(claims(changes));
/** So many findings with messages of 1,900 characters. */
const messages = (count: number) => ({
  traffic: null,
  findings: Array.from({ length: count }, () => ({ guardrail: "any-any", message: "x".repeat(1900) })),
});
const unsigned = (head: string, signature = "") => `${base64url(head)}.${base64url(payload())}.${signature}`;
const without = (name: string) => {
  const { [name]: _, ...rest } = claims() as unknown as Record<string, unknown>;
  return JSON.stringify(rest);
};

function publicPem(approver: Approver): string {
  return createPublicKey({ key: approver.publicJwk, format: "jwk" }).export({ type: "spki", format: "pem" });
}

function macSigned(secret: string | Buffer): string {
  const input = `${base64url(header(bob, { alg: "HS256" }))}.${base64url(payload())}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** (r, s) as (r, n - s): as good a signature of the same text. */
function otherSignature(token: string): string {
  const [head = "", body = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const s = BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const other = Buffer.from((P256_ORDER - s).toString(16).padStart(64, "0"), "hex");
  return `${head}.${body}.${Buffer.concat([bytes.subarray(0, 32), other]).toString("base64url")}`;
}

/** 64 bytes leave four bits of the last character without meaning. */
function strayBits(token: string): string {
  const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".indexOf(token.at(-1) ?? "");
  return token.slice(0, -1) + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".charAt(last ^ 1);
}

/** base64 with + and /, as an encoder that isn't for URLs writes it. */
function inOtherAlphabet(): string {
  // One signature in fifteen has neither character: then there is nothing to write differently.
  for (;;) {
    const token = approval(bob);
    const other = token.replaceAll("-", "+").replaceAll("_", "/");
    if (other !== token) return other;
  }
}

type Row = readonly [name: string, token: () => string, status: Refusal | "verified"];

const ROWS: readonly Row[] = [
  ["a good one, ES256", () => approval(bob), "verified"],
  ["a good one, EdDSA", () => approval(carol), "verified"],
  ["a renewal", () => approval(bob, { renewal: { count: 1, first: ISSUED - 100, previous: "a" } }), "verified"],
  [
    "for a generated name",
    () => approval(bob, { object: { group: "", kind: "Pod", namespace: "a", name: "job-*" } }),
    "verified",
  ],

  ["J1 no signature, alg none", () => unsigned(JSON.stringify({ alg: "none" })), "malformed"],
  [
    "J1 alg none with all the rest",
    () => unsigned(header(bob, { alg: "none" }), base64url(Buffer.alloc(64))),
    "malformed",
  ],
  ["J1 alg None", () => unsigned(header(bob, { alg: "None" }), base64url(Buffer.alloc(64))), "malformed"],
  ["J1 HS256 with the public PEM as secret", () => macSigned(publicPem(bob)), "malformed"],
  ["J1 HS256 with the JWK as secret", () => macSigned(JSON.stringify(bob.publicJwk)), "malformed"],
  ["J1 RS256", () => signRaw(bob, header(bob, { alg: "RS256" }), payload()), "malformed"],
  ["J1 ES384", () => signRaw(bob, header(bob, { alg: "ES384" }), payload()), "malformed"],
  [
    "J1 Ed25519, the other name of EdDSA",
    () => signRaw(carol, header(carol, { alg: "Ed25519" }), payload({ sub: "carol" })),
    "malformed",
  ],
  [
    "J1 the key is for the other algorithm",
    () => signRaw(carol, header(carol, { kid: bob.kid }), payload()),
    "bad-signature",
  ],
  [
    "J1 ES256 said, EdDSA signed",
    () => signRaw(carol, header(carol, { alg: "ES256" }), payload({ sub: "carol" })),
    "bad-signature",
  ],
  ["J1 a signature of zeros", () => unsigned(header(bob), base64url(Buffer.alloc(64))), "bad-signature"],
  ["J1 somebody else's key under a known kid", () => signRaw(mallory, header(bob), payload()), "bad-signature"],
  ["J1 a key that nobody knows", () => approval(mallory), "unknown-key"],
  ["J1 one approver in the name of another", () => approval(carol, { sub: "bob" }), "bad-signature"],
  ["J1 one approver in another case", () => approval(bob, { sub: "Bob" }), "bad-signature"],

  ...["iss", "sub", "requester", "aud", "jti", "iat", "nbf", "exp", "guardrails", "object", "reason", "excuses"].map(
    (name): Row => [`J2 without ${name}`, () => signRaw(bob, header(bob), without(name)), "malformed"],
  ),
  ["J2 another issuer", () => approval(bob, { iss: "https://accounts.example.com" }), "malformed"],
  ["J2 another audience", () => approval(bob, { aud: "staging" }), "wrong-audience"],
  ["J2 an audience in another case", () => approval(bob, { aud: "Prod" }), "wrong-audience"],
  ["J2 an audience with a space", () => approval(bob, { aud: "prod " }), "malformed"],
  ["J2 a list of audiences", () => approval(bob, { aud: ["staging", "prod"] }), "malformed"],
  ["J2 an unknown claim", () => approval(bob, { admin: true }), "malformed"],
  [
    "J2 a claim __proto__",
    () => signRaw(bob, header(bob), payload().replace("{", '{"__proto__":{"sub":"bob"},')),
    "malformed",
  ],

  ["J3 for a hundred years", () => approval(bob, { exp: ISSUED + 36_525 * 86_400 }), "malformed"],
  ["J3 until 2100", () => approval(bob, { exp: 4_133_980_799 }), "too-long"],
  ["J3 for 366 days", () => approval(bob, { exp: ISSUED + 366 * 86_400 }), "verified"],
  ["J3 for a second more", () => approval(bob, { exp: ISSUED + 366 * 86_400 + 1 }), "too-long"],
  ["J3 exp as text", () => approval(bob, { exp: String(ISSUED + 10) }), "malformed"],
  ["J3 exp with a fraction", () => approval(bob, { exp: ISSUED + 10.5 }), "malformed"],
  ["J3 exp 1e400", () => signRaw(bob, header(bob), payload().replace(/"exp":\d+/, '"exp":1e400')), "malformed"],
  ["J3 exp null", () => approval(bob, { exp: null }), "malformed"],
  ["J3 exp negative", () => approval(bob, { exp: -1 }), "malformed"],
  ["J3 exp in milliseconds", () => approval(bob, { exp: ISSUED * 1000 }), "malformed"],
  ["J3 ends before it begins", () => approval(bob, { exp: ISSUED - 60 }), "malformed"],
  ["J3 begins long before it was signed", () => approval(bob, { nbf: ISSUED - 61 }), "malformed"],
  ["J3 iat of another century", () => approval(bob, { iat: 1, nbf: 1 }), "malformed"],

  ...["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "cty", "x5t#S256"].map(
    (name): Row => [`J4 header ${name}`, () => signRaw(bob, header(bob, { [name]: "x" }), payload()), "malformed"],
  ),
  [
    "J4 the attacker's own key in jwk",
    () => signRaw(mallory, header(mallory, { jwk: mallory.publicJwk }), payload()),
    "malformed",
  ],
  ["J4 kid is a path", () => signRaw(bob, header(bob, { kid: "../../etc/passwd" }), payload()), "malformed"],
  ["J4 kid is long", () => signRaw(bob, header(bob, { kid: "k".repeat(65) }), payload()), "malformed"],
  ["J4 kid is empty", () => signRaw(bob, header(bob, { kid: "" }), payload()), "malformed"],
  ["J4 kid is a list", () => signRaw(bob, header(bob, { kid: [bob.kid] }), payload()), "malformed"],
  ["J4 kid is constructor", () => signRaw(bob, header(bob, { kid: "constructor" }), payload()), "unknown-key"],
  ["J4 kid is __proto__", () => signRaw(bob, header(bob, { kid: "__proto__" }), payload()), "unknown-key"],
  ["J4 no kid", () => signRaw(bob, header(bob, { kid: undefined, extra: 1 }), payload()), "malformed"],
  ["J4 another typ", () => signRaw(bob, header(bob, { typ: "JWT" }), payload()), "malformed"],
  [
    "J4 typ in another case",
    () => signRaw(bob, header(bob, { typ: "Ringfence-Exception+JWT" }), payload()),
    "malformed",
  ],

  ["J5 padding", () => `${approval(bob)}==`, "malformed"],
  ["J5 a line break inside", () => approval(bob).replace(".", ".\n"), "malformed"],
  ["J5 a line break at the end", () => `${approval(bob)}\n`, "malformed"],
  ["J5 stray bits at the end", () => strayBits(approval(bob)), "malformed"],
  ["J5 (r, n - s)", () => otherSignature(approval(bob)), "verified"],
  ["J5 plus and slash", inOtherAlphabet, "malformed"],
  ["J5 two parts", () => approval(bob).split(".").slice(0, 2).join("."), "malformed"],
  ["J5 four parts", () => `${approval(bob)}.x`, "malformed"],
  ["J5 five parts, an encrypted one", () => "a.b.c.d.e", "malformed"],
  ["J5 a DER signature", () => approval(bob).replace(/[^.]+$/, base64url(Buffer.alloc(70, 1))), "malformed"],
  ["J5 JSON serialisation", () => JSON.stringify({ payload: base64url(payload()), signatures: [] }), "malformed"],

  ["J6 sub twice", () => signRaw(bob, header(bob), payload().replace("{", '{"sub":"carol",')), "malformed"],
  ["J6 exp twice", () => signRaw(bob, header(bob), payload().replace(/\}$/, `,"exp":${ISSUED + 9}}`)), "malformed"],
  ["J6 alg twice", () => signRaw(bob, header(bob).replace("{", '{"alg":"none",'), payload()), "malformed"],
  [
    "J6 a key in escapes is the same key",
    () => signRaw(bob, header(bob), payload().replace("{", String.raw`{"\u0073ub":"carol",`)),
    "malformed",
  ],
  ["J6 text behind the payload", () => signRaw(bob, header(bob), `${payload()} x`), "malformed"],
  ["J6 a byte order mark", () => signRaw(bob, header(bob), `\ufeff${payload()}`), "malformed"],
  ["J6 the payload is a list", () => signRaw(bob, header(bob), `[${payload()}]`), "malformed"],
  ["J6 the payload is null", () => signRaw(bob, header(bob), "null"), "malformed"],
  ["J6 not JSON", () => signRaw(bob, header(bob), "{'sub':'bob'}"), "malformed"],
  [
    "J6 nested deep",
    () =>
      signRaw(
        bob,
        header(bob),
        payload().replace('"traffic":null', `"traffic":${'{"a":'.repeat(40)}1${"}".repeat(40)}`),
      ),
    "malformed",
  ],

  ["J7 a large one", () => approval(bob, { excuses: messages(2) }), "verified"],
  ["J7 a good one that is too large", () => approval(bob, { excuses: messages(4) }), "malformed"],
  ["J7 8193 characters", () => approval(bob).padEnd(8193, "A"), "malformed"],
  ["J7 ten million characters", () => "A".repeat(10_000_000), "malformed"],
  ["J7 a long reason", () => approval(bob, { reason: "x".repeat(1001) }), "malformed"],
  ["J7 empty", () => "", "malformed"],

  ["approved by who asks", () => approval(bob, { requester: "bob" }), "self-approved"],
  ["approved by who asks, in another case", () => approval(bob, { requester: "BOB" }), "self-approved"],
  ["a requester with spaces", () => approval(bob, { requester: " alice" }), "malformed"],
  ["a requester that looks like another", () => approval(bob, { requester: "\u0430lice" }), "malformed"],
  ["no guardrail", () => approval(bob, { guardrails: [] }), "malformed"],
  ["every guardrail", () => approval(bob, { guardrails: ["*"] }), "malformed"],
  ["a guardrail twice", () => approval(bob, { guardrails: ["any-any", "any-any"] }), "malformed"],
  ["guardrails as text", () => approval(bob, { guardrails: "any-any" }), "malformed"],
  ["an object without namespace", () => approval(bob, { object: { group: "", kind: "Pod", name: "a" } }), "malformed"],
  [
    "an object with more",
    () => approval(bob, { object: { group: "", kind: "Pod", namespace: "", name: "a", uid: "1" } }),
    "malformed",
  ],
  ["excuses nothing that is known", () => approval(bob, { excuses: {} }), "malformed"],
  ["excuses everything", () => approval(bob, { excuses: "*" }), "malformed"],
  ["jti is a path", () => approval(bob, { jti: "a/b" }), "malformed"],
  ["renewal number 0", () => approval(bob, { renewal: { count: 0, first: ISSUED, previous: "a" } }), "malformed"],
  ["renewal without a count", () => approval(bob, { renewal: { first: ISSUED, previous: "a" } }), "malformed"],
];

describe("approvals", () => {
  test.each(ROWS)("%s", async (_, token, expected) => {
    const { status } = await judge(token());
    expect(status).toBe(expected);
  });

  test("the same one in other spellings has the same id, or isn't one", async () => {
    const token = approval(bob);
    const spellings = [token, `${token}==`, token.replace(".", "\n."), strayBits(token), otherSignature(token)];
    expect(new Set(spellings).size).toBe(5);
    const ids = new Set<string>();
    for (const spelling of spellings) {
      const status = await judge(spelling);
      if (status.status === "verified") ids.add(status.claims.jti);
    }
    expect([...ids]).toEqual(["3f0c2a5e-0001"]);
  });

  test("one that was changed by a single bit, anywhere, never counts with other claims", async () => {
    const token = approval(bob);
    const by = verifier();
    for (let index = 0; index < token.length; index += 3) {
      const code = token.charCodeAt(index);
      const changed = token.slice(0, index) + String.fromCharCode(code ^ 1) + token.slice(index + 1);
      expect((await judge(changed, by)).status).not.toBe("verified");
    }
  });
});

describe("what isn't set up", () => {
  test("no audience", async () => {
    expect((await judge(approval(bob), verifier({ audience: null }))).status).toBe("no-keys-configured");
  });
  test("no keys", async () => {
    expect((await judge(approval(bob), verifier({ keys: null }))).status).toBe("no-keys-configured");
  });
  test("a set without keys", async () => {
    expect((await judge(approval(bob), verifier({ keys: parseKeySet(keySet()) }))).status).toBe("unknown-key");
  });
  test("keys that can't be read", () => {
    const by = new ApprovalVerifier({ audience: "prod", keys: { current: () => null }, revoked: NOTHING_REVOKED });
    expect(by.status(approval(bob)).status).toBe("keys-unavailable");
  });
  test("an approval that nobody prepared", () => {
    expect(verifier().status(approval(bob))).toMatchObject({ status: "malformed", claims: null });
  });
});

describe("revoked", () => {
  const rows: readonly (readonly [string, Partial<Revoked>, Refusal | "verified"])[] = [
    ["by id", { ids: ["3f0c2a5e-0001"] }, "revoked"],
    ["another id", { ids: ["3f0c2a5e-0002"] }, "verified"],
    ["by key", { keys: [bob.kid] }, "revoked"],
    ["another key", { keys: [carol.kid] }, "verified"],
    ["signed a second before", { issuedBefore: ISSUED + 1 }, "revoked"],
    ["signed at that moment", { issuedBefore: ISSUED }, "verified"],
  ];
  test.each(rows)("%s", async (_, revoked, expected) => {
    expect((await judge(approval(bob), verifier({ revoked }))).status).toBe(expected);
  });
  test("in the other spelling of the signature too", async () => {
    expect((await judge(otherSignature(approval(bob)), verifier({ revoked: { ids: ["3f0c2a5e-0001"] } }))).status).toBe(
      "revoked",
    );
  });
});

describe("what is remembered", () => {
  test("counts only with the keys that it was verified with", async () => {
    let keys = KEYS;
    const by = new ApprovalVerifier({ audience: "prod", keys: { current: () => keys }, revoked: NOTHING_REVOKED });
    const token = approval(bob);
    expect((await judge(token, by)).status).toBe("verified");
    keys = parseKeySet(keySet(carol.publicJwk));
    expect(by.status(token).status).toBe("malformed");
    expect((await judge(token, by)).status).toBe("unknown-key");
  });

  test("is bounded, and what is used stays", async () => {
    const by = verifier();
    const token = approval(bob);
    await by.prepare([token]);
    for (let index = 0; index < 3000; index += 1) {
      await by.prepare([`junk-${index}`]);
      if (index % 1000 === 0) expect(by.status(token).status).toBe("verified");
    }
    expect(by.status("junk-2999").status).toBe("malformed");
    expect((by.status("junk-0") as { detail: string }).detail).toBe("it was not verified");
    expect(by.status(token).status).toBe("verified");
  });

  let first = 0;
  beforeAll(async () => {
    // The first signature of a process also loads the algorithm.
    first = (await judge(approval(bob))).status.length;
  });
  test("costs nothing the second time", async () => {
    expect(first).toBeGreaterThan(0);
    const by = verifier();
    const token = approval(bob);
    await by.prepare([token]);
    const start = performance.now();
    for (let index = 0; index < 1000; index += 1) {
      await by.prepare([token]);
      by.status(token);
    }
    // A verification takes 100 µs and more.
    expect((performance.now() - start) / 1000).toBeLessThan(0.05);
  });
});
