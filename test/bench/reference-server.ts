/**
 * @module The usual design, with the same readers, facts and bundle: Express, express.json() and OPA's own SDK.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { loadPolicy } from "@open-policy-agent/opa-wasm";
import express from "express";
import { readerFor } from "../../src/apis/registry.ts";
import { readBundle } from "../../src/engine/bundle.ts";
import { buildFacts } from "../../src/engine/facts-builder.ts";
import { defaultSettings } from "../../src/engine/settings.ts";
import { SHIPPED_BUNDLE } from "../../src/engine/shipped-files.ts";
import { ApprovalVerifier } from "../../src/exceptions/approval-verifier.ts";
import { DEFAULT_WIDTH_CONTEXT } from "../../src/model/peer-set.ts";

const EXCEPTIONS = {
  approvals: new ApprovalVerifier({ audience: null, keys: null, revoked: { ids: [], keys: [], issuedBefore: null } }),
  controllers: [],
  ledger: null,
};

const [certificate = "", key = ""] = process.argv.slice(2);
const bundle = readBundle(SHIPPED_BUNDLE);
const policy = await loadPolicy(readFileSync(join(SHIPPED_BUNDLE, "policy.wasm")));
policy.setData({ ringfence: { settings: defaultSettings(bundle.manifest) } });

const app = express();
app.use(express.json({ limit: "16mb" }));
app.post("/validate", (incoming, outgoing) => {
  const { request } = incoming.body as {
    request: Record<string, never> & { uid: string; kind: { group: string; version: string; kind: string } };
  };
  const reader = readerFor(request.kind.group, request.kind.kind);
  if (reader === undefined) throw new Error("no reader");
  const facts = buildFacts(
    {
      uid: request.uid,
      place: "admission",
      operation: "CREATE",
      ...request.kind,
      namespace: request["namespace"] ?? "",
      name: request["name"] ?? "",
      subresource: "",
      user: { name: "", groups: [] },
      object: request["object"] ?? {},
      oldObject: null,
      namespaceLabels: null,
    },
    reader.read(request["object"] ?? {}),
    undefined,
    { digest: bundle.digest, withSource: false, widths: DEFAULT_WIDTH_CONTEXT, exceptions: EXCEPTIONS },
  );
  // The usual webhook hands the whole review to its policy; the facts beside it let the same guardrails judge.
  const [answer] = policy.evaluate(
    { ...(incoming.body as object), ...facts },
    `ringfence/main/${facts.object.family}`,
  ) as {
    result: { findings: unknown[] };
  }[];
  outgoing.json({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: request.uid, allowed: answer?.result.findings.length === 0 },
  });
});
const server = createServer(
  { cert: readFileSync(certificate), key: readFileSync(key), minVersion: "TLSv1.3", keepAliveTimeout: 120_000 },
  app,
);
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`listening on https://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
);
