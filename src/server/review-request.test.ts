import { describe, expect, test } from "@jest/globals";
import { refusalOf, reviewRoute, reviewTime } from "./review-request.ts";

test.each<[target: string, path: string | undefined, query: string]>([
  ["/validate", "/validate", ""],
  ["/mutate", "/mutate", ""],
  ["/validate?timeout=10s", "/validate", "timeout=10s"],
  ["/validate/strict?timeout=10s", "/validate", "timeout=10s"],
  ["/validate/", "/validate", ""],
  ["/mutate/a/b?c", "/mutate", "c"],
  ["/validate?", "/validate", ""],
  ["/validate?a?b", "/validate", "a?b"],
  ["/validated", undefined, ""],
  ["/Validate", undefined, ""],
  ["/", undefined, ""],
  ["", undefined, ""],
  ["//validate", undefined, ""],
  ["/%76alidate", undefined, ""],
  ["https://ringfence/validate", undefined, ""],
  ["/readyz?/validate", undefined, ""],
])("the target %j is a review for %s", (target, path, query) => {
  expect(reviewRoute(target)).toEqual(path === undefined ? undefined : { path, query });
});

test.each<[query: string, milliseconds: number, why: string]>([
  ["", 2_000, "no time given"],
  ["timeout=10s", 9_500, "half a second is for the answer"],
  ["timeout=30s", 29_500, "the longest that Kubernetes allows"],
  ["timeout=1m0s", 29_500, "longer than Kubernetes allows"],
  ["timeout=2.5s", 2_000, "a fraction"],
  ["timeout=1s", 500, "the shortest that Kubernetes allows"],
  ["timeout=600ms", 300, "half of a very short time"],
  ["a=b&timeout=3s&c", 2_500, "beside other parameters"],
  ["timeout=0s", 2_000, "zero is no time"],
  ["timeout=-1s", 2_000, "negative"],
  ["timeout=10", 2_000, "without a unit"],
  ["timeout=10h", 2_000, "an unknown unit"],
  ["timeout=1e9s", 2_000, "not how Go writes it"],
  ["timeout=", 2_000, "empty"],
  ["xtimeout=10s", 2_000, "another parameter"],
  ["timeout=99999999999999999999s", 2_000, "absurd"],
])("%j grants %d ms (%s)", (query, milliseconds) => {
  expect(reviewTime(query, { reviewMs: 2_000, longestReviewMs: 29_500 })).toBe(milliseconds);
});

describe("headers", () => {
  const limits = { discardBytes: 100 };

  test.each<[type: string | undefined, accepted: boolean]>([
    ["application/json", true],
    ["application/json; charset=utf-8", true],
    ["application/json;charset=UTF-8", true],
    ['application/json; charset="utf-8"', true],
    ["Application/JSON", true],
    [undefined, false],
    ["", false],
    ["text/plain", false],
    ["text/json", false],
    ["application/yaml", false],
    ["application/vnd.kubernetes.protobuf", false],
    ["application/admission+json", false],
    ["application/json; charset=utf-16", false],
    ["application/json; charset=latin1", false],
    ["application/json; profile=x", false],
    ["application/json; charset=utf-8; charset=utf-16", false],
    ["application/json, text/plain", false],
    ["application/jsonx", false],
  ])("content type %j is accepted: %s", (type, accepted) => {
    const headers = type === undefined ? {} : { "content-type": type };
    expect(refusalOf("POST", headers, limits)?.status).toBe(accepted ? undefined : 415);
  });

  test.each<[encoding: string]>([["gzip"], ["deflate"], ["br"], ["zstd"], ["identity"], [""]])(
    "content encoding %j is refused",
    (encoding) => {
      const headers = { "content-type": "application/json", "content-encoding": encoding };
      expect(refusalOf("POST", headers, limits)).toMatchObject({ status: 415, reason: "content-encoding" });
    },
  );

  test.each<[method: string | undefined, status: number | undefined]>([
    ["POST", undefined],
    ["GET", 405],
    ["HEAD", 405],
    ["PUT", 405],
    ["OPTIONS", 405],
    ["post", 405],
    [undefined, 405],
  ])("method %s: %s", (method, status) => {
    expect(refusalOf(method, { "content-type": "application/json" }, limits)?.status).toBe(status);
  });

  test.each<[length: string, status: number | undefined]>([
    ["100", undefined],
    ["101", 413],
  ])("an announced length of %s: %s", (length, status) => {
    const headers = { "content-type": "application/json", "content-length": length };
    expect(refusalOf("POST", headers, limits)?.status).toBe(status);
  });
});
