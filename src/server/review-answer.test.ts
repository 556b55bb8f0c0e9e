import { expect, test } from "@jest/globals";
import { findUid, unjudgedAnswer } from "./review-answer.ts";

const UID = "705ab4f5-6393-11e8-b7cc-42010a800002";
const START = '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{';

test.each<[head: string, uid: string | undefined, why: string]>([
  [`${START}"uid":"${UID}","kind":{"group":"`, UID, "as the API server writes it"],
  [
    `{ "apiVersion": "admission.k8s.io/v1",\n "kind": "AdmissionReview",\n "request": { "uid": "${UID}"`,
    UID,
    "as people write it",
  ],
  [`{"request":{"uid":"${UID}"`, UID, "without kind and version"],
  [`\n${START}"uid":"${UID}"`, UID, "after white space"],
  [`${START}"uid":"${UID}`, undefined, "cut off inside the uid"],
  [`${START}"uid":""`, undefined, "empty"],
  [`${START}"uid":"a\\u0022b"`, undefined, "an escape, which no uid has"],
  [`${START}"uid":"a\nb"`, undefined, "a line break"],
  [`${START}"uid":"${"x".repeat(129)}"`, undefined, "longer than any uid"],
  [`${START}"object":{"request":{"uid":"${UID}"}}`, undefined, "from inside the object"],
  [`${START}"name":"x","uid":"${UID}"`, undefined, "not the first field: nothing of the object is walked over"],
  [`{"object":{},"request":{"uid":"${UID}"`, undefined, "after something else"],
  [`{"kind":"x\\","request":{"uid":"${UID}"`, undefined, "an escape in the kind"],
  [`[{"request":{"uid":"${UID}"`, undefined, "no object"],
  ["", undefined, "empty"],
  ["\u0000\u00ff", undefined, "no text"],
  [`${" ".repeat(1000)}${START}"uid":"${UID}"`, undefined, "beyond the head"],
])("the uid of %j is %s (%s)", (head, uid) => {
  expect(findUid(new TextEncoder().encode(head))).toBe(uid);
});

test("looking for a uid in the worst of heads takes no time", () => {
  const head = new TextEncoder().encode(`{${'"kind":"a",'.repeat(80)}`);
  const start = performance.now();
  for (let round = 0; round < 100; round += 1) findUid(head);
  expect(performance.now() - start).toBeLessThan(500);
});

test("a denial without a verdict is an answer that the API server accepts", () => {
  expect(JSON.parse(unjudgedAnswer(UID, "timeout"))).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid: UID,
      allowed: false,
      status: {
        code: 403,
        reason: "Forbidden",
        message:
          "ringfence denied the request: ringfence couldn't judge the object in time; " +
          "try again, and make the object smaller if it happens again",
      },
    },
  });
});
