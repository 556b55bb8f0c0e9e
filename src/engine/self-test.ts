/**
 * @module Proof that an engine decides: one object that every bundle must deny, one that it must allow.
 *
 * The proof runs with the bundle's own default settings, so that an organisation's settings can't make it fail; the
 * question is whether the module works, not what the organisation wants.
 */
import type { JsonObject } from "../intake/json-value.ts";
import type { Bundle } from "./bundle.ts";
import { Engine, EngineFault } from "./engine.ts";
import type { JudgeRequest } from "./judge-request.ts";
import { defaultSettings } from "./settings.ts";

const USER = { name: "ringfence:self-test", groups: [] };

const POLICY: Omit<JudgeRequest, "uid" | "object"> = {
  place: "admission",
  operation: "CREATE",
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  namespace: "ringfence-self-test",
  name: "self-test",
  subresource: "",
  user: USER,
  oldObject: null,
  namespaceLabels: null,
};

function policy(rule: JsonObject): JsonObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "self-test", namespace: "ringfence-self-test", labels: { owner: "ringfence" } },
    spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [rule] },
  };
}

const ANY_ANY = policy({});
const NARROW = policy({
  from: [{ podSelector: { matchLabels: { app: "client" } } }],
  ports: [{ protocol: "TCP", port: 443 }],
});

/**
 * Judges the two objects.
 * @throws EngineFault where the bundle doesn't decide as it must
 */
export function selfTest(engine: Engine, bundle: Bundle): void {
  const proof = new Engine(bundle, defaultSettings(bundle.manifest));
  const widest = proof.judge({ ...POLICY, uid: "self-test-any-any", object: ANY_ANY });
  if (widest.allowed || !widest.findings.some(({ guardrail }) => guardrail === "any-any")) {
    throw new EngineFault("the bundle allows anyone on every port: it is not a bundle to protect a cluster with");
  }
  const narrow = proof.judge({ ...POLICY, uid: "self-test-narrow", object: NARROW });
  if (!narrow.allowed)
    throw new EngineFault(`the bundle denies a narrow NetworkPolicy: ${narrow.findings[0]?.message ?? ""}`);
  // With the organisation's settings nothing is expected, but an answer there must be.
  engine.judge({ ...POLICY, uid: "self-test-settings", object: NARROW });
}

// About 50 ms: after more rounds a review is hardly faster, and the start of a replica would take longer.
const WARM_UP_ROUNDS = 150;

/** Runs synthetic objects of each family, so that the first reviews don't pay for compilation. */
export function warmUp(engine: Engine): void {
  const pod: JudgeRequest = {
    ...POLICY,
    uid: "warm-up",
    group: "",
    kind: "Pod",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "warm-up", labels: { owner: "ringfence", "security-domain": "none" } },
      spec: { containers: [{ name: "main", image: "main", ports: [{ containerPort: 8080 }] }] },
    },
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    engine.judge(pod);
    engine.judge({ ...POLICY, uid: "warm-up", object: round % 4 === 0 ? ANY_ANY : NARROW });
  }
}
