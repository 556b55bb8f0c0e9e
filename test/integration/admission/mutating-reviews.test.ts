/**
 * @module Reviews of the mutating webhook, bytes in and text out: the rows of test/tables/admission/mutations.yaml.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { load } from "js-yaml";
import type { NamespaceLabels } from "../../../src/admission/namespaces.ts";
import { MalformedReview } from "../../../src/admission/admission-review.ts";
import { ReviewJudge } from "../../../src/admission/review-judge.ts";
import { readBundle } from "../../../src/engine/bundle.ts";
import type { MutateSettings } from "../../../src/engine/default-deny-settings.ts";
import { Engine } from "../../../src/engine/engine.ts";
import { splitApiVersion } from "../../../src/engine/judge-request.ts";
import { readSettings } from "../../../src/engine/settings.ts";
import { SHIPPED_BUNDLE, SHIPPED_SETTINGS } from "../../../src/engine/shipped-files.ts";

interface Row {
  readonly name: string;
  readonly settings: Partial<MutateSettings>;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  };
  readonly request?: Readonly<Record<string, unknown>>;
  readonly patch?: readonly object[];
}

const ROWS = load(readFileSync(join(import.meta.dirname, "../../tables/admission/mutations.yaml"), "utf8")) as Row[];
const LABELS = { owner: "shop-team", "security-domain": "shop", "example.com/team": "a" };

const bundle = readBundle(SHIPPED_BUNDLE);
const shipped = await readSettings(SHIPPED_SETTINGS, bundle.manifest);

function judgeWith(mutate: Partial<MutateSettings>, namespaces?: NamespaceLabels): ReviewJudge {
  const settings = { ...shipped, mutate: { policyTypes: false, labelsFromNamespace: [], ...mutate } };
  const engine = new Engine(bundle, settings);
  return new ReviewJudge(() => engine, namespaces);
}

function cluster(
  cached: Record<string, string> | undefined,
  answer: () => Promise<Record<string, string> | undefined>,
) {
  return { cached: () => cached, lookup: answer, isTerminating: async () => false };
}

function body({ object, request }: Pick<Row, "object" | "request">): Uint8Array {
  const whole = {
    uid: "705ab4f5",
    kind: { ...splitApiVersion(object.apiVersion), kind: object.kind },
    resource: { group: "", version: "v1", resource: "whatever" },
    name: object.metadata["name"] ?? "",
    namespace: object.metadata["namespace"] ?? "",
    operation: "CREATE",
    userInfo: { username: "alice", groups: [] },
    object,
    oldObject: null,
    ...request,
  };
  return Buffer.from(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: whole }));
}

/** The response; its patch decoded, and always with its type. */
function responseOf(text: string) {
  const { response } = JSON.parse(text) as { response: Record<string, unknown> };
  const { patch, patchType, ...rest } = response;
  expect(patchType).toBe(patch === undefined ? undefined : "JSONPatch");
  const decoded =
    typeof patch === "string" ? (JSON.parse(Buffer.from(patch, "base64").toString()) as unknown) : undefined;
  return { ...rest, ...(decoded === undefined ? {} : { patch: decoded }) };
}

test.each(ROWS)("$name", async (row) => {
  const judge = judgeWith(
    row.settings,
    cluster(LABELS, async () => LABELS),
  );
  const { response } = await judge.mutate(body(row));
  expect(responseOf(response)).toEqual({
    uid: "705ab4f5",
    allowed: true,
    ...(row.patch === undefined ? {} : { patch: row.patch }),
  });
});

describe("labels of a namespace that the watch doesn't know yet", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" } };
  const settings = { labelsFromNamespace: ["owner"] };

  test("are asked for", async () => {
    const judge = judgeWith(
      settings,
      cluster(undefined, async () => LABELS),
    );
    const { response } = await judge.mutate(body({ object: pod }));
    expect(responseOf(response)).toMatchObject({
      patch: [{ path: "/metadata/labels", value: { owner: "shop-team" } }],
    });
  });

  test.each([
    ["no answer", () => Promise.reject(new Error("no answer in 1 s")), "can't be had: no answer in 1 s"],
    ["no namespace", async () => undefined, "the namespace shop doesn't exist"],
  ])("are a denial without an answer: %s", async (_name, answer, reason) => {
    const { response, decision } = await judgeWith(settings, cluster(undefined, answer)).mutate(body({ object: pod }));
    expect(responseOf(response)).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(response).toContain(reason);
    expect(decision.result).toBe("error");
  });

  test("aren't known without a cluster, so nothing is completed", async () => {
    const { response } = await judgeWith(settings).mutate(body({ object: pod }));
    expect(responseOf(response)).toEqual({ uid: "705ab4f5", allowed: true });
  });
});

test("a body that is no review is none, and one without a readable operation is denied", async () => {
  const judge = judgeWith({ policyTypes: true });
  expect(() => judge.mutate(Buffer.from("{}"))).toThrow(MalformedReview);
  const { decision } = await judge.mutate(
    body({ object: { apiVersion: "v1", kind: "Pod", metadata: {} }, request: { operation: "PATCH" } }),
  );
  expect(decision.result).toBe("error");
});
