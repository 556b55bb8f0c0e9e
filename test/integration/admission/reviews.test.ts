/**
 * @module AdmissionReviews through the real bundle with the shipped settings: the rows of test/tables/admission.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import { MalformedReview } from "../../../src/admission/admission-review.ts";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { loadEngine } from "../../../src/engine/live-engine.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";

interface Row {
  readonly name: string;
  readonly object?: { apiVersion: string; kind: string; metadata: { name?: string; namespace?: string } };
  readonly request?: Record<string, unknown>;
  readonly body?: string;
  readonly expect: {
    readonly malformed?: boolean;
    readonly allowed?: boolean;
    readonly code?: number;
    readonly guardrails?: readonly string[];
    readonly message?: readonly string[];
    readonly warnings?: readonly string[];
  };
}

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: { code: number; message: string };
  readonly warnings?: readonly string[];
  readonly auditAnnotations?: { bundle: string; guardrails?: string };
}

const ROWS = load(readFileSync(join(import.meta.dirname, "../../tables/admission/reviews.yaml"), "utf8")) as Row[];

function body(row: Row): Uint8Array {
  if (row.body !== undefined) return new TextEncoder().encode(row.body);
  const { object } = row;
  const [group, version] = object?.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", object?.apiVersion];
  const request = {
    uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
    kind: { group, version, kind: object?.kind },
    resource: { group, version, resource: "whatever" },
    name: object?.metadata.name ?? "",
    namespace: object?.metadata.namespace ?? "",
    operation: "CREATE",
    userInfo: { username: "alice", groups: ["system:authenticated"] },
    object: object ?? null,
    oldObject: null,
    dryRun: false,
    ...row.request,
  };
  return new TextEncoder().encode(
    JSON.stringify({ kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request }),
  );
}

describe("AdmissionReview", () => {
  let engine: Engine;
  let judge: ReviewJudge;
  beforeAll(async () => {
    engine = await loadEngine({ bundle: SHIPPED_BUNDLE, settings: SHIPPED_SETTINGS });
    judge = new ReviewJudge(() => engine, undefined);
  });

  test.each(ROWS.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
    if (row.expect.malformed === true) {
      expect(() => judge.validate(body(row))).toThrow(MalformedReview);
      return;
    }
    const { response } = await judge.validate(body(row));
    const review = JSON.parse(response) as { apiVersion: string; kind: string; response: Response };
    expect(review).toMatchObject({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" });
    expect(review.response).not.toHaveProperty("patch");
    expect({ allowed: review.response.allowed, text: review.response.status?.message }).toMatchObject({
      allowed: row.expect.allowed,
    });
    if (row.expect.code !== undefined) expect(review.response.status?.code).toBe(row.expect.code);
    if (row.expect.guardrails !== undefined) {
      expect(review.response.auditAnnotations?.guardrails?.split(",")).toEqual(row.expect.guardrails);
      expect(review.response.auditAnnotations?.bundle).toBe(engine.digest);
    }
    for (const text of row.expect.message ?? []) expect(review.response.status?.message).toContain(text);
    if (row.expect.warnings?.length === 0) expect(review.response.warnings).toBeUndefined();
    for (const text of row.expect.warnings ?? []) expect(review.response.warnings?.join("\n")).toContain(text);
  });
});
